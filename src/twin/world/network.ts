import type { LinkOp } from '../../host/link/mod.ts'
import type { Netns } from '../../host/netns/mod.ts'
import type { NodePlan, OutsideHost, Place, WorldPlan } from '../plan.ts'
import { macOf } from '../plan.ts'

/** The bridge that nodes and outside hosts hang on, in the world's own namespace. */
export const UNDERLAY = 'underlay0'
/** What every node and outside host calls its link to it. */
export const UPLINK = 'eth0'
/** The other end of that link. */
export const linkOf = (host: string): string => `v-${host}`

/** A node or an outside host as the underlay sees it. */
export interface Host extends Place {
  readonly name: string
  /** Of IPv6, in a dual-stack twin. Its link address is that of the first. */
  readonly second?: Place
  /** The machine network has a bridge; the internet is a link of its own. */
  readonly bridged: boolean
}

export const nodeHost = (plan: WorldPlan, node: NodePlan): Host => ({
  name: node.name,
  address: node.address,
  network: plan.config.machineNetwork,
  gateway: plan.gateway,
  ...(node.address6 && plan.gateway6
    ? { second: { address: node.address6, network: plan.config.ipv6!.machineNetwork, gateway: plan.gateway6 } }
    : {}),
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
  ...(plan.gateway6
    ? ([
        { op: 'address', name: UNDERLAY, address: plan.gateway6, bits: plan.config.ipv6!.machineNetwork.bits },
      ] as const)
    : []),
]

/** In the world's namespace, for one host. */
export function hostLink(host: Host, netns: Netns): readonly LinkOp[] {
  const name = linkOf(host.name)
  return [
    { op: 'veth', name, peer: { name: UPLINK, netns, mac: macOf(host.address) } },
    ...(host.bridged
      ? ([{ op: 'master', name, master: UNDERLAY }] as const)
      : placesOf(host).map(
          ({ gateway, network }) => ({ op: 'address', name, address: gateway, bits: network.bits }) as const,
        )),
    { op: 'up', name },
  ]
}

/** In the host's namespace. */
export const hostSide = (host: Host): readonly LinkOp[] => [
  { op: 'up', name: 'lo' },
  { op: 'up', name: UPLINK },
  ...placesOf(host).flatMap(
    ({ address, network, gateway }) =>
      [
        { op: 'address', name: UPLINK, address, bits: network.bits },
        { op: 'route', via: gateway, family: network.family },
      ] as const,
  ),
]

const placesOf = (host: Host): readonly Place[] => [host, ...(host.second ? [host.second] : [])]

/**
 * Who must know whom: permanent entries, since the kernel's one table for all others ends at 1,024. Only addresses that change hosts
 * are asked for.
 */
export function neighboursOf(host: Host, hosts: readonly Host[]): readonly LinkOp[] {
  const others = hosts.filter(other => other.bridged && other.name !== host.name)
  const mac = macOf(host.gateway)
  const gateways = placesOf(host).map(
    ({ gateway }): LinkOp => ({ op: 'neighbour', dev: UPLINK, address: gateway, mac }),
  )
  return host.bridged ? [...gateways, ...neighbours(UPLINK, others)] : []
}

export const worldNeighbours = (hosts: readonly Host[]): readonly LinkOp[] =>
  neighbours(
    UNDERLAY,
    hosts.filter(host => host.bridged),
  )

const neighbours = (dev: string, hosts: readonly Host[]): LinkOp[] =>
  hosts.flatMap(host =>
    placesOf(host).map(({ address }): LinkOp => ({ op: 'neighbour', dev, address, mac: macOf(host.address) })),
  )

/** Names under /proc/sys. Replies may leave by another way than requests came in: by tunnel and by underlay. */
export const NODE_SYSCTLS: Readonly<Record<string, string>> = {
  'net/ipv4/ip_forward': '1',
  'net/ipv4/conf/all/rp_filter': '0',
  'net/ipv4/conf/default/rp_filter': '0',
  [`net/ipv4/conf/${UPLINK}/rp_filter`]: '0',
}
export const worldSysctls = ({ gateway6 }: WorldPlan): Readonly<Record<string, string>> => ({
  'net/ipv4/ip_forward': '1',
  ...(gateway6 ? { 'net/ipv6/conf/all/forwarding': '1' } : {}),
})
