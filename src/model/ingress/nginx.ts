import type { RouteFacts, WebRules } from '../routes/types.ts'
import { READERS } from './nginx-readers.ts'

/** What the annotations of ingress-nginx say of an Ingress. */
export interface NginxReading {
  readonly rules: WebRules
  /** Of its claims. */
  readonly facts: Partial<RouteFacts>
  readonly rewrite?: string
  readonly regex: boolean
  /** It takes a share of another Ingress's requests. */
  readonly canary: boolean
  readonly aliases: readonly string[]
  readonly sslRedirect: boolean
  readonly forceSslRedirect: boolean
  readonly warnings: readonly string[]
}

export const PREFIX = 'nginx.ingress.kubernetes.io/'
/** Who may come in: what is not understood here must not open a door. */
const GUARDS =
  /^(auth-|enable-global-auth|satisfy|whitelist-source-range|allowlist-source-range|denylist-source-range|ssl-passthrough)/

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
  return { ...shape(values, closed), canary: annotations[`${PREFIX}canary`] === 'true', warnings }
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
function shape(values: Readonly<Record<string, unknown>>, closed: boolean): Omit<NginxReading, 'warnings' | 'canary'> {
  const {
    rewrite,
    regex,
    aliases,
    sslRedirect,
    forceSslRedirect,
    cors,
    corsFields,
    timeoutMs,
    backend,
    cookieName,
    sameSite,
    affinity,
    ...rest
  } = values as Values
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
      ...(affinity
        ? { disableCookies: false, cookieName: cookieName ?? 'INGRESSCOOKIE', sameSite: sameSite ?? 'Lax' }
        : {}),
    },
    ...(rewrite === undefined ? {} : { rewrite }),
    regex: regex === true || rewrite !== undefined,
    aliases: aliases ?? [],
    sslRedirect: sslRedirect ?? true,
    forceSslRedirect: forceSslRedirect ?? false,
  }
}

type Values = Partial<{
  rewrite: string
  regex: boolean
  aliases: readonly string[]
  sslRedirect: boolean
  forceSslRedirect: boolean
  cors: boolean
  corsFields: never
  timeoutMs: number
  backend: NonNullable<RouteFacts['backend']>
  cookieName: string
  sameSite: NonNullable<RouteFacts['sameSite']>
  affinity: boolean
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
