import type { Socket } from 'node:net'
import { encode } from '../../wire/dns/encode.ts'
import type { Message } from '../../wire/dns/message.ts'
import type { Upstream, UpstreamDeps } from './upstream.ts'
import { answerTo, createFrames, framed } from './upstream.ts'

/** Connections to one server that wait for their next question. */
const MAX_IDLE = 8
/** CoreDNS' `expire`. */
const IDLE_MS = 10_000

/** TCP and TLS connections to upstreams, kept for the questions that follow. */
export interface Connections {
  /** Rejects when no answer comes in time, or another one than to this question. */
  exchange(upstream: Upstream, query: Message, timeoutMs: number): Promise<Message>
  close(): void
}

interface Connection {
  readonly socket: Socket
  /** Has answered before, so its end may just be that nobody asked for long. */
  isUsed: boolean
  take: (message: Buffer) => void
  lost: (error: Error) => void
  cancel: () => void
}

/** The other side hung up before it said anything. */
class HungUp extends Error {}

export function createConnections(deps: UpstreamDeps): Connections {
  const idle = new Map<Upstream, Connection[]>()
  let isClosed = false
  const rest = (upstream: Upstream, connection: Connection): void => {
    const waiting = idle.get(upstream) ?? []
    idle.set(upstream, waiting)
    if (isClosed || waiting.length >= MAX_IDLE || connection.socket.destroyed) return void connection.socket.destroy()
    const leave = (): void => {
      const at = waiting.indexOf(connection)
      if (at >= 0) waiting.splice(at, 1)
      connection.cancel()
      connection.socket.destroy()
    }
    // Whatever it says while nobody asks is no answer.
    connection.take = leave
    connection.lost = leave
    connection.cancel = deps.clock.after(IDLE_MS, leave)
    waiting.push(connection)
  }
  const take = (upstream: Upstream): Connection | undefined => {
    const connection = idle.get(upstream)?.pop()
    connection?.cancel()
    return connection
  }
  const once = async (
    upstream: Upstream,
    connection: Connection,
    query: Message,
    timeoutMs: number,
  ): Promise<Message> => {
    const { address, port } = upstream
    try {
      const answer = await new Promise<Message>((resolve, reject) => {
        connection.cancel = deps.clock.after(timeoutMs, () =>
          reject(new Error(`${address}:${port} does not answer over TCP`)),
        )
        connection.lost = reject
        connection.take = bytes => {
          const found = answerTo(query, bytes)
          if (found) resolve(found)
          else reject(new Error(`${address}:${port} answers something else over TCP`))
        }
        connection.socket.write(framed(encode(query)))
      })
      connection.cancel()
      connection.isUsed = true
      rest(upstream, connection)
      return answer
    } catch (error) {
      connection.cancel()
      connection.lost = () => {}
      connection.socket.destroy()
      throw error
    }
  }
  return {
    async exchange(upstream, query, timeoutMs) {
      const known = take(upstream)
      if (known)
        try {
          return await once(upstream, known, query, timeoutMs)
        } catch (error) {
          if (!(error instanceof HungUp)) throw error
        }
      return once(upstream, await connected(deps, upstream), query, timeoutMs)
    },
    close() {
      isClosed = true
      for (const connection of [...idle.values()].flat()) connection.lost(new HungUp())
    },
  }
}

async function connected({ sockets, netns }: UpstreamDeps, { address, port, tls }: Upstream): Promise<Connection> {
  const plain = sockets.connect({ netns, address, port })
  const socket = tls ? await secured(plain, tls) : plain
  const connection: Connection = { socket, isUsed: false, take: () => {}, lost: () => {}, cancel: () => {} }
  socket.on('error', error => connection.lost(connection.isUsed ? new HungUp(error.message) : error))
  socket.on(
    'data',
    createFrames(message => connection.take(message)),
  )
  socket.on('end', () => socket.destroy())
  socket.on('close', () => {
    plain.destroy()
    const text = `${address}:${port} hung up`
    connection.lost(connection.isUsed ? new HungUp(text) : new Error(text))
  })
  return connection
}

/** A certificate that does not name the server, or is of another authority, is an error of the socket. Loaded when first needed. */
async function secured(socket: Socket, { serverName, authority }: NonNullable<Upstream['tls']>): Promise<Socket> {
  const { connect } = await import('node:tls')
  return connect({
    socket,
    ...(serverName === undefined ? { checkServerIdentity: () => undefined } : { servername: serverName }),
    ...(authority === undefined ? {} : { ca: authority }),
  })
}
