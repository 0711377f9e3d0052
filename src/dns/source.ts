import { Namespace } from '../api/core/namespace.ts'
import { Pod } from '../api/core/pod.ts'
import { Service } from '../api/core/service.ts'
import { EndpointSlice } from '../api/discovery/endpoint-slice.ts'
import type { Informer, Informers } from '../client/mod.ts'
import { parseIp } from '../lib/ip.ts'
import type { NameSource } from '../model/names/types.ts'
import { endpointList } from '../model/services/endpoints.ts'
import { clusterIpsOf, serviceKeyOf } from '../model/services/fronts.ts'

const BY_CLUSTER_IP = 'dns/cluster-ip'
const BY_SERVICE = 'dns/service'
const BY_ADDRESS = 'dns/address'
const BY_POD_ADDRESS = 'dns/pod-address'

const clusterIpIndex = (service: Service): readonly string[] => clusterIpsOf(service)
const serviceIndex = (slice: EndpointSlice): readonly string[] => {
  const key = serviceKeyOf(slice)
  return key === undefined ? [] : [key]
}
const addressIndex = (slice: EndpointSlice): readonly string[] =>
  endpointList(slice)
    .flatMap(({ addresses }) => addresses.map(parseIp))
    .filter(address => address !== undefined)

/** Pods that share their node's network, and those that have ended, have no names. */
const podIndex = ({ metadata, spec, status }: Pod): readonly string[] =>
  spec.hostNetwork || status?.phase === 'Succeeded' || status?.phase === 'Failed'
    ? []
    : (status?.podIPs ?? []).flatMap(({ ip = '' }) => {
        const address = parseIp(ip)
        return address === undefined ? [] : [`${metadata.namespace}/${address}`]
      })
const trimPod = ({ apiVersion, kind, metadata, spec, status }: Pod): Pod => {
  const { namespace, name, uid, resourceVersion } = metadata
  return {
    apiVersion,
    kind,
    metadata: { namespace, name, uid, resourceVersion },
    spec: { hostNetwork: spec.hostNetwork },
    status: { phase: status?.phase, podIPs: status?.podIPs },
  } as unknown as Pod
}

const trimService = (service: Service): Service => ({
  apiVersion: service.apiVersion,
  kind: service.kind,
  metadata: lean(service.metadata),
  spec: service.spec,
})
const trimSlice = (slice: EndpointSlice): EndpointSlice => ({ ...slice, metadata: lean(slice.metadata) })
const trimNamespace = (namespace: Namespace): Namespace => ({ ...namespace, metadata: lean(namespace.metadata) })

function lean<M extends { readonly managedFields?: unknown; readonly annotations?: unknown }>(metadata: M): M {
  const { managedFields: _, annotations: __, ...rest } = metadata
  return rest as M
}

/** Names from the caches, as they are at the moment of the question. */
export interface LiveSource extends NameSource {
  readonly isSynced: boolean
  readonly arePodsSynced: boolean
  /** Pods are needed from now on: whether that is new. The caller syncs their cache. */
  followPods(): boolean
  /** Called when an answer may have become another: for names of one Service ("namespace/name") and addresses, or for any. */
  onChange(handler: (service?: string) => void): void
}

/** Informers are made here; the caller syncs them. */
export function createSource(informers: Informers): LiveSource {
  const services = informers.of(Service, { indexes: { [BY_CLUSTER_IP]: clusterIpIndex }, trim: trimService })
  const slices = informers.of(EndpointSlice, {
    indexes: { [BY_SERVICE]: serviceIndex, [BY_ADDRESS]: addressIndex },
    trim: trimSlice,
  })
  const namespaces = informers.of(Namespace, { trim: trimNamespace })
  const handlers: ((service?: string) => void)[] = []
  let pods: Informer<Pod> | undefined
  return {
    get arePodsSynced() {
      return pods?.synced === true
    },
    followPods() {
      if (pods) return false
      pods = informers.of(Pod, { indexes: { [BY_POD_ADDRESS]: podIndex }, trim: trimPod })
      pods.onChange(({ object, old }) => {
        if (podIndex(object).join() !== (old ? podIndex(old).join() : '')) for (const handler of handlers) handler()
      })
      return true
    },
    hasPod: (namespace, address) => (pods?.by(BY_POD_ADDRESS, `${namespace}/${address}`).length ?? 0) > 0,
    get isSynced() {
      return services.synced && slices.synced && namespaces.synced
    },
    onChange(handler) {
      handlers.push(handler)
      services.onChange(({ object: { metadata } }) => handler(`${metadata.namespace}/${metadata.name}`))
      slices.onChange(({ object, old }) => {
        const before = old && serviceKeyOf(old)
        const now = serviceKeyOf(object)
        if (now !== undefined) handler(now)
        if (before !== undefined && before !== now) handler(before)
      })
      namespaces.onChange(({ type }) => {
        if (type !== 'changed') handler()
      })
    },
    hasNamespace: name => namespaces.get({ name }) !== undefined,
    service: (namespace, name) => services.get({ namespace, name }),
    slices: (namespace, service) => slices.by(BY_SERVICE, `${namespace}/${service}`),
    servicesAt: address => services.by(BY_CLUSTER_IP, address),
    slicesAt: address => slices.by(BY_ADDRESS, address),
  }
}
