import type { Secret } from '../../api/core/secret.ts'
import type { Route, RouteTargetReference, TLSConfig } from '../../api/route/route.ts'
import { readAnnotations } from './annotations.ts'
import {
  type CertificateText,
  expiryProblem,
  MAX_AUTHORITIES,
  pairOf,
  readAuthorities,
  readCertificate,
} from './certificate.ts'
import { readHeaders } from './headers.ts'
import { hostProblem, pathProblem, quoted, wildcardOf } from './host.ts'
import type {
  Certificate,
  InsecurePolicy,
  Rejection,
  RejectionReason,
  RouteFacts,
  RouterPolicy,
  RouteTarget,
  Termination,
} from './types.ts'

/** A Route that claims a host, or why it cannot. */
export type Reading = { readonly facts: RouteFacts } | { readonly rejection: Rejection }

/** The host a router serves a Route at; empty when it has none. Source: OKD's router, which fills in a subdomain in memory. */
export function hostOf(route: Route, policy: Pick<RouterPolicy, 'domain'>): string {
  const { host, subdomain } = route.spec
  if (host) return host.toLowerCase()
  return subdomain ? `${subdomain}.${policy.domain}`.toLowerCase() : ''
}

/** The Secrets of external certificates, by "namespace/name". */
export interface SecretView {
  secret(key: string): Secret | undefined
  /** ms since 1970; without it no certificate is expired. */
  now?(): number
}

const NO_SECRETS: SecretView = { secret: () => undefined }

/** Checks every string of a Route that could reach a router's program. */
export function readRoute(route: Route, policy: RouterPolicy, view: SecretView = NO_SECRETS): Reading {
  const host = hostOf(route, policy)
  if (host === '') return rejected('NoHostValue', 'no host value was defined for the route')
  const problem = hostProblem(host)
  if (problem !== undefined) return rejected('InvalidHost', `host ${quoted(host)} ${problem}`)
  const isWildcard = route.spec.wildcardPolicy === 'Subdomain'
  if (isWildcard && !policy.wildcards) return rejected('RouteNotAdmitted', 'wildcard routes are not allowed')
  return { facts: factsOf(route, isWildcard ? wildcardOf(host) : host, view) }
}

const rejected = (reason: RejectionReason, message: string): Reading => ({ rejection: { reason, message } })

function factsOf(route: Route, host: string, view: SecretView): RouteFacts {
  const { metadata, spec } = route
  const namespace = metadata.namespace ?? ''
  const tls = tlsOf(route, view)
  const problem = pathProblem(spec.path ?? '')
  const wrongPath = problem === undefined ? undefined : failed(`spec.path ${problem}`)
  const { settings, warnings, problems } = readAnnotations(metadata.annotations)
  const headers = tls.termination === 'passthrough' ? undefined : readHeaders(spec.httpHeaders)
  const wrongHeaders = typeof headers === 'string' ? failed(`spec.httpHeaders ${headers}`) : undefined
  const targets = targetsOf(namespace, [spec.to, ...(spec.alternateBackends ?? [])])
  const fault = nameFault(namespace, metadata.name) ?? targetFault(targets) ?? wrongPath ?? tls.fault ?? wrongHeaders
  return {
    key: `${namespace}/${metadata.name}`,
    namespace,
    name: metadata.name,
    uid: metadata.uid,
    created: metadata.creationTimestamp,
    host,
    path: tls.termination === 'passthrough' ? '' : (spec.path ?? ''),
    insecure: (spec.tls?.insecureEdgeTerminationPolicy || 'None') as InsecurePolicy,
    targets,
    ...(spec.port ? { port: spec.port.targetPort } : {}),
    ...settings,
    ...tls,
    ...(headers && typeof headers !== 'string' ? { headers } : {}),
    ...(warnings.length > 0 ? { warnings } : {}),
    ...(problems.length > 0 ? { problems } : {}),
    ...(fault ? { fault } : {}),
  }
}

const failed = (message: string): Rejection => ({ reason: 'ExtendedValidationFailed', message })

