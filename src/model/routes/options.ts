import { UserError } from '../../lib/errors.ts'
import type { RouterSettings } from './settings.ts'
import type { ForwardedPolicy, RouterPolicy } from './types.ts'

/** How one router of an IngressController runs: what its operator writes into the Deployment's arguments. */
export interface RouterOptions {
  /** The IngressController's name. */
  readonly controller: string
  readonly domain: string
  /** "namespace/name" of a Secret of type kubernetes.io/tls. */
  readonly defaultCertificate: string
  readonly namespaceOwnership: 'Strict' | 'InterNamespaceAllowed'
  readonly wildcards: boolean
  readonly httpPort: number
  readonly httpsPort: number
  readonly statsPort: number
  /** An upper bound: no more than the machine has. */
  readonly threads: number
  /** An upper bound: lowered where the machine allows fewer open files. */
  readonly maxConnections: number
  /** A name under which the same Routes answer, for example apps.x.localhost for apps.x.test. */
  readonly alias?: string
  readonly accessLog: boolean
  /** What is told of clients to pods, unless a Route says otherwise. */
  readonly forwarded: ForwardedPolicy
  /** Clients are offered HTTP/2 at Routes whose certificate is theirs alone; pods that encrypt are offered it too. */
  readonly http2: boolean
  /** Clients are offered it at all Routes; a request for another host than its connection was made for is answered 421. */
  readonly http2Always: boolean
  /** "namespace/name" of a ConfigMap whose service-ca.crt signs the cluster's serving certificates. */
  readonly serviceCa: string
  /** "namespace/name" of a Secret with statsUsername and statsPassword; where it is empty, anybody may read metrics. */
  readonly statsSecret: string
  /** Ingresses of its classes are served too. */
  readonly ingress: boolean
  /** "namespace/name" of the Service whose addresses stand in the status of Ingresses; the router's own name where it is empty. */
  readonly publishService: string
  /** Who asks for a host that nobody claims is answered 404, as clusters without Routes have it; 503 on OKD. */
  readonly notFound: boolean
  readonly settings: RouterSettings
}

/** OKD's defaults. */
export const ROUTER_DEFAULTS: RouterOptions = {
  controller: 'default',
  domain: 'apps.fairlead.test',
  defaultCertificate: 'openshift-ingress/router-certs-default',
  namespaceOwnership: 'Strict',
  wildcards: false,
  httpPort: 80,
  httpsPort: 443,
  statsPort: 1936,
  threads: 4,
  maxConnections: 50_000,
  accessLog: true,
  forwarded: 'append',
  http2: false,
  http2Always: false,
  serviceCa: 'openshift-ingress/service-ca-bundle',
  statsSecret: '',
  ingress: true,
  publishService: '',
  notFound: false,
  settings: {},
}

export const policyOf = (options: RouterOptions): RouterPolicy => ({
  name: options.controller,
  domain: options.domain,
  canonicalHostname: `router-${options.controller}.${options.domain}`,
  namespaceOwnership: options.namespaceOwnership,
  wildcards: options.wildcards,
  http2: options.http2,
  ...(options.settings.balance ? { balance: options.settings.balance } : {}),
})

