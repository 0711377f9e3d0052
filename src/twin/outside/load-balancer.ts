import type { Server, Socket } from 'node:net'
import type { Netns } from '../../host/netns/mod.ts'
import type { SocketDriver } from '../../host/socket/mod.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Ip } from '../../lib/ip.ts'
import type { Logger } from '../../lib/log.ts'
import { splice } from './splice.ts'

export interface BalancerDeps {
  readonly sockets: SocketDriver
  readonly clock: Clock
  readonly log: Logger
}

/** A node that does not answer within this is passed over; one without a router refuses at once. */
const CONNECT_MS = 300
/** How long a node that failed is asked last. */
const SHUNNED_MS = 2000

/**
 * The load balancer in front of the routers: forwards one port of the VIP, and nothing else, to the nodes in turn. A node that refuses
 * or does not answer is asked last for a while. `tellsClient`: routers are told whose connection it is, by the PROXY protocol. It learns who runs a router by connecting: it needs no API.
 */
export function loadBalancer(
  deps: BalancerDeps,
  from: Netns,
  port: number,
  nodes: () => readonly Ip[],
  tellsClient = false,
): Server {
  const shunnedUntilMs = new Map<Ip, number>()
  let turn = 0
  const order = (): readonly Ip[] => {
    const nowMs = deps.clock.monotonic()
    const all = nodes()
    const rotated = all.map((_, index) => all[(index + turn) % all.length]!)
    turn++
    const shunned = (node: Ip): boolean => (shunnedUntilMs.get(node) ?? 0) > nowMs
    return [...rotated.filter(node => !shunned(node)), ...rotated.filter(shunned)]
  }
  const attempt = async (node: Ip): Promise<Socket | undefined> => {
    const onward = await connected(deps, { netns: from, address: node, port, allowHalfOpen: true })
    if (onward) shunnedUntilMs.delete(node)
    else shunnedUntilMs.set(node, deps.clock.monotonic() + SHUNNED_MS)
    return onward
  }
  return deps.sockets.server(async socket => {
    socket.pause()
    socket.on('error', () => {})
    for (const node of order()) {
      const onward = await attempt(node)
      if (socket.destroyed) return void onward?.destroy()
      if (onward) {
        if (tellsClient) onward.write(proxyHeader(socket))
        return splice(socket, onward)
      }
    }
    deps.log.warn({ port }, 'no node answers')
    socket.destroy()
  })
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

/** The connection, or undefined when it is refused or takes too long. */
function connected(deps: BalancerDeps, target: Parameters<SocketDriver['connect']>[0]): Promise<Socket | undefined> {
  return new Promise(resolve => {
    const socket = deps.sockets.connect(target)
    const cancel = deps.clock.after(CONNECT_MS, () => fail())
    const fail = (): void => {
      cancel()
      socket.destroy()
      resolve(undefined)
    }
    socket.once('error', fail)
    socket.once('connect', () => {
      cancel()
      socket.off('error', fail)
      socket.pause()
      resolve(socket)
    })
  })
}
