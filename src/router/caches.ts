import { ConfigMap } from '../api/core/config-map.ts'
import { Namespace } from '../api/core/namespace.ts'
import { Secret } from '../api/core/secret.ts'
import { Service } from '../api/core/service.ts'
import { EndpointSlice } from '../api/discovery/endpoint-slice.ts'
import { Route } from '../api/route/route.ts'
import type { LoopSource } from '../client/loop.ts'
import type { Informer, Informers } from '../client/mod.ts'
import { pairOf, readAuthorities, readCertificate } from '../model/routes/certificate.ts'
import type { ServiceView } from '../model/routes/endpoints.ts'
import type { RouterOptions } from '../model/routes/options.ts'
import { readPage } from '../model/routes/page.ts'
import type { SecretView } from '../model/routes/read.ts'
import { serviceKeyOf } from '../model/services/fronts.ts'
import { IDLED_AT, UNIDLED_AT } from '../model/services/idling.ts'
import { createExternalSecrets, type ExternalSecrets } from './external-secrets.ts'
import { type IngressCaches, openIngressCaches } from './ingress-caches.ts'
import type { Planner } from './layout/planner.ts'
import type { AdminFiles } from './layout/types.ts'
import { byName, keyOf, splitKey } from './object-keys.ts'
import type { Revocations } from './revocations.ts'
import { admits, type Shard } from './shard.ts'

/** What a router follows. */
export interface Caches {
  readonly routes: Informer<Route>
  readonly services: Informer<Service>
  readonly slices: Informer<EndpointSlice>
  /** The Secret of the default certificate. */
  readonly secrets: Informer<Secret>
  /** The ConfigMap of the authority that signs serving certificates. */
  readonly authorities: Informer<ConfigMap>
  /** The ConfigMaps an administrator gave, where there are any. */
  readonly pages?: Informer<ConfigMap>
  readonly clientAuthorities?: Informer<ConfigMap>
  /** What these authorities revoked. */
  readonly revocations?: Revocations
  /** The Secret of those who may read metrics, where one is named. */
  readonly stats?: Informer<Secret>
  readonly external: ExternalSecrets
  /** Where Ingresses are served too. */
  readonly ingress?: IngressCaches
  readonly shard: Shard
  readonly view: ServiceView & SecretView
}

export function openCaches(informers: Informers, options: RouterOptions, revocations?: Revocations): Caches {
  const { settings } = options
  const { errorPages, clientTls, namespaceSelector } = settings
  const external = createExternalSecrets(informers)
  const services = informers.of(Service, { trim: trimService })
  const slices = informers.of(EndpointSlice, { trim: trimSlice, indexes: { service: sliceService } })
  return {
    routes: informers.of(Route),
    services,
    slices,
    secrets: informers.of(Secret, byName(options.defaultCertificate)),
    authorities: informers.of(ConfigMap, byName(options.serviceCa)),
    shard: {
      settings,
      ...(namespaceSelector ? { namespaces: informers.of(Namespace) } : {}),
    },
    ...(options.statsSecret ? { stats: informers.of(Secret, byName(options.statsSecret)) } : {}),
    ...(errorPages ? { pages: informers.of(ConfigMap, byName(errorPages)) } : {}),
    ...(clientTls ? { clientAuthorities: informers.of(ConfigMap, byName(clientTls.authorities)) } : {}),
    ...(clientTls && revocations ? { revocations } : {}),
    external,
    ...(options.ingress ? { ingress: openIngressCaches(informers) } : {}),
    view: {
      service: key => services.get(splitKey(key)),
      slices: key => slices.by('service', key),
      secret: external.secret,
    },
  }
}

export const sliceService = (slice: EndpointSlice): readonly string[] => {
  const key = serviceKeyOf(slice)
  return key === undefined ? [] : [key]
}

/** Everything whose changes ask for a step. */
export const sourcesOf = (caches: Caches): readonly LoopSource[] =>
  [
    caches.routes,
    caches.services,
    caches.slices,
    caches.secrets,
    caches.authorities,
    caches.external,
    caches.pages,
    caches.clientAuthorities,
    caches.revocations,
    caches.shard.namespaces,
    caches.ingress?.ingresses,
    caches.ingress?.classes,
  ].filter(source => source !== undefined) as readonly LoopSource[]

