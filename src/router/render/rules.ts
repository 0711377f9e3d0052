import type { Line } from '../../wire/haproxy/program.ts'
import type { Listeners, MapName } from '../layout/types.ts'

/** Words of a condition: a variable that was set. */
export const found = (variable: string): readonly string[] => ['{', `var(${variable})`, '-m', 'found', '}']
export const missing = (variable: string): readonly string[] => ['!{', `var(${variable})`, '-m', 'found', '}']

/** `http-request set-var(txn.x) <expression> [if ...]`. */
export const set = (variable: string, expression: string, ...conditions: readonly (readonly string[])[]): Line => [
  'http-request',
  `set-var(txn.${variable})`,
  expression,
  ...(conditions.length > 0 ? ['if', ...conditions.flat()] : []),
]

/** The name the client wrote, as Routes are looked up by. */
const HOST = 'req.hdr(host),host_only,lower,rtrim(.)'

/** No header of HTTP has these; a pod in C would read a value up to its NUL. HAProxy 2.6 itself lets them through. */
const CONTROLS = '[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f]'

/**
 * A slash in Host would shift the boundary between host and path in the lookup; a comma would make it two names, of which lookups and
 * headers could take different ones.
 */
export const identify = (): readonly Line[] => [
  ['http-request', 'deny', 'deny_status', '400', 'if', '{', 'req.hdrs', '-m', 'reg', CONTROLS, '}'],
  ['http-request', 'deny', 'deny_status', '400', 'if', '{', 'req.fhdr(host)', '-m', 'sub', '/', ',', '}'],
  // A tunnel to a pod would carry requests past every rule.
  ['http-request', 'deny', 'deny_status', '405', 'if', '{', 'method', 'CONNECT', '}'],
]

/**
 * A browser uses a connection for every host its certificate is good for: one that was made for another name must be made anew, since
 * certificates and passed-through Routes are chosen by that name. Two rules, because there is no "unequal".
 */
export const misdirected = (): readonly Line[] => [
  set('h', HOST),
  ...['gt', 'lt'].map(than => [
    ...['http-request', 'return', 'status', '421', 'if', '{', 'ssl_fc_has_sni', '}', '{', 'ssl_fc_alpn', '-m', 'str'],
    ...['h2', '}', '{', 'ssl_fc_sni,lower,strcmp(txn.h)', '-m', 'int', than, '0', '}'],
  ]),
]

const escapeDots = (host: string): string => host.replaceAll('.', '\\.')

/** Nothing is left to do: a record that is neither a redirect nor has turns, for a client without a cookie to look for. */
const DONE: Line = [
  'http-request',
  'allow',
  'if',
  ...found('txn.r'),
  ...['!{', 'var(txn.r)', '-m', 'beg', 'w:', '!https', '}'],
  ...['!{', 'req.hdr(cookie)', '-m', 'found', '}'],
]

/**
 * One lookup gives the longest path of the host; only a miss costs more: for a name that was written in other ways, for a wildcard of
 * one label, and for the name that an alias stands for. An expression that fails sets nothing. Each variable costs as much as the
 * lookup, so what is asked of a record is asked of it where it is needed. `isLast`: no rule after the lookups is for all requests.
 */
export function lookUp(
  map: MapName,
  { alias, domain, ingress }: Pick<Listeners, 'alias' | 'domain' | 'ingress'>,
  isLast: boolean,
): readonly Line[] {
  const find = (host: string): string => `${host},concat(,txn.p,/?),map_beg(${map})`
  const names: readonly Name[] = [['h', 'w'], ...(alias ? ([['l', 'v']] as const) : [])]
  return [
    set('r', `base,concat(/?),map_beg(${map})`),
    ...(isLast ? [DONE] : []),
    set('p', 'path', missing('txn.r')),
    set('h', HOST, missing('txn.r')),
    set('r', find('var(txn.h)'), missing('txn.r'), found('txn.h')),
    set('w', 'var(txn.h),field(2,.,0)', missing('txn.r')),
    set('r', find('str(*.),concat(,txn.w)'), missing('txn.r'), found('txn.w')),
    ...(alias
      ? [
          set('l', unalias(alias, domain), missing('txn.r'), ['{', 'var(txn.h)', '-m', 'end', `.${alias}`, '}']),
          set('r', find('var(txn.l)'), missing('txn.r'), found('txn.l')),
          set('v', 'var(txn.l),field(2,.,0)', missing('txn.r'), found('txn.l')),
          set('r', find('str(*.),concat(,txn.v)'), missing('txn.r'), found('txn.v')),
        ]
      : []),
    ...(ingress ? lookUpRest(find, names) : []),
  ]
}

/** The name of the domain for one of its alias. A Route may be for a name of the alias too, so this is asked for last. */
export const unalias = (alias: string, domain: string): string =>
  `var(txn.h),regsub(\\.${escapeDots(alias)}$,.${domain})`

/** Variables of a name, and of what is left of it without its first label. */
type Name = readonly [host: string, parent: string]

