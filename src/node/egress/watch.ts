import { Namespace } from '../../api/core/namespace.ts'
import { Node } from '../../api/core/node.ts'
import { Pod } from '../../api/core/pod.ts'
import { Service } from '../../api/core/service.ts'
import { EndpointSlice } from '../../api/discovery/endpoint-slice.ts'
import type { ApiObject } from '../../api/meta/meta.ts'
import { Network } from '../../api/operator/network.ts'
import { EgressIP } from '../../api/ovn/egress-ip.ts'
import { EgressService } from '../../api/ovn/egress-service.ts'
import type { LoopSource } from '../../client/loop.ts'
import { changesOf } from '../../client/loop.ts'
import type { Informer, Informers } from '../../client/mod.ts'
import type { Ip } from '../../lib/ip.ts'
import { parseIp } from '../../lib/ip.ts'
import { addressesOf } from '../../model/egress/assign.ts'
import type { EgressGroup, Member } from '../../model/egress/members.ts'
import { groupsOf } from '../../model/egress/members.ts'
import type { EgressNode } from '../../model/egress/nodes.ts'
import { egressNode, egressParts } from '../../model/egress/nodes.ts'
import { hostIn, keyOfService, serviceGroup } from '../../model/egress/services.ts'
import { podView } from '../../model/policy/pods.ts'
import { serviceIndex } from '../../model/services/fronts.ts'
import type { Given } from '../network/policy/watch.ts'
import { trimPod } from '../network/policy/watch.ts'
import type { TableOf } from './tables.ts'

/** The caches that egress depends on. */
export interface EgressWatch {
  /** What a change of any of these asks for: a look at everything. */
  readonly sources: readonly (LoopSource | Informer<ApiObject>)[]
  nodes(): readonly EgressNode[]
  /** Pods by the ways by which they leave; those of EgressServices first. What was given to pods and is seen by now is let go. */
  groups(given: Map<string, Given>, tableOf: TableOf): readonly EgressGroup[]
  /** EgressServices that name a network. */
  byNetwork(): readonly EgressService[]
  /** Addresses of EgressIPs that were given to this node, with the version of the decision. */
  given(node: string): ReadonlyMap<Ip, number>
  /** All that EgressIPs ask for, whoever has it. */
  addresses(): readonly Ip[]
  /** Nodes by which EgressServices leave. */
  hosts(): ReadonlySet<string>
  /** For how long a node must not be heard to count as lost, by the Network's egressIPConfig: 0 as short as can be, Infinity never. */
  silenceMs(): number
  /** Nobody asks for anything. */
  isIdle(): boolean
}

const BY_SERVICE = 'egress/service'
const OPTIONAL = { optional: true } as const

export function createEgressWatch(informers: Informers): EgressWatch {
  const egressIPs = informers.of(EgressIP, OPTIONAL)
  const egressServices = informers.of(EgressService, OPTIONAL)
  const pods = informers.of(Pod, { trim: trimPod })
  const namespaces = informers.of(Namespace)
  const nodes = informers.of(Node)
  const services = informers.of(Service)
  const slices = informers.of(EndpointSlice, { indexes: { [BY_SERVICE]: serviceIndex } })
  const networks = informers.of(Network, OPTIONAL)
  const isIdle = (): boolean => egressIPs.list().length === 0 && egressServices.list().length === 0
  /** Most nodes have no egress objects at all; then what else changes is nothing to look at. */
  const whileUsed = (source: LoopSource): LoopSource => ({
    onChange: handler => source.onChange(() => isIdle() || handler()),
  })
  const memberOf = (pod: Pod, addresses?: readonly Ip[]): readonly Member[] => {
    const view = podView(pod, addresses)
    return view?.is === 'pod' ? [view.pod] : []
  }
  const shown = ({ pod: { metadata } }: Given): boolean => {
    const cached = pods.get({ namespace: metadata.namespace!, name: metadata.name })
    return cached?.metadata.uid === metadata.uid && (cached.status?.podIPs?.length ?? 0) > 0
  }

  return {
    sources: [
      egressIPs,
      egressServices,
      changesOf(nodes, egressParts),
      whileUsed(changesOf(pods, pod => [podView(pod)])),
      whileUsed(changesOf(namespaces, ({ metadata }) => [metadata.labels])),
      whileUsed(changesOf(services, ({ spec, status }) => [spec, status, egressServices.list().length])),
      whileUsed(changesOf(slices, ({ endpoints }) => [endpoints])),
    ] as EgressWatch['sources'],
    nodes: () => nodes.list().map(egressNode),
    byNetwork: () => egressServices.list().filter(({ spec }) => spec?.network),
    groups(given, tableOf) {
      for (const [uid, one] of given) if (shown(one)) given.delete(uid)
      const byService = serviceGroups(tableOf)
      const served = new Set(byService.flatMap(({ members }) => members.map(one => `${one.namespace}/${one.name}`)))
      const labels = new Map(namespaces.list().map(({ metadata }) => [metadata.name, metadata.labels ?? {}]))
      const early = [...given.values()].flatMap(({ pod, addresses }) => memberOf(pod, addresses))
      const podsIn = (namespace: string): readonly Member[] => [
        ...pods.list(namespace).flatMap(pod => memberOf(pod)),
        ...early.filter(one => one.namespace === namespace),
      ]
      return [...byService, ...groupsOf(egressIPs.list(), labels, podsIn, served).groups]
    },
    given: node =>
      new Map(
        egressIPs.list().flatMap(one => {
          const wanted = new Set(addressesOf(one))
          return (one.status?.items ?? []).flatMap(item => {
            const address = parseIp(item.egressIP)
            const isHere = item.node === node && address !== undefined && wanted.has(address)
            return isHere ? [[address, Number(one.metadata.resourceVersion)] as const] : []
          })
        }),
      ),
    addresses: () => egressIPs.list().flatMap(addressesOf),
    silenceMs: () => silenceMsIn(networks.get({ name: 'cluster' })),
    hosts: () => new Set(egressServices.list().flatMap(one => hostIn(one) ?? [])),
    isIdle,
  }

  function serviceGroups(tableOf: TableOf): readonly EgressGroup[] {
    const all = egressServices.list()
    if (all.length === 0) return []
    const byAddress = new Map(
      pods
        .list()
        .flatMap(pod => memberOf(pod))
        .flatMap(pod => pod.addresses.map(one => [one as string, pod] as const)),
    )
    return all.flatMap(one => {
      const key = keyOfService(one)
      const [namespace = '', name = ''] = key.split('/')
      const podAt = (address: string): Member | undefined => byAddress.get(address)
      const service = services.get({ namespace, name })
      return serviceGroup(one, service, slices.by(BY_SERVICE, key), podAt, tableOf) ?? []
    })
  }
}

function silenceMsIn(network: Network | undefined): number {
  const config = network?.spec.defaultNetwork?.ovnKubernetesConfig?.egressIPConfig
  const seconds = config?.reachabilityTotalTimeoutSeconds
  return seconds === undefined ? 0 : (Number(seconds) || Number.POSITIVE_INFINITY) * 1000
}
