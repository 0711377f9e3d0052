import type { Server, Socket } from 'node:net'
import type { Netns } from '../../../host/netns/mod.ts'
import type { SocketDriver } from '../../../host/socket/mod.ts'
import { codeOf } from '../../../lib/errors.ts'
import type { Ip } from '../../../lib/ip.ts'
import type { Hub } from './hub.ts'
import { startsLikePreface } from './hub.ts'
import type { Datagram, HttpHandler, HttpOptions, PodSockets, TlsOptions } from './mod.ts'

/** The sockets of one container, as its owner holds them. */
export interface OwnedSockets extends PodSockets {
  /** No new connections; resolves when the requests in flight have been answered. Idle connections are closed. */
  drain(): Promise<void>
  /** Everything closes now. */
  close(): void
}

/** What a container has open. */
interface Holdings {
  /** Refuses, by closing it, what comes after the end. */
  add(server: { close(): void }): void
  track(socket: Socket): void
  counted(socket: Socket, handler: HttpHandler): HttpHandler
  drain(): Promise<void>
  close(): void
}

function holdings(): Holdings {
  const servers = new Set<{ close(): void }>()
  /** Connections with the number of requests that each is answering. */
  const connections = new Map<Socket, number>()
  let closed = false
  let idle = (): void => {}
  const stopListening = (): void => {
    for (const server of servers) server.close()
    servers.clear()
  }
  const answered = (socket: Socket): void => {
    const busy = connections.get(socket)
    if (busy === undefined) return
    connections.set(socket, busy - 1)
    if (busy === 1) idle()
  }
  return {
    add: server => {
      if (closed) server.close()
      else servers.add(server)
    },
    track: socket => {
      connections.set(socket, 0)
      socket.once('close', () => {
        connections.delete(socket)
        idle()
      })
      socket.on('error', () => socket.destroy())
    },
    counted: (socket, handler) => {
      const counting: HttpHandler = (request, response) => {
        connections.set(socket, (connections.get(socket) ?? 0) + 1)
        response.once('close', () => answered(socket))
        handler(request, response)
      }
      return handler.upgrade ? Object.assign(counting, { upgrade: handler.upgrade }) : counting
    },
    drain: () => {
      stopListening()
      return new Promise(resolve => {
        idle = () => {
          if (connections.size === 0) resolve()
          else for (const [socket, busy] of connections) if (busy === 0) socket.destroySoon()
        }
        idle()
      })
    },
    close: () => {
      closed = true
      stopListening()
      for (const socket of connections.keys()) socket.destroy()
    },
  }
}

/** As the kernel refuses: these servers run in a process that may listen anywhere. */
function assertAllowed(port: number, lowestPort: number): void {
  if (port >= lowestPort) return
  const message = `bind: permission denied (EACCES): this container may not listen on ports below ${lowestPort}`
  throw Object.assign(new Error(message), { code: 'EACCES' })
}

export function podSockets(driver: SocketDriver, netns: Netns, hub: Hub, lowestPort = 0): OwnedSockets {
  const held = holdings()
  const tcp: PodSockets['tcp'] = async (port, onConnection, address) => {
    assertAllowed(port, lowestPort)
    const server: Server = driver.server(socket => {
      held.track(socket)
      onConnection(socket)
    })
    await driver.listen(server, { netns, port, ...(address === undefined ? {} : { address }) })
    held.add({ close: () => void server.close() })
  }
  const secureHttp = (socket: Socket, handler: HttpHandler, tls: TlsOptions): void =>
    hub.secure(socket, tls, ['h2', 'http/1.1'], secured => {
      const counting = held.counted(socket, handler)
      if (secured.alpnProtocol === 'h2') hub.h2(secured, counting)
      else hub.http(secured, counting)
    })
  const plainHttp = (socket: Socket, handler: HttpHandler, options: HttpOptions): void => {
    const counting = held.counted(socket, handler)
    if (options.h2cOnly !== undefined) hub.httpOrH2(socket, refuseHttp1(counting, options.h2cOnly))
    else if (options.h2c) hub.httpOrH2(socket, counting)
    else hub.http(socket, counting)
  }
  return {
    tcp,
    http: (port, handler, options = {}) => tcp(port, socket => plainHttp(socket, handler, options), options.address),
    https: (port, handler, tls) => tcp(port, socket => secureHttp(socket, handler, tls)),
    tls: (port, tls, onConnection) => tcp(port, socket => hub.secure(socket, tls, [], onConnection)),
    any: (port, handler, tls, other) =>
      tcp(port, socket =>
        hub.sniff(socket, seen => {
          const protocol = protocolOf(seen)
          if (protocol === 'http') return rest => hub.http(rest, held.counted(rest, handler))
          if (protocol === 'h2') return rest => hub.h2(rest, held.counted(rest, handler))
          if (protocol === 'tls') return rest => secureHttp(rest, handler, tls)
          return protocol === 'other' ? other : undefined
        }),
      ),
    udp: async (port, onMessage) => {
      assertAllowed(port, lowestPort)
      held.add(await udpServer(driver, netns, port, onMessage))
    },
    connect: (address: Ip, port) => {
      const socket = driver.connect({ netns, address, port })
      held.track(socket)
      return socket
    },
    drain: held.drain,
    close: held.close,
  }
}

const REQUEST_LINE = /^[A-Z]{3,10} [^ \r\n]/
const MAYBE_REQUEST_LINE = /^[A-Z]{0,10} ?$/

/** Undefined while the first bytes may still be one or the other. */
export function protocolOf(seen: Buffer): 'http' | 'h2' | 'tls' | 'other' | undefined {
  if (seen[0] === 0x16) return seen.length < 2 ? undefined : seen[1] === 3 ? 'tls' : 'other'
  const preface = startsLikePreface(seen)
  if (preface !== false) return preface ? 'h2' : undefined
  const text = seen.toString('latin1', 0, 12)
  if (REQUEST_LINE.test(text)) return 'http'
  return MAYBE_REQUEST_LINE.test(text) ? undefined : 'other'
}

const refuseHttp1 =
  (handler: HttpHandler, text: string): HttpHandler =>
  (request, response) => {
    if (request.httpVersionMajor === 2) return handler(request, response)
    response.writeHead(400, { 'content-type': 'text/plain; charset=utf-8' })
    response.end(`${text}\n`)
  }

/** One socket for each family the pod has; IPv6 alone is no fault. */
async function udpServer(
  driver: SocketDriver,
  netns: Netns,
  port: number,
  onMessage: (message: Datagram) => void,
): Promise<{ close(): void }> {
  const open = async (family: 4 | 6) => {
    const socket = await driver.udp({ netns, port, family })
    socket.on('error', () => {})
    socket.on('message', (data, from) => {
      const reply = (answer: Uint8Array | string): void => socket.send(answer, from.port, from.address, () => {})
      onMessage({ data, address: from.address, port: from.port, reply })
    })
    return socket
  }
  const four = await open(4)
  let six: Awaited<ReturnType<typeof open>> | undefined
  try {
    six = await open(6)
  } catch (error) {
    if (codeOf(error) === 'EADDRINUSE') {
      four.close()
      throw error
    }
  }
  return {
    close: () => {
      four.close()
      six?.close()
    },
  }
}
