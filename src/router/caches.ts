import { Secret } from '../api/core/secret.ts'
import { Service } from '../api/core/service.ts'
import { EndpointSlice } from '../api/discovery/endpoint-slice.ts'
import { Route } from '../api/route/route.ts'
import type { Informer, Informers } from '../client/mod.ts'
import { readCertificate } from '../model/routes/certificate.ts'
import type { ServiceView } from '../model/routes/endpoints.ts'
import { serviceKeyOf } from '../model/services/fronts.ts'
import type { Planner } from './layout/planner.ts'

/** What a router follows. */
export interface Caches {
  readonly routes: Informer<Route>
  readonly services: Informer<Service>
  readonly slices: Informer<EndpointSlice>
  /** The Secret of the default certificate. */
  readonly secrets: Informer<Secret>
  readonly view: ServiceView
}

/** `secret`: "namespace/name" of the default certificate. */
export function openCaches(informers: Informers, secret: string): Caches {
  const [namespace = '', name = ''] = secret.split('/')
  const services = informers.of(Service, { trim: trimService })
  const slices = informers.of(EndpointSlice, { trim: trimSlice, indexes: { service: sliceService } })
  return {
    routes: informers.of(Route),
    services,
    slices,
    secrets: informers.of(Secret, { namespace, fieldSelector: `metadata.name=${name}` }),
    view: { service: key => services.get(splitKey(key)), slices: key => slices.by('service', key) },
  }
}

export const splitKey = (key: string): { readonly namespace: string; readonly name: string } => {
  const slash = key.indexOf('/')
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) }
}
export const keyOf = ({
  metadata,
}: {
  readonly metadata: { readonly namespace?: string; readonly name: string }
}): string => `${metadata.namespace}/${metadata.name}`

const sliceService = (slice: EndpointSlice): readonly string[] => {
  const key = serviceKeyOf(slice)
  return key === undefined ? [] : [key]
}

/** Tells the planner what there is and then every change. Call it when the caches are synced. Returns the way to stop. */
export function feed(caches: Caches, planner: Planner): () => void {
  for (const route of caches.routes.list()) planner.put(route)
  planner.setDefaultCertificate(defaultCertificate(caches.secrets.list()[0]))
  const stops = [
    caches.routes.onChange(({ type, object }) =>
      type === 'deleted' ? planner.remove(keyOf(object)) : planner.put(object),
    ),
    caches.services.onChange(({ object }) => planner.touch(keyOf(object))),
    caches.slices.onChange(({ object, old }) => {
      for (const slice of old ? [old, object] : [object]) for (const key of sliceService(slice)) planner.touch(key)
    }),
    caches.secrets.onChange(({ type, object }) =>
      planner.setDefaultCertificate(type === 'deleted' ? undefined : defaultCertificate(object)),
    ),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}

/** PEM, or undefined when the Secret is absent or not a pair of certificate and key. */
export function defaultCertificate(secret: Secret | undefined): string | undefined {
  const text = (key: string): string => Buffer.from(secret?.data?.[key] ?? '', 'base64').toString()
  if (!secret) return undefined
  const read = readCertificate({ certificate: text('tls.crt'), key: text('tls.key') })
  return typeof read === 'string' ? undefined : read.pem
}

/** A router asks only whether a Service is there. */
const trimService = ({ apiVersion, kind, metadata }: Service): Service => ({
  apiVersion,
  kind,
  metadata: identity(metadata),
  spec: {},
})

const trimSlice = ({ apiVersion, kind, metadata, addressType, endpoints, ports }: EndpointSlice): EndpointSlice => ({
  apiVersion,
  kind,
  metadata: { ...identity(metadata), ...(metadata.labels ? { labels: metadata.labels } : {}) },
  addressType,
  endpoints: endpoints.map(({ addresses, conditions, targetRef }) => ({
    addresses,
    ...(conditions?.ready === undefined ? {} : { conditions: { ready: conditions.ready } }),
    ...(targetRef?.uid ? { targetRef: { uid: targetRef.uid } } : {}),
  })),
  ...(ports ? { ports } : {}),
})

const identity = ({
  name,
  namespace,
  uid,
  resourceVersion,
  creationTimestamp,
}: Service['metadata']): Service['metadata'] => ({
  name,
  ...(namespace === undefined ? {} : { namespace }),
  uid,
  resourceVersion,
  creationTimestamp,
})
