import type { Socket } from 'node:dgram'
import type { Netns } from '../../host/netns/mod.ts'
import type { SocketDriver } from '../../host/socket/mod.ts'
import { codeOf } from '../../lib/errors.ts'
import type { Answering } from './tcp.ts'

/** Queries that wait for an upstream; beyond, new ones are dropped and their clients ask again. */
const MAX_PENDING = 2000

/** Serves DNS over UDP on every address; resolves with the way to stop. Rejects with EADDRINUSE, EACCES. */
export async function listenUdp(
  sockets: SocketDriver,
  at: { readonly netns: Netns; readonly port: number },
  answer: Answering,
): Promise<() => void> {
  const open: Socket[] = []
  const close = (): void => {
    for (const socket of open) socket.close()
  }
  for (const family of [4, 6] as const) {
    try {
      const socket = await sockets.udp({ ...at, family })
      serve(socket, answer)
      open.push(socket)
    } catch (error) {
      // A network without IPv6 is a network all the same.
      if (family === 6 && codeOf(error) !== 'EADDRINUSE') continue
      close()
      throw error
    }
  }
  return close
}

function serve(socket: Socket, answer: Answering): void {
  let pending = 0
  let isOpen = true
  socket.on('close', () => {
    isOpen = false
  })
  socket.on('error', () => {})
  socket.on('message', (packet, from) => {
    if (pending >= MAX_PENDING) return
    // A reply that cannot be sent is as good as lost: the client asks again.
    const send = (reply: Buffer | undefined): void => {
      if (reply && isOpen) socket.send(reply, from.port, from.address, () => {})
    }
    const reply = answer(packet, `${from.address}:${from.port}`)
    if (!(reply instanceof Promise)) return send(reply)
    pending++
    void reply.then(send).finally(() => pending--)
  })
}
