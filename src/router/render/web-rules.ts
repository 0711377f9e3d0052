import { MAX_PATH } from '../../model/ingress/pattern.ts'
import type { CookieRules, WebRules } from '../../model/routes/types.ts'
import { type Line, literal } from '../../wire/haproxy/program.ts'
import { RATE_TABLE } from './options.ts'
import { found, set } from './rules.ts'

const deny = (status: number, ...condition: readonly string[]): Line => [
  'http-request',
  'deny',
  'deny_status',
  String(status),
  ...condition,
]

/** What an Ingress asks of a proxy beside where requests go, in the order in which ingress-nginx applies it. */
export function webRules(rules: WebRules): readonly Line[] {
  if (rules.closed) return [deny(503)]
  if (rules.moved !== undefined) return moved(rules.moved)
  return [
    ...(rules.connectMs === undefined ? [] : [['timeout', 'connect', `${rules.connectMs}ms`]]),
    ...sources(rules),
    ...limits(rules),
    ...redirects(rules),
    ...(rules.pattern === undefined ? [] : matches(rules.pattern)),
    ...cors(rules.cors),
    ...(rules.bodyBytes
      ? [deny(413, 'if', '{', 'req.hdr(content-length),add(0)', '-m', 'int', 'gt', String(rules.bodyBytes), '}')]
      : []),
    ...(rules.forwardedPrefix === undefined
      ? []
      : [['http-request', 'set-header', 'X-Forwarded-Prefix', literal(rules.forwardedPrefix)]]),
    ...rewrite(rules),
    ...(rules.cookie ? cookieAttributes(rules.cookie) : []),
    ...(rules.vhost === undefined ? [] : [['http-request', 'set-header', 'Host', literal(rules.vhost)]]),
  ]
}

/** The same under another name, over HTTP or TLS as it was asked; a port that the client gave stays. */
const moved = (host: string): readonly Line[] => {
  const port = ['{', 'req.hdr(host),port_only', '-m', 'int', 'gt', '0', '}']
  const to = (location: string, ...condition: readonly string[]): Line => [
    ...['http-request', 'redirect', 'location', location, 'code', '308'],
    ...condition,
  ]
  const scheme = '%[ssl_fc,iif(https,http)]'
  return [
    to(`${scheme}://${literal(host)}:%[req.hdr(host),port_only]%[pathq]`, 'if', ...port),
    to(`${scheme}://${literal(host)}%[pathq]`),
  ]
}

/** What stands behind a cookie's value; Secure where the client came by TLS. */
function cookieAttributes({ path, domain, maxAge, expires, sameSite, secure }: CookieRules): readonly Line[] {
  const texts = [
    `; path=${literal(path)}`,
    ...(domain === undefined ? [] : [`; domain=${literal(domain)}`]),
    ...(maxAge === undefined ? [] : [`; max-age=${maxAge}`]),
    ...(expires === undefined ? [] : [`; expires=%[date(${expires}),http_date]`]),
    ...(sameSite === undefined ? [] : [`; SameSite=${sameSite}`]),
    '; HttpOnly',
  ]
  return [
    ['http-request', 'set-var-fmt(txn.cka)', `${texts.join('')}${secure ? '; Secure' : ''}`],
    ...(secure ? [] : [['http-request', 'set-var-fmt(txn.cka)', '%[var(txn.cka)]; Secure', 'if', '{', 'ssl_fc', '}']]),
  ]
}

const PER_LINE = 40
/** Lists longer than a line are several of one name. */
function list(name: string, networks: readonly string[]): readonly Line[] {
  const lines: Line[] = []
  for (let start = 0; start < networks.length; start += PER_LINE)
    lines.push(['acl', name, 'src', ...networks.slice(start, start + PER_LINE)])
  return lines
}

const sources = ({ allow, deny: denied }: WebRules): readonly Line[] => [
  ...(denied ? [...list('denied', denied), deny(403, 'if', 'denied')] : []),
  ...(allow ? [...list('allowed', allow), deny(403, 'unless', 'allowed')] : []),
]

/** Counted by Ingress and client, over the ten seconds of the router's table, with the burst of ingress-nginx: five times the rate. */
function limits({ id, perSecond, connections }: WebRules): readonly Line[] {
  if (perSecond === undefined && connections === undefined) return []
  return [
    set('ip', 'src,hex'),
    ['http-request', 'track-sc1', `str(${id}:),concat(,txn.ip)`, 'table', RATE_TABLE],
    ...(perSecond === undefined
      ? []
      : [deny(503, 'if', '{', 'sc_http_req_rate(1)', 'gt', String(perSecond * 10), '}')]),
    ...(connections === undefined ? [] : [deny(503, 'if', '{', 'sc_conn_cur(1)', 'gt', String(connections), '}')]),
  ]
}

const redirects = ({ appRoot, redirect }: WebRules): readonly Line[] => [
  ...(redirect ? [['http-request', 'redirect', 'location', literal(redirect.to), 'code', String(redirect.code)]] : []),
  ...(appRoot === undefined
    ? []
    : [['http-request', 'redirect', 'location', literal(appRoot), 'code', '302', 'if', '{', 'path', '/', '}']]),
]

const matches = (pattern: string): readonly Line[] => [
  deny(404, 'if', '{', 'path,length', 'gt', String(MAX_PATH), '}'),
  deny(404, 'unless', '{', 'path', '-i', '-m', 'reg', pattern, '}'),
]

/** The whole path gives way; $1 to $9 are groups of the pattern. */
function rewrite({ pattern, rewrite: target }: WebRules): readonly Line[] {
  if (target === undefined) return []
  const to = literal(target).replace(/\$([1-9])/g, '\\$1')
  return [['http-request', 'replace-path', pattern === undefined ? '^.*$' : `(?i)${pattern}.*$`, to]]
}

/** What browsers ask before they ask is answered here; other answers say who may read them. */
function cors(wanted: WebRules['cors']): readonly Line[] {
  if (!wanted) return []
  const { origins, methods, headers, credentials, maxAge, expose } = wanted
  const isAny = origins.includes('*')
  const allowed: readonly (readonly [string, string])[] = [
    ['Access-Control-Allow-Origin', '%[var(txn.co)]'],
    ...(credentials ? [['Access-Control-Allow-Credentials', 'true'] as const] : []),
  ]
  const asked: readonly (readonly [string, string])[] = [
    ...allowed,
    ['Access-Control-Allow-Methods', methods],
    ['Access-Control-Allow-Headers', headers],
    ['Access-Control-Max-Age', String(maxAge)],
  ]
  const answered = [...allowed, ...(expose === undefined ? [] : [['Access-Control-Expose-Headers', expose] as const])]
  return [
    isAny ? set('co', 'str(*)') : set('co', 'req.hdr(origin)', ['{', 'req.hdr(origin)', '-m', 'str', ...origins, '}']),
    [
      ...['http-request', 'return', 'status', '204'],
      ...asked.flatMap(([name, value]) => ['hdr', name, value]),
      ...['if', '{', 'method', 'OPTIONS', '}', ...found('txn.co')],
    ],
    ...answered.map(([name, value]): Line => ['http-response', 'set-header', name, value, 'if', ...found('txn.co')]),
  ]
}