/**
 * Of hosts that nobody claims: wildcards of Ingresses, which end at the first claim below them, then what nobody claims by wildcard
 * either, which is for rules without a host.
 */
const lookUpRest = (find: (host: string) => string, names: readonly Name[]): readonly Line[] => [
  ...names.flatMap(([host, parent]) => [
    set('cl', `var(txn.${host}),map_str(claimed.map)`, missing('txn.r'), missing('txn.cl')),
    set('r', find(`str(+.),concat(,txn.${parent})`), missing('txn.r'), missing('txn.cl'), found(`txn.${parent}`)),
    set(
      'cl',
      `str(*.),concat(,txn.${parent}),map_str(claimed.map)`,
      missing('txn.r'),
      missing('txn.cl'),
      found(`txn.${parent}`),
    ),
  ]),
  set('r', find('str(*)'), missing('txn.r'), missing('txn.cl')),
]

/** Fields of a record. */
export const TARGET = 'var(txn.r),field(1,|)'
export const ROUTE = 'var(txn.r),field(2,|)'
export const SERVICE = 'var(txn.r),field(3,|)'
export const COOKIE = 'var(txn.r),field(4,|)'
export const OPTIONS = 'var(txn.r),field(5,|)'

/**
 * To the same name by HTTPS, as OKD: 302, path and query kept, the port dropped. A port that is not ours was put in front of
 * us (a forwarder that takes HTTP and TLS alike), so it stays.
 */
export function redirect({ httpPort, ingress }: Pick<Listeners, 'httpPort' | 'ingress'>): readonly Line[] {
  const isRedirect = ['{', 'var(txn.r)', '-m', 'beg', '!https', '}']
  const isOtherPort = [
    '{',
    'req.hdr(host),port_only',
    'gt',
    '0',
    '}',
    '!{',
    'req.hdr(host),port_only',
    'eq',
    String(httpPort),
    '}',
  ]
  const to = (location: string, code: string, ...conditions: readonly string[]): Line => [
    'http-request',
    'redirect',
    'location',
    location,
    'code',
    code,
    'if',
    ...isRedirect,
    ...conditions,
  ]
  const portless = `https://%[${HOST}]%[pathq]`
  const ported = `https://%[${HOST}]:%[req.hdr(host),port_only]%[pathq]`
  const keeps = ['{', 'var(txn.r)', '-m', 'beg', '!https308', '}']
  return [
    ...(ingress ? [to(ported, '308', ...isOtherPort, ...keeps), to(portless, '308', ...keeps)] : []),
    to(ported, '302', ...isOtherPort),
    to(portless, '302'),
  ]
}

/**
 * The Service first, by turns, then its endpoint by the backend: shares do not depend on the number of endpoints. A client's cookie
 * names a Service that has its turn already, if anybody of it is there. The last of a frontend's rules: most requests end before
 * them, since they cost as much when they say nothing.
 */
export const weigh = (): readonly Line[] => [
  ['http-request', 'allow', 'unless', '{', 'var(txn.r)', '-m', 'beg', 'w:', '}'],
  set('b', TARGET),
  set('wid', 'var(txn.b),field(2,:)'),
  set('cks', 'var(txn.ckv),field(1,.)', found('txn.ckv')),
  set('can', 'var(txn.wid),concat(:c),map_str(weights.map)', ['{', 'var(txn.b),field(5,:)', '-m', 'str', 'c', '}']),
  ['http-request', 'lua.canary', 'if', ...found('txn.can')],
  set('chm', 'var(txn.wid),concat(:,txn.chv),map_reg(canaries.map)', found('txn.chv')),
  set('cks', 'var(txn.chm)', found('txn.chm')),
  set('t', 'var(txn.wid),concat(:,txn.cks),map_str(weights.map)', found('txn.cks')),
  ['http-request', 'unset-var(txn.t)', 'if', ...found('txn.t'), '{', 'var(txn.t),field(1,|),nbsrv', 'eq', '0', '}'],
  ['http-request', 'track-sc2', 'var(txn.wid)', 'table', 'turns', 'if', ...missing('txn.t')],
  set('W', 'var(txn.b),field(3,:)'),
  set('st', 'var(txn.b),field(4,:)'),
  set('n', 'sc_inc_gpc0(2),mul(txn.st),mod(txn.W)', missing('txn.t')),
  set('t', 'var(txn.wid),concat(:,txn.n),map_str(weights.map)', found('txn.n')),
  // The record as it would be with this Service alone.
  set('route', ROUTE),
  set('service', 'var(txn.t),field(2,|)'),
  set('end', 'var(txn.r),field(4,|,0)'),
  set('r', 'var(txn.t),field(1,|),concat(|,txn.route,|),concat(,txn.service,|),concat(,txn.end)'),
]

/** Headers by which a client could pose as one that was authenticated, or steer a CGI script. */
export const cleanHeaders = (): readonly Line[] => [
  ['http-request', 'del-header', 'Proxy'],
  ['http-request', 'del-header', 'X-SSL', '-m', 'beg'],
]
