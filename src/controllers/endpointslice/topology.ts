import type { Node } from '../../api/core/node.ts'
import type { Endpoint } from '../../api/discovery/endpoint-slice.ts'

const ZONE = 'topology.kubernetes.io/zone'
const CONTROL_PLANE = ['node-role.kubernetes.io/control-plane', 'node-role.kubernetes.io/master']
/** A zone may be given this much more than its share of the work. */
const OVERLOAD = 0.2

/** What zones can carry: each zone's share of all processors; or why that cannot be said. */
export type ZoneShares = ReadonlyMap<string, number> | { readonly problem: string }

/** Ready nodes that are no control plane; one without a zone or processors spoils it, as upstream. */
export function zoneShares(nodes: readonly Node[]): ZoneShares {
  const cores = new Map<string, number>()
  for (const { metadata, status } of nodes) {
    if (CONTROL_PLANE.some(label => metadata.labels?.[label] !== undefined)) continue
    if (!status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True')) continue
    const zone = metadata.labels?.[ZONE]
    const milli = milliCores(status.allocatable?.cpu)
    if (!zone || !milli) return { problem: 'Nodes do not have a zone or allocatable CPU' }
    cores.set(zone, (cores.get(zone) ?? 0) + milli)
  }
  if (cores.size < 2)
    return { problem: 'Insufficient Node information: allocatable CPU or zone not specified on one or more nodes' }
  const total = [...cores.values()].reduce((sum, one) => sum + one, 0)
  return new Map([...cores].map(([zone, one]) => [zone, one / total]))
}

function milliCores(text: unknown): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(m?)$/.exec(String(text ?? ''))
  return match ? Number(match[1]) * (match[2] ? 1 : 1000) : undefined
}

/**
 * KEP-2433: each ready endpoint gets a zone that should use it, its own where that zone needs it, so that zones have
 * endpoints in proportion to their processors. A string says why there are none.
 */
export function topologyHints(endpoints: readonly Endpoint[], shares: ZoneShares): readonly Endpoint[] | string {
  if ('problem' in shares) return shares.problem
  const ready = endpoints.filter(({ conditions }) => conditions?.ready)
  if (ready.length < shares.size) return 'Insufficient number of endpoints'
  if (ready.some(({ zone }) => !zone)) return 'One or more endpoints do not have a zone specified'
  const expected = new Map([...shares].map(([zone, share]) => [zone, share * ready.length]))
  const least = new Map([...expected].map(([zone, count]) => [zone, Math.ceil(count / (1 + OVERLOAD))]))
  if ([...least.values()].reduce((sum, one) => sum + one, 0) > ready.length)
    return 'Unable to allocate minimum required endpoints to each zone without exceeding overload threshold'
  const given = new Map<Endpoint, string>()
  const counts = new Map<string, number>()
  const give = (endpoint: Endpoint, zone: string): void => {
    given.set(endpoint, zone)
    counts.set(zone, (counts.get(zone) ?? 0) + 1)
  }
  const spare: Endpoint[] = []
  for (const endpoint of ready) {
    const own = endpoint.zone!
    if ((counts.get(own) ?? 0) < Math.max(least.get(own) ?? 0, Math.floor(expected.get(own) ?? 0))) give(endpoint, own)
    else spare.push(endpoint)
  }
  for (const endpoint of spare) {
    const needy = [...least].find(([zone, count]) => (counts.get(zone) ?? 0) < count)?.[0]
    give(endpoint, needy ?? (expected.has(endpoint.zone!) ? endpoint.zone! : [...least.keys()][0]!))
  }
  return endpoints.map(endpoint => {
    const zone = given.get(endpoint)
    return zone === undefined ? endpoint : { ...endpoint, hints: { forZones: [{ name: zone }] } }
  })
}
