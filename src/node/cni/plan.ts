import { macOf } from '../../datapath/mac.ts'
import { gatewayOf, managementOf } from '../../datapath/options.ts'
import type { LinkOp } from '../../host/link/mod.ts'
import type { Netns } from '../../host/netns/mod.ts'
import type { Cidr } from '../../lib/cidr.ts'
import { contains } from '../../lib/cidr.ts'
import type { Ip } from '../../lib/ip.ts'
import { familyOf } from '../../lib/ip.ts'
import { linkOf } from './names.ts'

export interface PodLink {
  readonly podUid: string
  readonly addresses: readonly Ip[]
  /** The node's ranges: .1 is the gateway, .2 the source of what the node itself sends. */
  readonly ranges: readonly Cidr[]
  readonly mtu: number
  /** Inside the pod. */
  readonly ifname: string
}

const bitsOf = (address: Ip): number => (familyOf(address) === 4 ? 32 : 128)
const rangeOf = (link: PodLink, address: Ip): Cidr => {
  const range = link.ranges.find(candidate => contains(candidate, address))
  if (range === undefined) throw new Error(`${address} is in none of the node's pod networks`)
  return range
}

/**
 * A routed veth: the pod has its address with a full mask and reaches everything through a gateway that is the other end
 * of its link. Both ends know each other by permanent neighbour entries: none is ever asked for.
 */
export function nodeSide(link: PodLink, pod: Netns): readonly LinkOp[] {
  const name = linkOf(link.podUid)
  const mac = macOf(gatewayOf(link.ranges[0]!))
  return [
    // A link vanishes some time after its namespace: the one of before must not be taken for the new one.
    { op: 'delete', name },
    { op: 'veth', name, mac, mtu: link.mtu, peer: { name: link.ifname, netns: pod, mac: podMac(link) } },
    { op: 'up', name },
    ...link.addresses.flatMap((address): readonly LinkOp[] => [
      {
        op: 'route-replace',
        to: { address, bits: bitsOf(address), family: familyOf(address) },
        dev: name,
        source: managementOf(rangeOf(link, address)),
      },
      { op: 'neighbour', dev: name, address, mac: podMac(link) },
    ]),
  ]
}

export function podSide(link: PodLink): readonly LinkOp[] {
  const mac = macOf(gatewayOf(link.ranges[0]!))
  return [
    { op: 'up', name: 'lo' },
    { op: 'mtu', name: link.ifname, mtu: link.mtu },
    { op: 'up', name: link.ifname },
    ...link.addresses.flatMap((address): readonly LinkOp[] => {
      const via = gatewayOf(rangeOf(link, address))
      return [
        { op: 'address', name: link.ifname, address, bits: bitsOf(address) },
        { op: 'neighbour', dev: link.ifname, address: via, mac },
        { op: 'route', dev: link.ifname, via, onlink: true, family: familyOf(address) },
      ]
    }),
  ]
}

export const podMac = (link: PodLink): string => macOf(link.addresses[0]!)
