import type { LinkOp } from '../../host/link/mod.ts'
import type { Netns } from '../../host/netns/mod.ts'
import type { Cidr } from '../../lib/cidr.ts'
import type { Ip } from '../../lib/ip.ts'
import type { NodePlan, OutsideHost, WorldPlan } from '../plan.ts'
import { macOf } from '../plan.ts'

/** The bridge that nodes and outside hosts hang on, in the world's own namespace. */
export const UNDERLAY = 'underlay0'
/** What every node and outside host calls its link to it. */
export const UPLINK = 'eth0'
/** The other end of that link. */
export const linkOf = (host: string): string => `v-${host}`

/** A node or an outside host as the underlay sees it. */
export interface Host {
  readonly name: string
  readonly address: Ip
  readonly network: Cidr
  readonly gateway: Ip
  /** The machine network has a bridge; the internet is a link of its own. */
  readonly bridged: boolean
}

export const nodeHost = (plan: WorldPlan, node: NodePlan): Host => ({
  name: node.name,
  address: node.address,
  network: plan.config.machineNetwork,
  gateway: plan.gateway,
  bridged: true,
})

const outsideHost = (host: OutsideHost): Host => ({ ...host, bridged: host.name !== 'internet' })

export const hostsOf = (plan: WorldPlan): readonly Host[] => [
  ...plan.nodes.map(node => nodeHost(plan, node)),
  ...plan.outside.map(outsideHost),
]

/** The world's own namespace: the switch and the router between the machine network and the internet. */
export const worldLinks = (plan: WorldPlan): readonly LinkOp[] => [
  { op: 'up', name: 'lo' },
  { op: 'bridge', name: UNDERLAY, mac: macOf(plan.gateway) },
  { op: 'up', name: UNDERLAY },
  { op: 'address', name: UNDERLAY, address: plan.gateway, bits: plan.config.machineNetwork.bits },
]

/** In the world's namespace, for one host. */
export function hostLink(host: Host, netns: Netns): readonly LinkOp[] {
  const name = linkOf(host.name)
  return [
    { op: 'veth', name, peer: { name: UPLINK, netns, mac: macOf(host.address) } },
    ...(host.bridged
      ? ([{ op: 'master', name, master: UNDERLAY }] as const)
      : ([{ op: 'address', name, address: host.gateway, bits: host.network.bits }] as const)),
    { op: 'up', name },
  ]
}

/** In the host's namespace. */
export const hostSide = (host: Host): readonly LinkOp[] => [
  { op: 'up', name: 'lo' },
  { op: 'up', name: UPLINK },
  { op: 'address', name: UPLINK, address: host.address, bits: host.network.bits },
  { op: 'route', via: host.gateway },
]

/**
 * Who must know whom: permanent entries, since the kernel's one table for all others ends at 1,024. Only addresses that change hosts
 * are asked for.
 */
export function neighboursOf(host: Host, hosts: readonly Host[]): readonly LinkOp[] {
  const others = hosts.filter(other => other.bridged && other.name !== host.name)
  const gateway: LinkOp = { op: 'neighbour', dev: UPLINK, address: host.gateway, mac: macOf(host.gateway) }
  return host.bridged ? [gateway, ...neighbours(UPLINK, others)] : []
}

export const worldNeighbours = (hosts: readonly Host[]): readonly LinkOp[] =>
  neighbours(
    UNDERLAY,
    hosts.filter(host => host.bridged),
  )

const neighbours = (dev: string, hosts: readonly Host[]): LinkOp[] =>
  hosts.map(({ address }): LinkOp => ({ op: 'neighbour', dev, address, mac: macOf(address) }))

/** Names under /proc/sys. Replies may leave by another way than requests came in: by tunnel and by underlay. */
export const NODE_SYSCTLS: Readonly<Record<string, string>> = {
  'net/ipv4/ip_forward': '1',
  'net/ipv4/conf/all/rp_filter': '0',
  'net/ipv4/conf/default/rp_filter': '0',
  [`net/ipv4/conf/${UPLINK}/rp_filter`]: '0',
}
export const WORLD_SYSCTLS: Readonly<Record<string, string>> = { 'net/ipv4/ip_forward': '1' }
