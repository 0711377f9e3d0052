import { cidr, cidrText, parseCidr } from '../../lib/cidr.ts'
import { familyOf, parseIp } from '../../lib/ip.ts'
import { hostProblem } from '../routes/host.ts'
import { readSearch } from './pattern.ts'

interface Reader {
  /** The value it becomes. */
  readonly as: string
  readonly grammar: string
  /** Undefined: not of the grammar. */
  readonly read: (text: string) => unknown
}

const BOOL = {
  grammar: 'true or false',
  read: (text: string) => (text === 'true' ? true : text === 'false' ? false : undefined),
}
const ON = {
  grammar: 'on or off',
  read: (text: string) => (text === 'on' ? true : text === 'off' ? false : undefined),
}
const number = (text: string, max = 1_000_000): number | undefined =>
  /^\d{1,9}$/.test(text) && Number(text) <= max ? Number(text) : undefined
const above = (max: number) => ({
  grammar: `a whole number from 1 to ${max}`,
  read: (text: string) => number(text, max) || undefined,
})
const SECONDS = {
  grammar: 'a number of seconds',
  read: (text: string) => {
    const seconds = number(text.replace(/s$/, ''), 2_000_000)
    return seconds ? seconds * 1000 : undefined
  },
}
const matching = (pattern: RegExp, grammar: string) => ({
  grammar,
  read: (text: string) => (pattern.test(text) ? text : undefined),
})
/** No blanks, quotes or control characters; `%` is text. */
const URL_TEXT = matching(
  /^(https?:\/\/[a-zA-Z0-9.-]+(:\d{1,5})?)?(\/[\x21\x23\x25\x26\x28-\x5b\x5d\x5e\x61-\x7e_]*)?$/,
  'a URL or a path, without variables',
)
const TOKENS = matching(/^[A-Za-z0-9*_-]+(, ?[A-Za-z0-9*_-]+){0,60}$/, 'a list of names')
const STATUS = {
  grammar: 'a status from 300 to 308',
  read: (text: string) => (/^30[0-8]$/.test(text) ? Number(text) : undefined),
}

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 }
function size(text: string): number | undefined {
  const match = /^(\d{1,9})([kmg]?)$/i.exec(text)
  return match ? Number(match[1]) * UNITS[match[2]!.toLowerCase()]! : undefined
}

const MAX_NETWORKS = 500
/** One that is wrong makes the whole list wrong: a typing error must not open a door. */
function networks(text: string): readonly string[] | undefined {
  const items = text.split(',').map(item => item.trim())
  if (items.length > MAX_NETWORKS) return undefined
  const found = items.map(item => {
    const address = parseIp(item)
    const network = address === undefined ? parseCidr(item) : cidr(`${address}/${familyOf(address) === 4 ? 32 : 128}`)
    return network && cidrText(network)
  })
  return found.includes(undefined) ? undefined : [...new Set(found as string[])]
}
const NETWORKS = { grammar: 'a list of networks', read: networks }

function origins(text: string): readonly string[] | undefined {
  const items = text.split(',').map(item => item.trim())
  const isGood =
    items.length <= 50 && items.every(item => item === '*' || /^https?:\/\/[a-zA-Z0-9.-]+(:\d{1,5})?$/.test(item))
  return isGood ? items : undefined
}

function hosts(text: string): readonly string[] | undefined {
  const items = text.split(',').map(item => item.trim().toLowerCase())
  return items.length <= 50 && items.every(item => hostProblem(item) === undefined) ? items : undefined
}

/** Of a header's value: no blank, and not what separates fields of ours. */
const HEADER_VALUE = matching(/^[\x21-\x7b\x7d\x7e]{1,200}$/, 'made of printable characters but blanks and "|"')
const NAME = matching(/^[A-Za-z0-9_-]{1,128}$/, 'made of letters, digits, "-" and "_"')
/** Only what is done anyway. */
const only = (...words: readonly string[]) => ({
  as: 'nothing',
  grammar: words.join(' or '),
  read: (text: string) => words.includes(text) || undefined,
})

const BACKENDS: Readonly<Record<string, string>> = { HTTP: 'http', HTTPS: 'https', GRPC: 'grpc', GRPCS: 'grpcs' }

