import type { Socket } from 'node:net'
import type { Netns } from '../../host/netns/mod.ts'
import type { SocketDriver } from '../../host/socket/mod.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Ip } from '../../lib/ip.ts'
import { createFrames, framed } from '../forward/upstream.ts'
import type { Client } from './client.ts'

/** Connections at once; the next is closed at once. */
const MAX_CONNECTIONS = 500
/** Queries of one connection that wait for their answer; more are read when some have been answered. */
const MAX_PENDING = 32
const IDLE_MS = 10_000

export type Answering = (packet: Buffer, client: Client) => Buffer | undefined | Promise<Buffer | undefined>

export interface TcpDeps {
  readonly sockets: SocketDriver
  readonly clock: Clock
}

/** Serves DNS over TCP; resolves with the way to stop when it listens. Rejects with EADDRINUSE, EACCES. */
export async function listenTcp(
  { sockets, clock }: TcpDeps,
  at: { readonly netns: Netns; readonly port: number },
  answer: Answering,
): Promise<() => void> {
  const open = new Set<Socket>()
  const server = sockets.server(socket => {
    if (open.size >= MAX_CONNECTIONS) return void socket.destroy()
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    serve(socket, clock, answer)
  })
  await sockets.listen(server, at)
  return () => {
    server.close()
    for (const socket of open) socket.destroy()
  }
}

function serve(socket: Socket, clock: Clock, answer: Answering): void {
  const address = (socket.remoteAddress ?? '').replace(/^::ffff:/, '') as Ip
  const client: Client = { address, port: socket.remotePort ?? 0 }
  let pending = 0
  let isEnded = false
  let cancel = (): void => {}
  const rest = (): void => {
    cancel()
    cancel = clock.after(IDLE_MS, () => socket.destroy())
  }
  const done = (): void => {
    pending--
    if (pending < MAX_PENDING) socket.resume()
    if (isEnded && pending === 0) socket.end()
  }
  const reader = createFrames(packet => {
    if (++pending >= MAX_PENDING) socket.pause()
    void Promise.resolve(answer(packet, client))
      .then(reply => reply && socket.write(framed(reply)))
      .finally(done)
  })
  rest()
  socket.on('data', chunk => {
    rest()
    reader(chunk)
  })
  socket.on('end', () => {
    isEnded = true
    if (pending === 0) socket.end()
  })
  socket.on('error', () => socket.destroy())
  socket.on('close', () => cancel())
}