/** The API checks names; a router that serves another API's objects relies on nothing. */
const nameFault = (namespace: string, name: string): Rejection | undefined =>
  hostProblem(namespace) || hostProblem(name) ? failed('metadata.name is not a DNS name') : undefined

/** No Service can have such a name, and names of Services stand in a router's maps. */
function targetFault(targets: readonly RouteTarget[]): Rejection | undefined {
  const wrong = targets.map(({ service }) => service.slice(service.indexOf('/') + 1)).find(hostProblem)
  return wrong === undefined ? undefined : failed(`spec.to names ${quoted(wrong)}, which is not a Service's name`)
}

type TlsFacts = Pick<RouteFacts, 'termination' | 'certificate' | 'destinationCa' | 'externalSecret' | 'fault'>

function tlsOf(route: Route, view: SecretView): TlsFacts {
  const { tls } = route.spec
  if (!tls) return { termination: 'http' }
  const termination = (tls.termination || (tls.destinationCACertificate ? 'reencrypt' : 'edge')) as Termination
  if (!TERMINATIONS.includes(termination))
    return { termination: 'edge', fault: failed(`spec.tls.termination ${quoted(tls.termination)} is not served`) }
  if (termination === 'passthrough') return { termination }
  const destinationCa = tls.destinationCACertificate ? readAuthorities(tls.destinationCACertificate) : undefined
  const wrongCa =
    termination === 'reencrypt' && tls.destinationCACertificate && destinationCa === undefined
      ? failed(`spec.tls.destinationCACertificate is not a PEM certificate, nor up to ${MAX_AUTHORITIES} of them`)
      : undefined
  const own = ownCertificate(route, tls, view)
  const fault = own.fault ?? wrongCa
  return {
    termination,
    ...own,
    ...(termination === 'reencrypt' && destinationCa ? { destinationCa } : {}),
    ...(fault ? { fault } : {}),
  }
}

const TERMINATIONS: readonly Termination[] = ['edge', 'reencrypt', 'passthrough']

function ownCertificate(
  { metadata }: Route,
  tls: TLSConfig,
  view: SecretView,
): Pick<RouteFacts, 'certificate' | 'externalSecret' | 'fault'> {
  const name = tls.externalCertificate?.name
  if (name) return externalCertificate(`${metadata.namespace}/${name}`, view)
  if (!tls.certificate && !tls.key) return {}
  const read = currentCertificate(view, {
    certificate: tls.certificate ?? '',
    key: tls.key ?? '',
    ...(tls.caCertificate ? { caCertificate: tls.caCertificate } : {}),
  })
  return typeof read === 'string' ? { fault: failed(read) } : { certificate: read }
}

/** The text says what is wrong. One that expired before it was read is as good as none; one that expires while it is shown is shown on. */
export function currentCertificate({ now }: SecretView, text: CertificateText): Certificate | string {
  const read = readCertificate(text)
  return typeof read === 'string' || !now ? read : (expiryProblem(read, now()) ?? read)
}

/** Fails closed: without its Secret a Route is not served, rather than shown under another certificate. */
function externalCertificate(
  externalSecret: string,
  view: SecretView,
): Pick<RouteFacts, 'certificate' | 'externalSecret' | 'fault'> {
  const secret = view.secret(externalSecret)
  const refuse = (reason: RejectionReason, message: string) => ({ externalSecret, fault: { reason, message } })
  if (!secret) return refuse('ExternalCertificateGetFailed', `secret ${quoted(externalSecret)} cannot be read`)
  if (secret.type !== 'kubernetes.io/tls')
    return refuse('ExternalCertificateValidationFailed', `secret of type "kubernetes.io/tls" required`)
  const read = currentCertificate(view, pairOf(secret))
  return typeof read === 'string'
    ? refuse('ExternalCertificateValidationFailed', read.replaceAll('spec.tls.', `secret ${quoted(externalSecret)} `))
    : { externalSecret, certificate: read }
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
