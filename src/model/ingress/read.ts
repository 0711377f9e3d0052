import type { HTTPIngressPath, Ingress, IngressBackend } from '../../api/networking/ingress.ts'
import { pairOf } from '../routes/certificate.ts'
import { ANY_HOST, hostProblem, pathProblem, quoted } from '../routes/host.ts'
import { currentCertificate, type SecretView } from '../routes/read.ts'
import type { Certificate, RouteFacts } from '../routes/types.ts'
import type { Dialect } from './classes.ts'
import { type CanaryShare, readNginx } from './nginx.ts'
import { readBackendTls } from './nginx-backend-tls.ts'
import type { Canary, CanaryPlace } from './nginx-canary.ts'
import { withNginx } from './nginx-claims.ts'

/** What an Ingress asks for: one claim for each host and path. Every string in it is checked. */
export interface IngressReading {
  readonly claims: readonly RouteFacts[]
  /** One sentence for each thing that cannot be done. */
  readonly warnings: readonly string[]
  /** It claims nothing, but takes a share of what another Ingress claims. */
  readonly canary?: Canary
}

/** Reads an Ingress as the specification has it: networking.k8s.io/v1. */
export function readIngress(ingress: Ingress, view: SecretView, dialect: Dialect = 'plain'): IngressReading {
  const { metadata, spec } = ingress
  const warnings: string[] = []
  const warn = (text: string): void => void warnings.push(text)
  const namespace = metadata.namespace ?? ''
  if (hostProblem(namespace) || hostProblem(metadata.name))
    return { claims: [], warnings: ['metadata.name is not a DNS name'] }
  const nginx = dialect === 'nginx' ? readNginx(metadata.annotations) : undefined
  if (nginx?.canary) {
    for (const text of nginx.warnings) warn(text)
    return { claims: [], canary: canaryOf(ingress, nginx.canary, warn), warnings }
  }
  const wishes = [...rulesOf(ingress, nginx?.regex === true, warn), ...fallbacksOf(ingress, warn)]
  const hosts = new Map<string, HostTls>()
  const tlsOf = (host: string): HostTls => {
    const known = hosts.get(host) ?? tlsAt(ingress, host, view, warn)
    hosts.set(host, known)
    return known
  }
  const key = `${namespace}/${metadata.name}`
  for (const text of nginx?.warnings ?? []) warn(text)
  const all = withTlsHosts(ingress, wishes)
  const pods = nginx && readBackendTls(nginx.backendTls, namespace, view)
  if (pods && 'problem' in pods) warn(`${pods.problem}; nobody is served`)
  const claims = (nginx ? withNginx(all, nginx, key, ingress, warn) : all).map(
    (wish, index): RouteFacts => ({
      // Of claims of one Ingress the first stands: their keys are in their order.
      key: `${key}#${String(index).padStart(5, '0')}`,
      ingress: key,
      namespace,
      name: metadata.name,
      uid: metadata.uid,
      created: metadata.creationTimestamp,
      termination: 'edge',
      insecure: 'Allow',
      balance: 'roundrobin',
      disableCookies: true,
      ...wish,
      ...tlsOf(wish.host),
      ...(pods && 'problem' in pods ? { ...pods.facts, web: { closed: true } } : pods),
    }),
  )
  for (const { secretName } of spec?.tls ?? [])
    if (secretName && hostProblem(secretName)) warn('spec.tls names no Secret')
  return { claims, warnings: [...new Set(warnings)] }
}

function canaryOf(ingress: Ingress, share: CanaryShare, warn: Warn): Canary {
  const { namespace = '', name, creationTimestamp } = ingress.metadata
  if (ingress.spec?.defaultBackend) warn('the default backend of a canary takes no requests')
  const places = rulesOf(ingress, true, warn).flatMap(({ host, path, exact = false, targets, port = '' }) =>
    targets.map(({ service }): CanaryPlace => ({ host, path, exact, service, port })),
  )
  return { key: `${namespace}/${name}`, namespace, created: creationTimestamp, share, places }
}

/** What becomes of one path of one host. */
export type Wish = Pick<RouteFacts, 'host' | 'path' | 'targets'> & Partial<RouteFacts>
type Warn = (text: string) => void

const MAX_CLAIMS = 2000

function rulesOf(ingress: Ingress, regex: boolean, warn: Warn): readonly Wish[] {
  const wishes: Wish[] = []
  for (const { host: text = '', http } of ingress.spec?.rules ?? []) {
    const host = text.toLowerCase() || ANY_HOST
    const problem = host === ANY_HOST ? undefined : hostProblem(host.startsWith('*.') ? host.slice(2) : host)
    if (problem !== undefined) warn(`host ${quoted(host)} ${problem}`)
    else for (const path of http?.paths ?? []) wishes.push(...pathOf(ingress, host, { ...path, regex }, warn))
  }
  if (wishes.length > MAX_CLAIMS) warn(`only the first ${MAX_CLAIMS} paths are served`)
  return wishes.slice(0, MAX_CLAIMS)
}

