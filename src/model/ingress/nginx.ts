import type { CanaryRule, CookieRules, RouteFacts, WebRules } from '../routes/types.ts'
import { READERS } from './nginx-readers.ts'

/** What the annotations of ingress-nginx say of an Ingress. */
export interface NginxReading {
  readonly rules: WebRules
  /** Of its claims. */
  readonly facts: Partial<RouteFacts>
  readonly rewrite?: string
  readonly regex: boolean
  /** It takes a share of another Ingress's requests. */
  readonly canary?: CanaryShare
  /** Clients stay with their pod by a cookie; its path is that of the rule unless it is said. */
  readonly cookie?: Omit<CookieRules, 'path'> & Partial<CookieRules>
  /** `www.` and the name without it lead to whichever of them is a host. */
  readonly bothWww: boolean
  /** How the pods' TLS is asked for. */
  readonly backendTls: BackendTlsWish
  /** TLS is the pods' own. */
  readonly passthrough: boolean
  readonly aliases: readonly string[]
  readonly sslRedirect: boolean
  readonly forceSslRedirect: boolean
  readonly warnings: readonly string[]
}

export interface BackendTlsWish {
  /** "namespace/name". */
  readonly secret?: string
  readonly verifies?: boolean
  readonly name?: string
  readonly asksName?: boolean
}

/** Of `total` requests by turns, or by what a request says. */
export interface CanaryShare extends Omit<CanaryRule, 'service'> {
  readonly weight: number
  readonly total: number
}

export const PREFIX = 'nginx.ingress.kubernetes.io/'
/** Who may come in: what is not understood here must not open a door. */
const GUARDS =
  /^(auth-|enable-global-auth|proxy-ssl-(secret|verify)|satisfy|whitelist-source-range|allowlist-source-range|denylist-source-range|ssl-passthrough)/

/** Reads the annotations under nginx.ingress.kubernetes.io. What is unknown or wrong is told; what guards and is not served closes. */
export function readNginx(annotations: Readonly<Record<string, string>> = {}): NginxReading {
  const warnings: string[] = []
  const values: Record<string, unknown> = {}
  let closed = false
  for (const [name, text] of Object.entries(annotations)) {
    if (!name.startsWith(PREFIX)) continue
    const key = name.slice(PREFIX.length)
    const reader = Object.hasOwn(READERS, key) ? READERS[key] : undefined
    const value = reader?.read(text)
    if (value !== undefined) values[reader!.as] = value
    else {
      const isGuard = GUARDS.test(key)
      closed ||= isGuard
      warnings.push(whyNot(key, reader?.grammar, isGuard))
    }
  }
  return { ...shape(values, closed), warnings }
}

function whyNot(key: string, grammar: string | undefined, isGuard: boolean): string {
  const name = `annotation ${PREFIX}${key.slice(0, 80)}`
  const what = /snippet$/.test(key)
    ? 'is refused: text for the program of a proxy is not taken from anybody'
    : grammar === undefined
      ? 'is not served'
      : `is not ${grammar}`
  return `${name} ${what}${isGuard ? '; since it says who may come in, nobody is served' : ''}`
}

/** Defaults are those of ingress-nginx: 1 MB a body, redirects where there is a certificate, CORS with credentials. */
function shape(values: Readonly<Record<string, unknown>>, closed: boolean): Omit<NginxReading, 'warnings'> {
  const { rewrite, regex, aliases, sslRedirect, forceSslRedirect, cors, timeoutMs, backend, affinity, ...others } =
    values as Values
  const { canary, canaryWeight, canaryTotal, canaryHeader, canaryValue, canaryPattern, canaryCookie, ...more } = others
  const { cookieName, cookiePath, cookieDomain, cookieMaxAge, cookieExpires, cookieSecure, sameSite, ...last } = more
  const { bothWww, passthrough, backendSecret, verifies, backendName, asksName, nothing: _, ...rest } = last
  const corsValues = Object.fromEntries(
    (['corsOrigins', 'corsMethods', 'corsHeaders', 'corsExpose', 'corsCredentials', 'corsMaxAge'] as const).map(key => [
      key,
      rest[key],
    ]),
  )
  for (const key of Object.keys(corsValues)) delete (rest as Record<string, unknown>)[key]
  return {
    rules: {
      bodyBytes: 1024 * 1024,
      ...(rest as WebRules),
      ...(cors ? { cors: corsOf(corsValues) } : {}),
      ...(closed ? { closed: true } : {}),
    },
    facts: {
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(backend === undefined ? {} : { backend }),
      ...(affinity ? { disableCookies: false, cookieName: cookieName ?? 'INGRESSCOOKIE' } : {}),
    },
    ...(affinity
      ? {
          cookie: known({
            path: cookiePath,
            domain: cookieDomain,
            maxAge: cookieMaxAge,
            expires: cookieExpires,
            secure: cookieSecure,
            sameSite,
          }),
        }
      : {}),
    ...(canary
      ? {
          canary: {
            weight: Math.min(canaryWeight ?? 0, canaryTotal ?? 100),
            total: canaryTotal ?? 100,
            ...known({ header: canaryHeader, value: canaryValue, cookie: canaryCookie }),
            // A value goes before a pattern, as there.
            ...(canaryValue === undefined ? known({ pattern: canaryPattern }) : {}),
          },
        }
      : {}),
    backendTls: known({ secret: backendSecret, verifies, name: backendName, asksName }),
    bothWww: bothWww ?? false,
    passthrough: passthrough ?? false,
    ...(rewrite === undefined ? {} : { rewrite }),
    regex: regex === true || rewrite !== undefined,
    aliases: aliases ?? [],
    sslRedirect: sslRedirect ?? true,
    forceSslRedirect: forceSslRedirect ?? false,
  }
}

/** What is not undefined. */
const known = <T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never

type Values = Partial<{
  rewrite: string
  regex: boolean
  aliases: readonly string[]
  sslRedirect: boolean
  forceSslRedirect: boolean
  cors: boolean
  timeoutMs: number
  backend: NonNullable<RouteFacts['backend']>
  affinity: boolean
  cookieName: string
  cookiePath: string
  cookieDomain: string
  cookieMaxAge: number
  cookieExpires: number
  cookieSecure: boolean
  sameSite: NonNullable<RouteFacts['sameSite']>
  canary: boolean
  canaryWeight: number
  canaryTotal: number
  canaryHeader: string
  canaryValue: string
  canaryPattern: string
  canaryCookie: string
  bothWww: boolean
  backendSecret: string
  verifies: boolean
  backendName: string
  asksName: boolean
  passthrough: boolean
  nothing: boolean
  corsOrigins: readonly string[]
  corsMethods: string
  corsHeaders: string
  corsExpose: string
  corsCredentials: boolean
  corsMaxAge: number
}>

const corsOf = (values: Readonly<Record<string, unknown>>): NonNullable<WebRules['cors']> => ({
  origins: (values.corsOrigins as readonly string[] | undefined) ?? ['*'],
  methods: (values.corsMethods as string | undefined) ?? 'GET, PUT, POST, DELETE, PATCH, OPTIONS',
  headers:
    (values.corsHeaders as string | undefined) ??
    'DNT,Keep-Alive,User-Agent,X-Requested-With,If-Modified-Since,Cache-Control,Content-Type,Range,Authorization',
  maxAge: (values.corsMaxAge as number | undefined) ?? 1_728_000,
  credentials: (values.corsCredentials as boolean | undefined) ?? true,
  ...(values.corsExpose === undefined ? {} : { expose: values.corsExpose as string }),
})
