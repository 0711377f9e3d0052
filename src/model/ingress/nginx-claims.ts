import { createHash } from 'node:crypto'
import type { Ingress } from '../../api/networking/ingress.ts'
import { quoted } from '../routes/host.ts'
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
  const aliases = reading.aliases.filter(host => !known.has(host))
  const all = [
    ...wishes,
    ...aliases.flatMap(host => wishes.filter(wish => wish.host === first).map(wish => ({ ...wish, host }))),
  ]
  const id = createHash('sha256').update(key).digest('hex').slice(0, 12)
  const named = new Set((spec?.tls ?? []).flatMap(({ hosts = [] }) => hosts.map(host => host.toLowerCase())))
  return all.flatMap((wish): readonly Wish[] => {
    const isSecure = named.has(wish.host) || named.has(`*${wish.host.slice(wish.host.indexOf('.'))}`)
    const redirects = reading.forceSslRedirect || (reading.sslRedirect && isSecure)
    const rules = rulesOf(reading.rules, id)
    const common: Wish = {
      ...wish,
      ...reading.facts,
      ...(redirects ? { insecure: 'Redirect' } : {}),
      ...(isSecure && redirects ? { hsts: 'max-age=31536000;includeSubDomains' } : {}),
    }
    if (!reading.regex || wish.exact || wish.fallback)
      return [{ ...common, web: { ...rules, ...(reading.rewrite === undefined ? {} : { rewrite: reading.rewrite }) } }]
    const pattern = readPattern(wish.path || '/')
    if (!pattern) {
      warn(`path ${quoted(wish.path)} is not a regular expression that is served`)
      return []
    }
    const rewrite = reading.rewrite === undefined ? {} : { rewrite: reading.rewrite }
    return [{ ...common, path: pattern.begin, begins: true, web: { ...rules, pattern: pattern.pattern, ...rewrite } }]
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