/**
 * ImplementationSpecific is read as Prefix. A path of elements has no slash at its end: /foo/ means what /foo does. `regex`: the text is
 * kept for the dialect that knows expressions.
 */
function pathOf(
  ingress: Ingress,
  host: string,
  { path = '', pathType, backend, regex }: HTTPIngressPath & { readonly regex: boolean },
  warn: Warn,
): readonly Wish[] {
  const isPattern = regex && pathType !== 'Exact'
  const problem = pathProblem(isPattern ? path.replaceAll('?', '') : path)
  if (problem !== undefined) {
    warn(`path ${quoted(path)} ${problem}`)
    return []
  }
  const where =
    pathType === 'Exact' ? { path: path || '/', exact: true } : { path: isPattern ? path : path.replace(/\/+$/, '') }
  return [{ host, ...where, ...targetOf(ingress, backend, warn) }]
}

/**
 * The default backend takes what is left of the hosts of its Ingress, and of hosts that nobody claims. Of another Ingress's host it takes
 * nothing: what one tenant does not serve is not another's to see.
 */
function fallbacksOf(ingress: Ingress, warn: Warn): readonly Wish[] {
  const { defaultBackend, rules = [] } = ingress.spec ?? {}
  if (!defaultBackend) return []
  const target = targetOf(ingress, defaultBackend, warn)
  const hosts = rules
    .map(({ host = '' }) => host.toLowerCase())
    .filter(host => host && !hostProblem(host.replace(/^\*\./, '')))
  return [...new Set([...hosts, ANY_HOST])].map(host => ({ host, path: '', fallback: true, ...target }))
}

function targetOf(
  { metadata }: Ingress,
  { service, resource }: IngressBackend,
  warn: Warn,
): Pick<Wish, 'targets' | 'port'> {
  if (resource) warn(`backends that are no Service are not served: ${quoted(`${resource.kind}/${resource.name}`)}`)
  if (!service) return { targets: [] }
  const { name, number } = service.port ?? {}
  if (hostProblem(service.name)) {
    warn(`${quoted(service.name)} is not a Service's name`)
    return { targets: [] }
  }
  return {
    targets: [{ service: `${metadata.namespace}/${service.name}`, weight: 1 }],
    port: `:${name || number || ''}`,
  }
}

/** A name that only spec.tls has is served as rules without a host are, under its own certificate. */
function withTlsHosts({ spec }: Ingress, wishes: readonly Wish[]): readonly Wish[] {
  const known = new Set(wishes.map(({ host }) => host))
  const named = (spec?.tls ?? []).flatMap(({ hosts = [] }) => hosts.map(host => host.toLowerCase()))
  const added = [...new Set(named)].filter(host => !known.has(host) && !hostProblem(host.replace(/^\*\./, '')))
  const general = wishes.filter(({ host }) => host === ANY_HOST)
  return [...wishes, ...added.flatMap(host => general.map(wish => ({ ...wish, host })))]
}

type HostTls = Pick<RouteFacts, 'certificate' | 'externalSecret'>

/** The Secret whose entry names the host, else one whose entry names none. Without a good one clients see the default certificate. */
function tlsAt({ metadata, spec }: Ingress, host: string, view: SecretView, warn: Warn): HostTls {
  const entries = (spec?.tls ?? []).filter(({ secretName }) => secretName && !hostProblem(secretName))
  const named = (hosts: readonly string[], wanted: string): boolean => hosts.some(one => one.toLowerCase() === wanted)
  const entry =
    entries.find(({ hosts = [] }) => named(hosts, host)) ??
    entries.find(({ hosts = [] }) => named(hosts, `*${host.slice(host.indexOf('.'))}`)) ??
    entries.find(({ hosts = [] }) => hosts.length === 0)
  if (!entry || host === ANY_HOST) return {}
  const externalSecret = `${metadata.namespace}/${entry.secretName}`
  const certificate = certificateOf(externalSecret, view)
  if (typeof certificate !== 'string') return { externalSecret, certificate }
  warn(`Secret ${externalSecret} ${certificate}; the default certificate is shown instead`)
  return { externalSecret }
}

function certificateOf(key: string, view: SecretView): Certificate | string {
  const secret = view.secret(key)
  if (!secret) return 'cannot be read'
  const read = currentCertificate(view, pairOf(secret))
  return typeof read === 'string' ? `is not served: ${read.replaceAll('spec.tls.', '')}` : read
}
