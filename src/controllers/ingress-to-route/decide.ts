import type { Secret } from '../../api/core/secret.ts'
import type { Service } from '../../api/core/service.ts'
import type { HTTPIngressPath, Ingress, IngressRule } from '../../api/networking/ingress.ts'
import type { IngressClass } from '../../api/networking/ingress-class.ts'
import type { Route, RouteSpec } from '../../api/route/route.ts'
import type { Draft } from '../../client/mod.ts'
import { classNameOf, TO_ROUTES } from '../../model/ingress/classes.ts'
import { tlsOf } from './tls.ts'

const RECONCILE_LABELS = 'route.openshift.io/reconcile-labels'
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

/** What the decision depends on beside the Ingress. */
export interface IngressView {
  ingressClass(name: string): IngressClass | undefined
  service(key: { readonly namespace: string; readonly name: string }): Service | undefined
  secret(key: { readonly namespace: string; readonly name: string }): Secret | undefined
}

export interface IngressDecision {
  readonly create: readonly Draft<Route>[]
  readonly update: readonly Route[]
  readonly remove: readonly Route[]
  /** Undefined when the status is none of ours. */
  readonly hostnames?: readonly string[]
  /** Reason and message of each thing that cannot be carried out. */
  readonly warnings: readonly (readonly [reason: string, message: string])[]
}

/**
 * The Routes of one Ingress: one for each host and path. `owned`: the Routes that it controls at present. Source: OKD's
 * route-controller-manager, whose limits these are too: no exact paths, no rules without a host, no default backend.
 */
export function decide(ingress: Ingress, owned: readonly Route[], view: IngressView): IngressDecision {
  if (!isOurs(ingress, view))
    return { create: [], update: [], remove: isForeign(ingress, view) ? owned : [], warnings: [] }
  const warnings: [string, string][] = []
  const skipped = (message: string): void => void warnings.push(['IncompleteIngressToRouteRules', message])
  const left = new Set(owned)
  const create: Draft<Route>[] = []
  const update: Route[] = []
  for (const wanted of wantedRoutes(ingress, view, skipped)) {
    const existing = [...left].find(route => isSameTarget(route.spec, wanted.spec))
    if (existing) left.delete(existing)
    if (!existing) create.push(wanted)
    else {
      const next = adjusted(existing, wanted, ingress)
      if (!isEqual(next, existing)) update.push(next)
    }
  }
  if (ingress.spec?.defaultBackend) skipped('a default backend is not supported')
  return { create, update, remove: [...left], hostnames: hostnamesOf(owned), warnings }
}

/** A class of its own, or none. */
function isOurs(ingress: Ingress, view: IngressView): boolean {
  const name = classNameOf(ingress)
  return name === undefined || view.ingressClass(name)?.spec?.controller === TO_ROUTES
}

/** Of a class that is another's, in so many words; a class that is missing may come back. */
const isForeign = (ingress: Ingress, view: IngressView): boolean =>
  view.ingressClass(classNameOf(ingress) ?? '') !== undefined

type Skipped = (message: string) => void

function wantedRoutes(ingress: Ingress, view: IngressView, skipped: Skipped): readonly Draft<Route>[] {
  return (ingress.spec?.rules ?? []).flatMap((rule, index) => {
    const paths = rule.http?.paths ?? []
    if (paths.length === 0) skipped(`rule ${index} has no paths`)
    else if (!rule.host) skipped(`rule ${index} has no host`)
    else return paths.flatMap(path => routeOf(ingress, rule, path, view, skipped) ?? [])
    return []
  })
}