type Key = keyof RouterOptions
const HELP: Readonly<Record<Key, string>> = {
  controller: "the IngressController's name",
  domain: 'hosts that are generated end in it',
  defaultCertificate: 'namespace/name of a Secret of type kubernetes.io/tls',
  namespaceOwnership: 'Strict or InterNamespaceAllowed: who may share a host',
  wildcards: 'true: Routes with wildcardPolicy Subdomain are served',
  httpPort: 'where it listens for HTTP',
  httpsPort: 'where it listens for TLS',
  statsPort: 'where health and metrics are',
  threads: "of HAProxy; no more than the machine's processors",
  maxConnections: 'no more than the limit of open files allows',
  alias: 'a domain under which the same Routes answer',
  accessLog: 'each request on stdout, as JSON',
  forwarded: 'append, replace, if-none or never: what pods are told of clients',
  http2: 'offered at Routes whose certificate is theirs alone, and to pods that encrypt',
  http2Always: 'offered at all Routes; 421 for requests of another connection',
  serviceCa: 'namespace/name of a ConfigMap whose service-ca.crt signs serving certificates',
  statsSecret: 'namespace/name of a Secret with statsUsername and statsPassword; metrics are for anybody without',
  ingress: 'Ingresses of its classes are served too',
  publishService: 'namespace/name of the Service whose addresses stand in the status of Ingresses',
  notFound: 'true: 404 for hosts that nobody claims, in place of 503',
  settings: 'what else an IngressController says, as JSON; its operator writes it',
}
const KEYS = Object.keys(HELP) as readonly Key[]
const nameOf = (key: Key): string => key.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
const flagOf = (key: Key): string => `--${nameOf(key)}`

/** Of each argument, without its dashes, what it means. */
export const routerHelp = (): Readonly<Record<string, string>> =>
  Object.fromEntries(KEYS.map(key => [nameOf(key), `${HELP[key]}${defaultOf(key)}`]))

function defaultOf(key: Key): string {
  const value = ROUTER_DEFAULTS[key]
  return value === undefined || value === '' || typeof value === 'object' ? '' : ` (default: ${value})`
}

/** Arguments that `parseRouterArgs` reads back; in a fixed order, so that equal options make an equal Deployment. */
export const routerArgs = (options: RouterOptions): readonly string[] =>
  KEYS.filter(key => options[key] !== undefined).map(
    key => `${flagOf(key)}=${key === 'settings' ? JSON.stringify(options.settings) : options[key]}`,
  )

/** `--key=value` each; what is not given has its default. Throws UserError. */
export function parseRouterArgs(args: readonly string[]): RouterOptions {
  const options: Record<string, unknown> = { ...ROUTER_DEFAULTS }
  for (const arg of args) {
    const equals = arg.indexOf('=')
    const key = KEYS.find(candidate => equals > 0 && flagOf(candidate) === arg.slice(0, equals))
    if (!key) throw badArgument(arg, `use ${KEYS.map(flagOf).join('=..., ')}=...`)
    options[key] = parseValue(key, arg.slice(equals + 1), arg)
  }
  return options as unknown as RouterOptions
}

function parseValue(key: Key, text: string, arg: string): string | number | boolean | object {
  if (key === 'settings') return parseSettings(text, arg)
  const example = ROUTER_DEFAULTS[key]
  if (typeof example === 'number') {
    if (!/^\d{1,7}$/.test(text) || Number(text) < 1) throw badArgument(arg, 'give a whole number above 0')
    return Number(text)
  }
  if (typeof example === 'boolean') {
    if (text !== 'true' && text !== 'false') throw badArgument(arg, 'give true or false')
    return text === 'true'
  }
  if (key === 'namespaceOwnership' && text !== 'Strict' && text !== 'InterNamespaceAllowed')
    throw badArgument(arg, 'give Strict or InterNamespaceAllowed')
  if (key === 'forwarded' && !POLICIES.includes(text)) throw badArgument(arg, `give ${POLICIES.join(', ')}`)
  return text
}

/** The operator writes it; its fields were checked where the IngressController was read. */
function parseSettings(text: string, arg: string): object {
  try {
    const settings: unknown = JSON.parse(text)
    if (typeof settings === 'object' && settings !== null && !Array.isArray(settings)) return settings
  } catch {}
  throw badArgument(arg.slice(0, 80), 'give a JSON object')
}

const POLICIES: readonly string[] = ['append', 'replace', 'if-none', 'never'] satisfies readonly ForwardedPolicy[]

const badArgument = (arg: string, hint: string): UserError =>
  new UserError('RouterArgument', `the router does not understand ${JSON.stringify(arg)}`, { hint })
