import type { EgressInput } from '../../datapath/egress/compile.ts'
import { STEERING_MASK, steeringsOf, steeringThrough } from '../../datapath/egress/steering.ts'
import type { DatapathOptions } from '../../datapath/options.ts'
import { familiesOf } from '../../datapath/skeleton.ts'
import type { Conntrack, MarkedFlow } from '../../host/conntrack/mod.ts'
import { contains as inside } from '../../lib/cidr.ts'
import type { Ip } from '../../lib/ip.ts'
import { familyOf } from '../../lib/ip.ts'

/** How each pod's connections leave, as this node sees it. */
export interface Ways {
  /** Steerings of connections, by pod address: of the node's own pods, and of those that leave here by a table. */
  readonly steerings: ReadonlyMap<Ip, readonly number[]>
  /** What connections that leave here come from, by pod address. */
  readonly sources: ReadonlyMap<Ip, Ip>
  /** All addresses by which anybody leaves, wherever. */
  readonly addresses: ReadonlySet<Ip>
}

export function waysOf({ groups, ...steerer }: EgressInput): Ways {
  const { self } = steerer
  const steerings = new Map<Ip, readonly number[]>()
  const sources = new Map<Ip, Ip>()
  for (const group of groups) {
    const own = { 4: steeringsOf(steerer, group, 4), 6: steeringsOf(steerer, group, 6) }
    for (const { node, addresses } of group.members)
      for (const address of addresses) {
        const family = familyOf(address)
        const here = group.ways.find(way => way.node === self.name && familyOf(way.address) === family)
        if (here) sources.set(address, here.address)
        const through = steeringThrough(steerer, group, family)
        if (node === self.name) steerings.set(address, own[family])
        else if (through !== undefined) steerings.set(address, [through])
      }
  }
  return { steerings, sources, addresses: new Set(groups.flatMap(({ ways }) => ways.map(({ address }) => address))) }
}

/** Whether what was right before is right no longer, for any connection. */
export function isNarrower(before: Ways, next: Ways): boolean {
  for (const [pod, steerings] of before.steerings) {
    const now = next.steerings.get(pod) ?? []
    if (steerings.some(one => !now.includes(one))) return true
  }
  for (const [pod, source] of before.sources) if (next.sources.get(pod) !== source) return true
  return false
}

/**
 * Forgets the connections that leave otherwise than they should: their next packet is a first one. Where the address is the same on
 * another node, it takes the same port there, and neither end notices.
 */
export async function sweepFlows(
  conntrack: Conntrack,
  options: DatapathOptions,
  ways: Ways,
  gone: ReadonlySet<Ip>,
): Promise<number> {
  const isStale = ({ source, answersTo, mark }: MarkedFlow): boolean => {
    const steering = (mark & STEERING_MASK) >>> 0
    if (steering !== 0 && !ways.steerings.get(source)?.includes(steering)) return true
    const isEgress = answersTo !== source && (ways.addresses.has(answersTo) || gone.has(answersTo))
    return isEgress && ways.sources.get(source) !== answersTo && isPod(source)
  }
  const isPod = (address: Ip): boolean => options.clusterNetworks.some(({ cidr }) => inside(cidr, address))
  let forgotten = 0
  for (const family of familiesOf(options)) forgotten += await conntrack.sweep(family, isStale)
  return forgotten
}
