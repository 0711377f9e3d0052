import { createHash } from 'node:crypto'
import type { Ingress } from '../../api/networking/ingress.ts'
import { ANY_HOST, quoted } from '../routes/host.ts'
import type { WebRules } from '../routes/types.ts'
import type { NginxReading } from './nginx.ts'
import { readPattern } from './pattern.ts'
import type { Wish } from './read.ts'

/** What the annotations make of the claims of an Ingress. */
export function withNginx(
  wishes: readonly Wish[],
  reading: NginxReading,
  key: string,
  { spec }: Ingress,
  warn: (text: string) => void,
): readonly Wish[] {
  const known = new Set(wishes.map(({ host }) => host))
  const [first] = known
  if (reading.passthrough) return passedThrough(wishes, reading, warn)
  const aliases = reading.aliases.filter(host => !known.has(host))
  const all = [
    ...wishes,
    ...aliases.flatMap(host => wishes.filter(wish => wish.host === first).map(wish => ({ ...wish, host }))),
  ]
  const id = createHash('sha256').update(key).digest('hex').slice(0, 12)
  const named = new Set((spec?.tls ?? []).flatMap(({ hosts = [] }) => hosts.map(host => host.toLowerCase())))
  const claims = all.flatMap((wish): readonly Wish[] => {
    const isSecure = named.has(wish.host) || named.has(`*${wish.host.slice(wish.host.indexOf('.'))}`)
    const redirects = reading.forceSslRedirect || (reading.sslRedirect && isSecure)
    const isPattern = reading.regex && !wish.exact && !wish.fallback
    const cookie = reading.cookie && { path: isPattern ? '/' : wish.path || '/', ...reading.cookie }
    const rules = { ...rulesOf(reading.rules, id), ...(cookie ? { cookie } : {}) }
    const common: Wish = {
      ...wish,
      ...reading.facts,
      ...(redirects ? { insecure: 'Redirect' } : {}),
      ...(isSecure && redirects ? { hsts: 'max-age=31536000;includeSubDomains' } : {}),
    }
    if (!isPattern)
      return [{ ...common, web: { ...rules, ...(reading.rewrite === undefined ? {} : { rewrite: reading.rewrite }) } }]
    const pattern = readPattern(wish.path || '/')
    if (!pattern) {
      warn(`path ${quoted(wish.path)} is not a regular expression that is served`)
      return []
    }
    const rewrite = reading.rewrite === undefined ? {} : { rewrite: reading.rewrite }
    return [{ ...common, path: pattern.begin, begins: true, web: { ...rules, pattern: pattern.pattern, ...rewrite } }]
  })
  return reading.bothWww ? [...claims, ...otherNames(claims)] : claims
}

/** TLS of a host goes to the pods of its root as it comes; plain HTTP is sent to TLS. */
function passedThrough(
  wishes: readonly Wish[],
  { rules }: NginxReading,
  warn: (text: string) => void,
): readonly Wish[] {
  const roots = wishes.filter(({ host, path, fallback }) => host !== ANY_HOST && /^\/?$/.test(path) && !fallback)
  for (const host of new Set(wishes.map(wish => wish.host)))
    if (!roots.some(root => root.host === host))
      warn(`ssl-passthrough needs a host with a path /: ${quoted(host)} has none`)
  if (rules.closed || rules.allow || rules.deny) {
    warn('ssl-passthrough leaves no room for who may come in: nobody is served')
    return []
  }
  return roots.map(({ exact: _, ...root }) => ({ ...root, path: '', termination: 'passthrough', insecure: 'Redirect' }))
}

/** The name with or without `www.`, where it is no host itself: what nobody has of it leads to the one that is. */
function otherNames(claims: readonly Wish[]): readonly Wish[] {
  const hosts = new Set(claims.map(({ host }) => host))
  return [...hosts]
    .filter(host => /^[^*]/.test(host))
    .map(host => [host, host.startsWith('www.') ? host.slice(4) : `www.${host}`] as const)
    .filter(([, other]) => !hosts.has(other))
    .map(([host, other]) => {
      const { exact: _e, begins: _b, hsts: _h, ...claim } = claims.find(claim => claim.host === host)!
      return { ...claim, host: other, path: '', fallback: true, insecure: 'Allow', web: { moved: host } }
    })
}

interface Redirecting extends WebRules {
  readonly permanent?: string
  readonly permanentCode?: number
  readonly temporal?: string
  readonly temporalCode?: number
  readonly sendMs?: number
}

/** The temporal redirect goes before the permanent one, as there. */
function rulesOf(rules: Redirecting, id: string): WebRules {
  const { permanent, permanentCode, temporal, temporalCode, sendMs: _, ...rest } = rules
  const redirect = temporal
    ? { code: temporalCode ?? 302, to: temporal }
    : permanent
      ? { code: permanentCode ?? 301, to: permanent }
      : undefined
  const isLimited = rest.perSecond !== undefined || rest.connections !== undefined
  return { ...rest, ...(redirect ? { redirect } : {}), ...(isLimited ? { id } : {}) }
}
