import { UserError } from '../../lib/errors.ts'
import type { RouterPolicy } from './types.ts'

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
}

export const policyOf = (options: RouterOptions): RouterPolicy => ({
  name: options.controller,
  domain: options.domain,
  canonicalHostname: `router-${options.controller}.${options.domain}`,
  namespaceOwnership: options.namespaceOwnership,
  wildcards: options.wildcards,
})

type Key = keyof RouterOptions
const KEYS: readonly Key[] = [...(Object.keys(ROUTER_DEFAULTS) as Key[]), 'alias']
const flagOf = (key: Key): string => `--${key.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`

/** Arguments that `parseRouterArgs` reads back; in a fixed order, so that equal options make an equal Deployment. */
export const routerArgs = (options: RouterOptions): readonly string[] =>
  KEYS.filter(key => options[key] !== undefined).map(key => `${flagOf(key)}=${options[key]}`)

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

function parseValue(key: Key, text: string, arg: string): string | number | boolean {
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
  return text
}

const badArgument = (arg: string, hint: string): UserError =>
  new UserError('RouterArgument', `the router does not understand ${JSON.stringify(arg)}`, { hint })
