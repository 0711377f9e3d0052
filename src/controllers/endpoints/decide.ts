import type { EndpointAddress, EndpointPort, EndpointSubset, Endpoints } from '../../api/core/endpoints.ts'
import type { Pod } from '../../api/core/pod.ts'
import type { Service } from '../../api/core/service.ts'
import { HEADLESS } from '../endpointslice/decide.ts'
import { endpointFor, isEligible, portsFor } from '../endpointslice/endpoints.ts'

export const MANAGED_BY = 'endpoints.kubernetes.io/managed-by'
const OVER_CAPACITY = 'endpoints.kubernetes.io/over-capacity'

/** More addresses than this are cut, ready ones last. */
const MAX_ADDRESSES = 1000

export type Wanted = Pick<Endpoints, 'subsets'> & {
  readonly metadata: { readonly labels: Record<string, string>; readonly annotations: Record<string, string> }
}

/** What the Endpoints of a Service should say. old: what they say now; annotations of others are kept. */
export function decide(service: Service, pods: readonly Pod[], old: Endpoints | undefined): Wanted {
  const all = addressesOf(service, pods)
  const kept = truncate(all, MAX_ADDRESSES)
  const { [OVER_CAPACITY]: _, ...annotations } = old?.metadata.annotations ?? {}
  const cut: Record<string, string> = kept.length < all.length ? { [OVER_CAPACITY]: 'truncated' } : {}
  const subsets = repack(kept, Boolean(service.spec.ports?.length))
  return {
    metadata: { labels: labelsFor(service), annotations: { ...annotations, ...cut } },
    ...(subsets.length > 0 ? { subsets } : {}),
  }
}

const labelsFor = ({ metadata, spec }: Service): Record<string, string> => {
  const { [HEADLESS]: _, ...own } = metadata.labels ?? {}
  return { ...own, ...(spec.clusterIP === 'None' ? { [HEADLESS]: '' } : {}), [MANAGED_BY]: 'endpoint-controller' }
}

interface Backend {
  readonly address: EndpointAddress
  readonly isReady: boolean
  readonly ports: readonly EndpointPort[]
}

/** One family only: that of the Service's first address. Pods being ended are left out, unless all pods are published. */
function addressesOf(service: Service, pods: readonly Pod[]): readonly Backend[] {
  const { publishNotReadyAddresses, ipFamilies, clusterIP } = service.spec
  const family = (ipFamilies?.[0] ?? (clusterIP?.includes(':') ? 'IPv6' : 'IPv4')) === 'IPv6' ? 6 : 4
  return pods.flatMap(pod => {
    if (!isEligible(pod) || (pod.metadata.deletionTimestamp && !publishNotReadyAddresses)) return []
    const endpoint = endpointFor(service, pod, undefined, family)
    const ip = endpoint?.addresses[0]
    if (!endpoint || ip === undefined) return []
    const { hostname, nodeName, targetRef } = endpoint
    const address = {
      ip,
      ...(hostname ? { hostname } : {}),
      ...(nodeName ? { nodeName } : {}),
      ...(targetRef ? { targetRef } : {}),
    }
    const isReady = endpoint.conditions?.ready === true
    const ports = portsFor(service, pod).map(({ name, port, protocol, appProtocol }) => ({
      ...(name ? { name } : {}),
      port: port!,
      ...(protocol ? { protocol } : {}),
      ...(appProtocol ? { appProtocol } : {}),
    }))
    return [{ address, isReady, ports }]
  })
}

/** truncateEndpoints, all ready ones first. */
const truncate = (backends: readonly Backend[], max: number): readonly Backend[] =>
  backends.length <= max ? backends : [...backends].sort((a, b) => Number(b.isReady) - Number(a.isReady)).slice(0, max)

/** RepackSubsets: ports that lead to the very same addresses stand together, in an order that follows from the content. */
function repack(backends: readonly Backend[], hasPorts: boolean): readonly EndpointSubset[] {
  const behind = new Map<string, { readonly port: EndpointPort | undefined; readonly backends: Backend[] }>()
  for (const backend of backends.toSorted((a, b) => compare(addressOrder(a), addressOrder(b)))) {
    const ports: readonly (EndpointPort | undefined)[] = hasPorts ? backend.ports : [undefined]
    for (const port of ports) {
      const id = port ? portId(port) : ''
      const group = behind.get(id)
      if (group) group.backends.push(backend)
      else behind.set(id, { port, backends: [backend] })
    }
  }
  const subsets = new Map<string, { readonly backends: readonly Backend[]; readonly ports: EndpointPort[] }>()
  for (const { port, backends: reached } of behind.values()) {
    const id = reached.map(backend => `${addressOrder(backend)}=${backend.isReady}`).join()
    const subset = subsets.get(id) ?? { backends: reached, ports: [] }
    subsets.set(id, subset)
    if (port) subset.ports.push(port)
  }
  const ordered = [...subsets.values()].map(subset => ({ ...subset, ports: subset.ports.toSorted(portOrder) }))
  return ordered.sort((a, b) => compare(a.ports.map(portId).join(), b.ports.map(portId).join())).map(subsetOf)
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
const addressOrder = ({ address }: Backend): string => `${address.ip}/${address.targetRef?.uid}`
const portId = ({ name, port, protocol, appProtocol }: EndpointPort): string =>
  [name, protocol, port, appProtocol].join('/')
const portOrder = (a: EndpointPort, b: EndpointPort): number => compare(portId(a), portId(b))

function subsetOf({
  backends,
  ports,
}: {
  readonly backends: readonly Backend[]
  readonly ports: EndpointPort[]
}): EndpointSubset {
  const of = (isReady: boolean) => backends.filter(backend => backend.isReady === isReady).map(({ address }) => address)
  const [addresses, notReadyAddresses] = [of(true), of(false)]
  return {
    ...(addresses.length > 0 ? { addresses } : {}),
    ...(notReadyAddresses.length > 0 ? { notReadyAddresses } : {}),
    ...(ports.length > 0 ? { ports } : {}),
  }
}
