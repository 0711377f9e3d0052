import { type Cidr, cidr, cidrText, parseCidr } from '../../lib/cidr.ts'
import { familyOf, parseIp } from '../../lib/ip.ts'
import type { Balance, ForwardedPolicy, RateLimits, RouteProblem, RouteSettings, SameSite } from './types.ts'

const HAPROXY = 'haproxy.router.openshift.io/'
const ROUTER = 'router.openshift.io/'
/** HAProxy's largest time. */
const MAX_MS = 2_147_483_647
const UNITS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** OKD's TimeSpec: a whole number and a unit (none: ms), clipped to what HAProxy takes. Undefined when it is not one. */
export function parseTime(text: string): number | undefined {
  const match = /^([1-9][0-9]*)(us|ms|s|m|h|d)?$/.exec(text)
  if (!match) return undefined
  return Math.min(MAX_MS, Math.max(1, Math.round(Number(match[1]) * UNITS[match[2] ?? 'ms']!)))
}

export interface AnnotationReading {
  readonly settings: RouteSettings
  /** One sentence for each annotation that has no effect. */
  readonly warnings: readonly string[]
  readonly problems: readonly RouteProblem[]
}

type Annotations = Readonly<Record<string, string>>

/** The annotations of a Route that OKD's router honours, in its grammar: an invalid value means the default. */
export function readAnnotations(annotations: Annotations = {}): AnnotationReading {
  const settings: Record<string, unknown> = {}
  const warnings: string[] = []
  for (const [name, value] of Object.entries(annotations)) {
    const known = READERS[name]
    if (!known) {
      const warning = strangerWarning(name)
      if (warning) warnings.push(warning)
      continue
    }
    const read = known.read(value)
    if (read === undefined)
      warnings.push(`annotation ${name} has the value ${clipped(value)}, which is not ${known.grammar}`)
    else if (known.as) settings[known.as] = read
  }
  const rates = ratesOf(annotations)
  const { allow, problems } = allowOf(annotations)
  return { settings: { ...settings, ...(rates ? { rates } : {}), ...(allow ? { allow } : {}) }, warnings, problems }
}

