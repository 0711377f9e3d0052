import { Namespace } from '../api/core/namespace.ts'
import { Service } from '../api/core/service.ts'
import { EndpointSlice } from '../api/discovery/endpoint-slice.ts'
import type { Informers } from '../client/mod.ts'
import { parseIp } from '../lib/ip.ts'
import type { NameSource } from '../model/names/types.ts'
import { endpointList } from '../model/services/endpoints.ts'
import { clusterIpsOf, serviceKeyOf } from '../model/services/fronts.ts'

const BY_CLUSTER_IP = 'dns/cluster-ip'
const BY_SERVICE = 'dns/service'
const BY_ADDRESS = 'dns/address'

const clusterIpIndex = (service: Service): readonly string[] => clusterIpsOf(service)
const serviceIndex = (slice: EndpointSlice): readonly string[] => {
  const key = serviceKeyOf(slice)
  return key === undefined ? [] : [key]
}
const addressIndex = (slice: EndpointSlice): readonly string[] =>
  endpointList(slice)
    .flatMap(({ addresses }) => addresses.map(parseIp))
    .filter(address => address !== undefined)

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
  return {
    get isSynced() {
      return services.synced && slices.synced && namespaces.synced
    },
    onChange(handler) {
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