function routeOf(
  ingress: Ingress,
  rule: IngressRule,
  path: HTTPIngressPath,
  view: IngressView,
  skipped: Skipped,
): Draft<Route> | undefined {
  const { namespace = '', name, annotations = {}, labels, uid } = ingress.metadata
  const where = `${rule.host}${path.path ?? ''}`
  if (path.pathType === 'Exact') return void skipped(`${where}: paths of type Exact are not supported`)
  const backend = path.backend.service
  if (!backend) return void skipped(`${where}: the backend is not a Service`)
  const service = view.service({ namespace, name: backend.name })
  if (!service) return void skipped(`${where}: there is no Service ${backend.name}`)
  const port = portOf(service, backend.port)
  if (port === undefined) return void skipped(`${where}: Service ${backend.name} has no such port`)
  const tls = tlsOf(ingress, rule.host ?? '', path, view)
  if (typeof tls === 'string') return void skipped(`${where}: ${tls}`)
  const isWildcard = rule.host?.startsWith('*.')
  const { [LAST_APPLIED]: _, ...copied } = annotations
  return {
    metadata: {
      namespace,
      generateName: `${name}-`,
      ...(labels ? { labels } : {}),
      annotations: copied,
      ownerReferences: [{ apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', name, uid, controller: true }],
    },
    spec: {
      host: isWildcard ? `wildcard${rule.host!.slice(1)}` : rule.host!,
      ...(path.path ? { path: path.path } : {}),
      to: { kind: 'Service', name: backend.name, weight: 100 },
      wildcardPolicy: isWildcard ? 'Subdomain' : 'None',
      ...(port === '' ? {} : { port: { targetPort: port } }),
      ...(tls ? { tls } : {}),
    },
  } as Draft<Route>
}

/** The port's name; empty when the Service has one without a name; undefined when there is no such port. */
function portOf(
  { spec }: Service,
  wanted: { readonly name?: string; readonly number?: number } = {},
): string | undefined {
  const ports = spec.ports ?? []
  const port = ports.find(one => (wanted.name ? one.name === wanted.name : one.port === wanted.number))
  return port && (port.name ?? '')
}

const isSameTarget = (a: RouteSpec, b: RouteSpec): boolean =>
  a.host === b.host &&
  (a.path ?? '') === (b.path ?? '') &&
  (a.wildcardPolicy || 'None') === (b.wildcardPolicy || 'None')

/** What people change on such Routes stays: the weight, the chain above a certificate, the policy for plain HTTP. */
function adjusted(existing: Route, wanted: Draft<Route>, { metadata }: Ingress): Route {
  const { labels, annotations } = wanted.metadata
  const { tls } = wanted.spec
  const { caCertificate, insecureEdgeTerminationPolicy } = existing.spec.tls ?? {}
  const isRelabelled = metadata.annotations?.[RECONCILE_LABELS] === 'true'
  return {
    ...existing,
    metadata: {
      ...existing.metadata,
      ...(annotations ? { annotations } : {}),
      ...(isRelabelled && labels ? { labels } : {}),
    },
    spec: {
      ...wanted.spec,
      to: { ...wanted.spec.to, weight: existing.spec.to.weight ?? 100 },
      ...(tls
        ? {
            tls: {
              ...tls,
              ...(caCertificate ? { caCertificate } : {}),
              ...(insecureEdgeTerminationPolicy ? { insecureEdgeTerminationPolicy } : {}),
            },
          }
        : {}),
    },
  } as Route
}

const isEqual = (a: Route, b: Route): boolean => stable(a) === stable(b)
const stable = ({ metadata: { labels, annotations }, spec }: Route): string =>
  JSON.stringify([sorted(labels), sorted(annotations), sorted(spec)])

/** Keys in one order, at every depth. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  )
}

/** The names of the routers that have admitted one of the Routes. */
const hostnamesOf = (routes: readonly Route[]): readonly string[] =>
  [
    ...new Set(
      routes.flatMap(({ status }) =>
        (status?.ingress ?? [])
          .filter(({ conditions }) => conditions?.some(one => one.type === 'Admitted' && one.status === 'True'))
          .flatMap(({ routerCanonicalHostname }) => routerCanonicalHostname || []),
      ),
    ),
  ].sort()
