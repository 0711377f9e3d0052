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

/**
 * Who the request is for. txn.h is the name the client wrote, txn.l the one Routes are looked up by, where there is an alias. A slash
 * in Host would shift the boundary between host and path in the lookup.
 */
export const identify = ({ domain, alias }: Pick<Listeners, 'domain' | 'alias'>): readonly Line[] => [
  set('h', 'req.hdr(host),host_only,lower,rtrim(.)'),
  ['http-request', 'deny', 'deny_status', '400', 'if', '{', 'var(txn.h)', '-m', 'sub', '/', '}'],
  // A tunnel to a pod would carry requests past every rule.
  ['http-request', 'deny', 'deny_status', '405', 'if', '{', 'method', 'CONNECT', '}'],
  set('p', 'path'),
  ...(alias
    ? [
        set('l', 'var(txn.h)'),
        set('l', `var(txn.h),regsub(\\.${escapeDots(alias)}$,.${domain})`, [
          '{',
          'var(txn.h)',
          '-m',
          'end',
          `.${alias}`,
          '}',
        ]),
      ]
    : []),
]

/**
 * A browser uses a connection for every host its certificate is good for: one that was made for another name must be made anew, since
 * certificates and passed-through Routes are chosen by that name. Two rules, because there is no "unequal".
 */
export const misdirected = (): readonly Line[] =>
  ['gt', 'lt'].map(than => [
    ...['http-request', 'return', 'status', '421', 'if', '{', 'ssl_fc_has_sni', '}', '{', 'ssl_fc_alpn', '-m', 'str'],
    ...['h2', '}', '{', 'ssl_fc_sni,lower,strcmp(txn.h)', '-m', 'int', than, '0', '}'],
  ])

export const escapeDots = (host: string): string => host.replaceAll('.', '\\.')

/**
 * One lookup gives the longest path of the host; only a miss costs a second one, for a wildcard of one label. An expression that
 * fails sets nothing, so rules that follow from each other need no condition: a condition costs as much as the rule.
 */
export function lookUp(map: MapName, { alias, accessLog }: Pick<Listeners, 'alias' | 'accessLog'>): readonly Line[] {
  const host = alias ? 'var(txn.l)' : 'var(txn.h)'
  return [
    set('r', `${host},concat(,txn.p,/?),map_beg(${map})`),
    set('w', `${host},field(2,.,0)`, missing('txn.r')),
    set('r', `str(*.),concat(,txn.w),concat(,txn.p,/?),map_beg(${map})`, missing('txn.r'), found('txn.w')),
    set('b', 'var(txn.r),field(1,|)'),
    set('ck', 'var(txn.r),field(4,|)'),
    ...(accessLog ? forTheLog.map(([variable, expression]) => set(variable, expression)) : []),
  ]
}

/** What only the access log tells of a record. */
export const forTheLog = [
  ['route', 'var(txn.r),field(2,|)'],
  ['service', 'var(txn.r),field(3,|)'],
] as const

/**
 * To the same name by HTTPS, as OKD: 302, path and query kept, the port dropped. A port that is not ours was put in front of
 * us (a forwarder that takes HTTP and TLS alike), so it stays.
 */
export function redirect({ httpPort }: Pick<Listeners, 'httpPort'>): readonly Line[] {
  const isRedirect = ['{', 'var(txn.b)', '-m', 'str', '!https', '}']
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
  const to = (location: string, ...conditions: readonly string[]): Line => [
    'http-request',
    'redirect',
    'location',
    location,
    'code',
    '302',
    'if',
    ...isRedirect,
    ...conditions,
  ]
  return [
    to('https://%[var(txn.h)]:%[req.hdr(host),port_only]%[pathq]', ...isOtherPort),
    to('https://%[var(txn.h)]%[pathq]'),
  ]
}

/**
 * The Service first, by turns, then its endpoint by the backend: shares do not depend on the number of endpoints. A client's cookie
 * names a Service that has its turn already, if anybody of it is there. The last of a frontend's rules: most requests end before
 * them, since they cost as much when they say nothing.
 */
export const weigh = (): readonly Line[] => [
  ['http-request', 'allow', 'unless', '{', 'var(txn.b)', '-m', 'beg', 'w:', '}'],
  set('wid', 'var(txn.b),field(2,:)'),
  set('cks', 'var(txn.ckv),field(1,.)', found('txn.ckv')),
  set('t', 'var(txn.wid),concat(:,txn.cks),map_str(weights.map)', found('txn.cks')),
  ['http-request', 'unset-var(txn.t)', 'if', ...found('txn.t'), '{', 'var(txn.t),field(1,|),nbsrv', 'eq', '0', '}'],
  ['http-request', 'track-sc2', 'var(txn.wid)', 'table', 'turns', 'if', ...missing('txn.t')],
  set('W', 'var(txn.b),field(3,:)'),
  set('st', 'var(txn.b),field(4,:)'),
  set('n', 'sc_inc_gpc0(2),mul(txn.st),mod(txn.W)', missing('txn.t')),
  set('t', 'var(txn.wid),concat(:,txn.n),map_str(weights.map)', found('txn.n')),
  set('service', 'var(txn.t),field(2,|)'),
  set('b', 'var(txn.t),field(1,|)'),
]

/** Headers by which a client could pose as one that was authenticated, or steer a CGI script. */
export const cleanHeaders = (): readonly Line[] => [
  ['http-request', 'del-header', 'Proxy'],
  ['http-request', 'del-header', 'X-SSL', '-m', 'beg'],
]
