import type { Service } from '../../api/core/service.ts'
import type { EndpointSlice } from '../../api/discovery/endpoint-slice.ts'
import type { EgressService } from '../../api/ovn/egress-service.ts'
import { parseIp } from '../../lib/ip.ts'
import { selects } from '../policy/selector.ts'
import { balancerAddresses } from '../services/announce.ts'
import { endpointList } from '../services/endpoints.ts'
import type { EgressGroup, Member } from './members.ts'
import type { EgressNode } from './nodes.ts'

/** Each pod leaves by its own node. */
export const EVERY_NODE = 'ALL'
/** The label of the node that was chosen, by which other load balancers know where to announce. */
export const hostLabel = (namespace: string, name: string): string => `egress-service.k8s.ovn.org/${namespace}-${name}`

/** The one node by which its pods leave, where there is one. */
export const hostIn = (one: EgressService | undefined): string | undefined => {
  const host = one?.status?.host
  return host && host !== EVERY_NODE ? host : undefined
}

const isByNetwork = ({ spec }: EgressService): boolean => spec?.sourceIPBy === 'Network'

export interface EgressServiceWorld {
  readonly egressServices: readonly EgressService[]
  readonly nodes: readonly EgressNode[]
  readonly lost: ReadonlySet<string>
  serviceOf(key: string): Service | undefined
  slicesOf(key: string): readonly EndpointSlice[]
}

export const keyOfService = ({ metadata }: { readonly metadata: EgressService['metadata'] }): string =>
  `${metadata.namespace}/${metadata.name}`

/**
 * By which node each EgressService's pods leave: the one that is chosen already while it may, else the one that serves the fewest.
 * Undefined: none may. Under externalTrafficPolicy Local only a node with an endpoint may.
 */
export function hostsOf(world: EgressServiceWorld): ReadonlyMap<string, string | undefined> {
  const hosts = new Map<string, string | undefined>()
  const load = (node: string): number => [...hosts.values()].filter(host => host === node).length
  const all = world.egressServices.toSorted((a, b) => (keyOfService(a) < keyOfService(b) ? -1 : 1))
  const standing = all.filter(one => one.status?.host)
  for (const one of [...standing, ...all.filter(one => !one.status?.host)]) {
    const fit = candidates(one, world)
    const kept = fit.find(({ name }) => name === one.status?.host)
    const [emptiest] = fit.toSorted((a, b) => load(a.name) - load(b.name) || (a.name < b.name ? -1 : 1))
    const service = world.serviceOf(keyOfService(one))
    const isServed = service !== undefined && balancerAddresses(service).length > 0
    hosts.set(keyOfService(one), !isServed ? undefined : isByNetwork(one) ? EVERY_NODE : (kept ?? emptiest)?.name)
  }
  return hosts
}

function candidates(
  one: EgressService,
  { nodes, lost, serviceOf, slicesOf }: EgressServiceWorld,
): readonly EgressNode[] {
  const key = keyOfService(one)
  const isLocal = serviceOf(key)?.spec.externalTrafficPolicy === 'Local'
  const near = new Set(slicesOf(key).flatMap(slice => endpointList(slice).flatMap(({ nodeName }) => nodeName ?? [])))
  return nodes.filter(
    node =>
      node.isReady &&
      !lost.has(node.name) &&
      (!one.spec?.nodeSelector || selects(one.spec.nodeSelector, node.labels)) &&
      (!isLocal || near.has(node.name)),
  )
}

/** The pods behind an EgressService, and how they leave. `tableOf`: the node's routing table of a number or name. */
export function serviceGroup(
  one: EgressService,
  service: Service | undefined,
  slices: readonly EndpointSlice[],
  podAt: (address: string) => Member | undefined,
  tableOf: (network: string) => number | undefined,
): EgressGroup | undefined {
  const host = one.status?.host
  if (!service || !host) return undefined
  // A node that does not know it leads them by the main one.
  const table = one.spec?.network ? tableOf(one.spec.network) : undefined
  const members = new Map(
    slices
      .flatMap(slice => endpointList(slice).flatMap(({ addresses }) => addresses ?? []))
      .flatMap(text => podAt(parseIp(text) ?? '') ?? [])
      .map(pod => [`${pod.namespace}/${pod.name}`, pod]),
  )
  return {
    key: `egressservice ${keyOfService(one)}`,
    ways: host === EVERY_NODE ? [] : balancerAddresses(service).map(address => ({ address, node: host })),
    members: [...members.values()],
    dropped: [],
    ...(table === undefined ? {} : { table, fronts: balancerAddresses(service) }),
  }
}
