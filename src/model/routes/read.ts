import type { Route, RouteTargetReference } from '../../api/route/route.ts'
import { balanceOf, timeoutOf } from './annotations.ts'
import { readCertificate } from './certificate.ts'
import { hostProblem, pathProblem, quoted, wildcardOf } from './host.ts'
import type {
  Certificate,
  InsecurePolicy,
  Rejection,
  RejectionReason,
  RouteFacts,
  RouterPolicy,
  RouteTarget,
} from './types.ts'

/** A Route that claims a host, or why it cannot. */
export type Reading = { readonly facts: RouteFacts } | { readonly rejection: Rejection }

/** The host a router serves a Route at; empty when it has none. Source: OKD's router, which fills in a subdomain in memory. */
export function hostOf(route: Route, policy: Pick<RouterPolicy, 'domain'>): string {
  const { host, subdomain } = route.spec
  if (host) return host.toLowerCase()
  return subdomain ? `${subdomain}.${policy.domain}`.toLowerCase() : ''
}

/** Checks every string of a Route that could reach a router's program. */
export function readRoute(route: Route, policy: RouterPolicy): Reading {
  const host = hostOf(route, policy)
  if (host === '') return rejected('NoHostValue', 'no host value was defined for the route')
  const problem = hostProblem(host)
  if (problem !== undefined) return rejected('InvalidHost', `host ${quoted(host)} ${problem}`)
  const isWildcard = route.spec.wildcardPolicy === 'Subdomain'
  if (isWildcard && !policy.wildcards) return rejected('RouteNotAdmitted', 'wildcard routes are not allowed')
  return { facts: factsOf(route, isWildcard ? wildcardOf(host) : host) }
}

const rejected = (reason: RejectionReason, message: string): Reading => ({ rejection: { reason, message } })

function factsOf(route: Route, host: string): RouteFacts {
  const { metadata, spec } = route
  const namespace = metadata.namespace ?? ''
  const { certificate, fault } = tlsOf(route)
  const problem = pathProblem(spec.path ?? '')
  const wrongPath = problem === undefined ? undefined : failed(`spec.path ${problem}`)
  const balance = balanceOf(metadata.annotations)
  const timeoutMs = timeoutOf(metadata.annotations)
  const broken = nameFault(namespace, metadata.name) ?? wrongPath ?? fault
  return {
    key: `${namespace}/${metadata.name}`,
    namespace,
    name: metadata.name,
    uid: metadata.uid,
    created: metadata.creationTimestamp,
    host,
    path: spec.path ?? '',
    termination: spec.tls ? 'edge' : 'http',
    insecure: (spec.tls?.insecureEdgeTerminationPolicy || 'None') as InsecurePolicy,
    targets: targetsOf(namespace, [spec.to, ...(spec.alternateBackends ?? [])]),
    ...(spec.port ? { port: spec.port.targetPort } : {}),
    ...(balance === undefined ? {} : { balance }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(certificate ? { certificate } : {}),
    ...(broken ? { fault: broken } : {}),
  }
}

const failed = (message: string): Rejection => ({ reason: 'ExtendedValidationFailed', message })

/** The API checks names; a router that serves another API's objects relies on nothing. */
const nameFault = (namespace: string, name: string): Rejection | undefined =>
  hostProblem(namespace) || hostProblem(name) ? failed('metadata.name is not a DNS name') : undefined

function tlsOf({ spec: { tls } }: Route): { readonly certificate?: Certificate; readonly fault?: Rejection } {
  if (!tls) return {}
  if ((tls.termination || 'edge') !== 'edge')
    return { fault: failed(`spec.tls.termination ${quoted(tls.termination)} is not served`) }
  if (tls.externalCertificate?.name) return { fault: failed('spec.tls.externalCertificate is not served') }
  if (!tls.certificate && !tls.key) return {}
  const read = readCertificate({
    certificate: tls.certificate ?? '',
    key: tls.key ?? '',
    ...(tls.caCertificate ? { caCertificate: tls.caCertificate } : {}),
  })
  return typeof read === 'string' ? { fault: failed(read) } : { certificate: read }
}

/** A Service named twice counts once, with its first weight. Absent weights are the API's default. */
function targetsOf(namespace: string, references: readonly RouteTargetReference[]): readonly RouteTarget[] {
  const targets = new Map<string, RouteTarget>()
  for (const { name, weight } of references) {
    const service = `${namespace}/${name}`
    if (!targets.has(service))
      targets.set(service, { service, weight: Math.min(256, Math.max(0, Math.trunc(weight ?? 100))) })
  }
  return [...targets.values()]
}