/** The annotations of ingress-nginx that are served, without their prefix. */
export const READERS: Readonly<Record<string, Reader>> = {
  'rewrite-target': {
    as: 'rewrite',
    ...matching(/^\/(?:[\x21\x25\x26\x28-\x3e\x40-\x5b\x5d\x5e\x61-\x7e_]|\$[1-9])*$/, 'a path such as /$2'),
  },
  'use-regex': { as: 'regex', ...BOOL },
  'app-root': { as: 'appRoot', ...matching(/^\/[A-Za-z0-9/_.~-]*$/, 'a path such as /app') },
  'ssl-redirect': { as: 'sslRedirect', ...BOOL },
  'force-ssl-redirect': { as: 'forceSslRedirect', ...BOOL },
  'backend-protocol': {
    as: 'backend',
    grammar: 'HTTP, HTTPS, GRPC or GRPCS',
    read: text => BACKENDS[text.toUpperCase()],
  },
  'proxy-connect-timeout': { as: 'connectMs', ...SECONDS },
  'proxy-read-timeout': { as: 'timeoutMs', ...SECONDS },
  'proxy-send-timeout': { as: 'sendMs', ...SECONDS },
  'proxy-body-size': { as: 'bodyBytes', grammar: 'a size such as 8m', read: size },
  'enable-cors': { as: 'cors', ...BOOL },
  'cors-allow-origin': {
    as: 'corsOrigins',
    grammar: '* or a list of origins such as https://a.example',
    read: origins,
  },
  'cors-allow-methods': { as: 'corsMethods', ...TOKENS },
  'cors-allow-headers': { as: 'corsHeaders', ...TOKENS },
  'cors-expose-headers': { as: 'corsExpose', ...TOKENS },
  'cors-allow-credentials': { as: 'corsCredentials', ...BOOL },
  'cors-max-age': { as: 'corsMaxAge', ...above(100_000_000) },
  'whitelist-source-range': { as: 'allow', ...NETWORKS },
  'allowlist-source-range': { as: 'allow', ...NETWORKS },
  'denylist-source-range': { as: 'deny', ...NETWORKS },
  'permanent-redirect': { as: 'permanent', ...URL_TEXT },
  'permanent-redirect-code': { as: 'permanentCode', ...STATUS },
  'temporal-redirect': { as: 'temporal', ...URL_TEXT },
  'temporal-redirect-code': { as: 'temporalCode', ...STATUS },
  'upstream-vhost': { as: 'vhost', ...matching(/^[a-zA-Z0-9.-]{1,253}(:\d{1,5})?$/, 'a host name') },
  'x-forwarded-prefix': { as: 'forwardedPrefix', ...matching(/^\/[A-Za-z0-9/_.~-]*$/, 'a path') },
  'server-alias': { as: 'aliases', grammar: 'a list of host names', read: hosts },
  'limit-rps': { as: 'perSecond', ...above(100_000) },
  'limit-connections': { as: 'connections', ...above(100_000) },
  affinity: { as: 'affinity', grammar: 'cookie', read: text => text === 'cookie' || undefined },
  // A session stays where it is as long as its pod is there: the stricter of the two.
  'affinity-mode': only('balanced', 'persistent'),
  'affinity-canary-behavior': only('sticky'),
  'session-cookie-name': { as: 'cookieName', ...NAME },
  'session-cookie-path': { as: 'cookiePath', ...matching(/^\/[A-Za-z0-9/_.~-]*$/, 'a path') },
  'session-cookie-domain': { as: 'cookieDomain', ...matching(/^\.?[a-zA-Z0-9.-]{1,253}$/, 'a host name') },
  'session-cookie-max-age': { as: 'cookieMaxAge', ...above(1_000_000_000) },
  'session-cookie-expires': { as: 'cookieExpires', ...above(1_000_000_000) },
  'session-cookie-secure': { as: 'cookieSecure', ...BOOL },
  'session-cookie-change-on-failure': only('true'),
  'session-cookie-samesite': { as: 'sameSite', ...matching(/^(Lax|Strict|None)$/, 'Lax, Strict or None') },
  canary: { as: 'canary', ...BOOL },
  'canary-weight': { as: 'canaryWeight', grammar: 'a whole number', read: number },
  'canary-weight-total': { as: 'canaryTotal', ...above(1_000_000) },
  'canary-by-header': { as: 'canaryHeader', ...NAME },
  'canary-by-header-value': { as: 'canaryValue', ...HEADER_VALUE },
  'canary-by-header-pattern': {
    as: 'canaryPattern',
    grammar: 'a regular expression that costs little',
    read: readSearch,
  },
  'canary-by-cookie': { as: 'canaryCookie', ...NAME },
  'proxy-ssl-secret': { as: 'backendSecret', ...matching(/^[a-z0-9-]{1,63}\/[a-z0-9.-]{1,253}$/, 'namespace/name') },
  'proxy-ssl-verify': { as: 'verifies', ...ON },
  'proxy-ssl-name': { as: 'backendName', ...matching(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, 'a host name') },
  'proxy-ssl-server-name': { as: 'asksName', ...ON },
  'from-to-www-redirect': { as: 'bothWww', ...BOOL },
  'ssl-passthrough': { as: 'passthrough', ...BOOL },
}
