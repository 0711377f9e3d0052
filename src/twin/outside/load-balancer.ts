import type { Server, Socket } from 'node:net'
import type { Netns } from '../../host/netns/mod.ts'
import type { SocketDriver } from '../../host/socket/mod.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Ip } from '../../lib/ip.ts'
import type { Logger } from '../../lib/log.ts'
import { dial } from './dial.ts'
import { splice } from './splice.ts'

export interface BalancerDeps {
  readonly sockets: SocketDriver
  readonly clock: Clock
  readonly log: Logger
}

export interface Forwarding {
  /** The port of nodes. */
  readonly port: number
  readonly nodes: () => readonly Ip[]
  /** Routers are told whose connection it is, by the PROXY protocol. */
  readonly tellsClient?: boolean
}

export interface LoadBalancer {
  readonly server: Server
  /** Ends every connection. */
  drop(): void
}

/** The kernel of a node answers at once, however busy its router is: one that does not answer within this is passed over. */
const CONNECT_MS = 200
/** When none did, the machine itself may be late: all are asked once more, with patience. */
const LAST_MS = 1000
/** How long a node that failed is left alone before it is tried again. */
const SHUNNED_MS = 500

/**
 * Forwards connections to one port of the nodes in turn, and nothing else. A node that refuses or does not answer is asked last, and
 * tried beside the requests until it answers: none of them waits for it. It learns who runs a router by connecting: it needs no API.
 */
export function loadBalancer(deps: BalancerDeps, from: Netns, forwarding: Forwarding): LoadBalancer {
  const { port, nodes, tellsClient = false } = forwarding
  const choice = chooser(deps, from, port)
  const open = new Set<Socket>()
  const server = deps.sockets.server(async socket => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    socket.pause()
    socket.on('error', () => {})
    const order = choice.order(nodes())
    const attempts = [CONNECT_MS, LAST_MS].flatMap(limitMs => order.map(node => ({ node, limitMs })))
    for (const { node, limitMs } of attempts) {
      const onward = await choice.attempt(node, limitMs)
      if (socket.destroyed) return void onward?.destroy()
      if (onward) {
        if (tellsClient) onward.write(proxyHeader(socket))
        return splice(socket, onward)
      }
    }
    deps.log.warn({ port }, 'no node answers')
    socket.destroy()
  })
  return {
    server,
    drop: () => {
      for (const socket of open) socket.destroy()
    },
  }
}

interface Chooser {
  order(nodes: readonly Ip[]): readonly Ip[]
  attempt(node: Ip, limitMs: number): Promise<Socket | undefined>
}

function chooser(deps: BalancerDeps, netns: Netns, port: number): Chooser {
  const shunnedUntilMs = new Map<Ip, number>()
  let turn = 0
  const attempt = async (address: Ip, limitMs: number): Promise<Socket | undefined> => {
    const onward = await dial(deps, { netns, address, port }, limitMs)
    if (onward) shunnedUntilMs.delete(address)
    else shunnedUntilMs.set(address, deps.clock.monotonic() + SHUNNED_MS)
    return onward
  }
  const probe = async (node: Ip): Promise<void> => {
    shunnedUntilMs.set(node, deps.clock.monotonic() + SHUNNED_MS)
    const socket = await attempt(node, CONNECT_MS)
    socket?.destroy()
  }
  return {
    attempt,
    order: all => {
      const nowMs = deps.clock.monotonic()
      const rotated = all.map((_, index) => all[(index + turn) % all.length]!)
      turn++
      const [well, shunned] = [
        rotated.filter(node => !shunnedUntilMs.has(node)),
        rotated.filter(node => shunnedUntilMs.has(node)),
      ]
      if (well.length > 0) for (const node of shunned) if (shunnedUntilMs.get(node)! <= nowMs) void probe(node)
      return [...well, ...shunned]
    },
  }
}

/** Version 1. Source: the PROXY protocol's specification. */
export function proxyHeader({
  remoteAddress = '',
  remotePort = 0,
  localAddress = '',
  localPort = 0,
}: ProxiedEnds): string {
  const [source, target] = [plain(remoteAddress), plain(localAddress)]
  const family = source.includes(':') ? 'TCP6' : 'TCP4'
  return `PROXY ${family} ${source} ${target} ${remotePort} ${localPort}\r\n`
}

type ProxiedEnds = Partial<Pick<Socket, 'remoteAddress' | 'remotePort' | 'localAddress' | 'localPort'>>

/** A socket for both families tells IPv4 addresses in their IPv6 form. */
const plain = (address: string): string => address.replace(/^::ffff:/, '')