const clipped = (text: string): string => JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}...` : text)

interface Reader {
  readonly as?: keyof RouteSettings
  readonly grammar: string
  readonly read: (text: string) => unknown
}

const TIME = { grammar: 'a time such as 30s', read: parseTime } as const
const INTEGER = /^[+-]?[0-9]{1,9}$/
const integer = (text: string): number | undefined => (INTEGER.test(text) ? Number(text) : undefined)

/** As Go's ParseBool. */
export function parseBool(text: string): boolean | undefined {
  if (['1', 't', 'T', 'TRUE', 'true', 'True'].includes(text)) return true
  return ['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(text) ? false : undefined
}

const oneOf =
  <T extends string>(...values: readonly T[]) =>
  (text: string): T | undefined =>
    values.find(value => value === text)
const matching =
  (pattern: RegExp) =>
  (text: string): string | undefined =>
    pattern.test(text) ? text : undefined

const BOOL = { grammar: 'true or false', read: parseBool } as const
const NUMBER = { grammar: 'a whole number', read: integer } as const

const READERS: Readonly<Record<string, Reader>> = {
  [`${HAPROXY}balance`]: {
    as: 'balance',
    grammar: 'roundrobin, leastconn, source or random',
    read: oneOf<Balance>('random', 'roundrobin', 'leastconn', 'source'),
  },
  [`${HAPROXY}timeout`]: { as: 'timeoutMs', ...TIME },
  [`${HAPROXY}timeout-tunnel`]: { as: 'tunnelMs', ...TIME },
  [`${HAPROXY}disable_cookies`]: { as: 'disableCookies', ...BOOL },
  [`${ROUTER}cookie_name`]: {
    as: 'cookieName',
    grammar: 'made of letters, digits, "-" and "_"',
    read: matching(/^[a-zA-Z0-9_-]{1,128}$/),
  },
  [`${ROUTER}cookie-same-site`]: {
    as: 'sameSite',
    grammar: 'Lax, Strict or None',
    read: oneOf<SameSite>('Lax', 'Strict', 'None'),
  },
  [`${HAPROXY}hsts_header`]: { as: 'hsts', grammar: 'as in max-age=31536000;includeSubDomains;preload', read: hsts },
  [`${HAPROXY}ip_allowlist`]: { grammar: 'text', read: text => text },
  [`${HAPROXY}ip_whitelist`]: { grammar: 'text', read: text => text },
  [`${HAPROXY}rate-limit-connections`]: BOOL,
  [`${HAPROXY}rate-limit-connections.concurrent-tcp`]: NUMBER,
  [`${HAPROXY}rate-limit-connections.rate-tcp`]: NUMBER,
  [`${HAPROXY}rate-limit-connections.rate-http`]: NUMBER,
  [`${HAPROXY}pod-concurrent-connections`]: {
    as: 'podConnections',
    grammar: 'a whole number above 0',
    read: text => ((integer(text) ?? 0) > 0 ? integer(text) : undefined),
  },
  [`${ROUTER}haproxy.health.check.interval`]: { as: 'checkMs', ...TIME },
  [`${HAPROXY}rewrite-target`]: {
    as: 'rewrite',
    grammar: 'a path such as /app',
    read: matching(/^\/[\x21-\x22\x24-\x3e\x40-\x7e]{0,1000}$/),
  },
  [`${HAPROXY}set-forwarded-headers`]: {
    as: 'forwarded',
    grammar: 'append, replace, if-none or never',
    read: oneOf<ForwardedPolicy>('append', 'replace', 'if-none', 'never'),
  },
  [`${HAPROXY}h1-adjust-case`]: { as: 'adjustCase', ...BOOL },
  // Of OKD's blueprint Routes; without an effect there too.
  [`${ROUTER}pool-size`]: NUMBER,
}

/** All that a router reads. */
export const ROUTE_ANNOTATIONS: readonly string[] = Object.keys(READERS)

/** `max-age=N`, `includeSubDomains` and `preload` in any order, blanks allowed; printed again in one form. */
function hsts(text: string): string | undefined {
  const parts = text.split(';').map(part => part.trim())
  const ages = parts.filter(part => /^max-age=[0-9]{1,12}$/i.test(part))
  const flags = parts.filter(part => /^(includeSubDomains|preload)$/i.test(part)).map(part => part.toLowerCase())
  const isWhole =
    ages.length === 1 && ages.length + flags.length === parts.length && new Set(flags).size === flags.length
  if (!isWhole) return undefined
  const names = flags.map(flag => (flag === 'preload' ? 'preload' : 'includeSubDomains'))
  return [ages[0]!.toLowerCase(), ...names].join(';')
}

function ratesOf(annotations: Annotations): RateLimits | undefined {
  const name = `${HAPROXY}rate-limit-connections`
  if (!parseBool(annotations[name] ?? '')) return undefined
  const limit = (key: string): number | undefined => integer(annotations[`${name}.${key}`] ?? '')
  const [concurrent, connections, requests] = [limit('concurrent-tcp'), limit('rate-tcp'), limit('rate-http')]
  if ((concurrent ?? connections ?? requests) === undefined) return undefined
  return {
    ...(concurrent === undefined ? {} : { concurrent }),
    ...(connections === undefined ? {} : { connections }),
    ...(requests === undefined ? {} : { requests }),
  }
}

const MAX_ALLOWED = 1000

interface AllowReading {
  readonly allow?: readonly Cidr[]
  readonly problems: readonly RouteProblem[]
}

/**
 * The older name counts where the newer one is absent. What is wrong in a list is dropped, as on OKD; what is left may be nobody: OKD
 * serves everybody then, we nobody, since a typing error must not open a door.
 */
function allowOf(annotations: Annotations): AllowReading {
  const name = [`${HAPROXY}ip_allowlist`, `${HAPROXY}ip_whitelist`].find(key => annotations[key] !== undefined)
  if (name === undefined) return { problems: [] }
  const items = annotations[name]!.split(' ').filter(part => part !== '')
  const read = items.map(item => ({ item, network: networkOf(item) }))
  const valid = read.flatMap(({ network }) => (network ? [network] : []))
  const found = new Map(valid.slice(0, MAX_ALLOWED).map(network => [cidrText(network), network]))
  const wrong = read.filter(({ network }) => !network).map(({ item }) => clipped(item))
  return { allow: [...found.values()], problems: problemsOf(name, found.size, wrong, valid.length - MAX_ALLOWED) }
}

function problemsOf(name: string, left: number, wrong: readonly string[], beyond: number): readonly RouteProblem[] {
  const told = [
    ...(wrong.length > 0 ? [`${wrong.slice(0, 5).join(', ')} is not an address or network`] : []),
    ...(beyond > 0 ? [`${beyond} entries are beyond the first ${MAX_ALLOWED}`] : []),
  ].join('; ')
  if (left > 0 && told === '') return []
  return left > 0
    ? [{ type: 'AllowListValid', reason: 'EntriesIgnored', message: `annotation ${name}: ${told}` }]
    : [
        {
          type: 'AllowListValid',
          reason: 'NobodyAllowed',
          message: `annotation ${name} names no address, so nobody is served${told ? `: ${told}` : ''}`,
        },
      ]
}

function networkOf(text: string): Cidr | undefined {
  const address = parseIp(text)
  return address === undefined ? parseCidr(text) : cidr(`${address}/${familyOf(address) === 4 ? 32 : 128}`)
}

/** Only names under OKD's prefixes are meant for a router. */
function strangerWarning(name: string): string | undefined {
  if (!name.startsWith(HAPROXY) && !name.startsWith(ROUTER)) return undefined
  const near = Object.keys(READERS).find(known => distance(known, name) <= 3)
  return `annotation ${name.slice(0, 120)} is not known${near ? `; is ${near} meant?` : ''}`
}

/** How many letters differ (Levenshtein), given up beyond what matters. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 3) return 4
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)))
    row = next
  }
  return row[b.length]!
}