/**
 * Tells the planner what there is and then every change, and which Routes are not (or no longer) for this router. Call it when the
 * caches are synced. Returns the way to stop.
 */
export function feed(caches: Caches, planner: Planner, leave: (route: Route) => void): () => void {
  const { shard } = caches
  const put = (route: Route): void => {
    if (admits(shard, route)) planner.put(route)
    else {
      planner.remove(keyOf(route))
      leave(route)
    }
  }
  const setFiles = (): void => planner.setFiles(adminFiles(caches))
  for (const route of caches.routes.list()) put(route)
  setFiles()
  planner.setDefaultCertificate(defaultCertificate(caches.secrets.list()[0]))
  planner.setServiceCa(serviceAuthority(caches.authorities.list()[0]))
  const stops = [
    caches.routes.onChange(({ type, object }) => (type === 'deleted' ? planner.remove(keyOf(object)) : put(object))),
    caches.services.onChange(({ object }) => planner.touch(keyOf(object))),
    caches.slices.onChange(({ object, old }) => {
      for (const slice of old ? [old, object] : [object]) for (const key of sliceService(slice)) planner.touch(key)
    }),
    caches.secrets.onChange(({ type, object }) =>
      planner.setDefaultCertificate(type === 'deleted' ? undefined : defaultCertificate(object)),
    ),
    caches.authorities.onChange(({ type, object }) =>
      planner.setServiceCa(type === 'deleted' ? undefined : serviceAuthority(object)),
    ),
    caches.external.onChange(planner.touchSecret),
    caches.pages?.onChange(setFiles) ?? nothing,
    caches.clientAuthorities?.onChange(setFiles) ?? nothing,
    caches.revocations?.onChange(setFiles) ?? nothing,
    () => caches.revocations?.close(),
    shard.namespaces?.onChange(({ object }) => {
      for (const route of caches.routes.list(object.metadata.name)) put(route)
    }) ?? nothing,
  ]
  return () => {
    for (const stop of stops) stop()
  }
}

/** PEM, or undefined when the Secret is absent or not a pair of certificate and key. */
export function defaultCertificate(secret: Secret | undefined): string | undefined {
  const read = secret && readCertificate(pairOf(secret))
  return !read || typeof read === 'string' ? undefined : read.pem
}

const nothing = (): void => {}

function adminFiles({ pages, clientAuthorities, revocations }: Caches): AdminFiles {
  const data = pages?.list()[0]?.data ?? {}
  const page503 = readPage(data['error-page-503.http'])
  const page404 = readPage(data['error-page-404.http'])
  const authorities = readAuthorities(clientAuthorities?.list()[0]?.data?.['ca-bundle.pem'] ?? '')
  revocations?.follow(authorities)
  const revoked = revocations?.lists()
  return {
    ...(page503 === undefined ? {} : { page503 }),
    ...(page404 === undefined ? {} : { page404 }),
    ...(authorities === undefined ? {} : { clientAuthorities: authorities }),
    ...(revoked === undefined ? {} : { clientRevocations: revoked }),
  }
}

const serviceAuthority = (config: ConfigMap | undefined): string | undefined =>
  readAuthorities(config?.data?.['service-ca.crt'] ?? '')

/** A router asks whether a Service is there, for its ports, and where it is reached. */
const trimService = ({ apiVersion, kind, metadata, spec, status }: Service): Service => ({
  apiVersion,
  kind,
  metadata: { ...identity(metadata), ...idling(metadata) },
  spec: {
    ...(spec.ports ? { ports: spec.ports.map(({ name, port }) => ({ port, ...(name ? { name } : {}) })) } : {}),
    ...(spec.externalIPs ? { externalIPs: spec.externalIPs } : {}),
  },
  ...(status?.loadBalancer?.ingress ? { status: { loadBalancer: status.loadBalancer } } : {}),
})

const idling = ({ annotations = {} }: Service['metadata']): Pick<Service['metadata'], 'annotations'> => {
  const found = Object.entries(annotations).filter(([name]) => name === IDLED_AT || name === UNIDLED_AT)
  return found.length > 0 ? { annotations: Object.fromEntries(found) } : {}
}

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
