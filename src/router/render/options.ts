import type { Line } from '../../wire/haproxy/program.ts'
import { found, OPTIONS, set } from './rules.ts'

/** Where a limit is counted: by Route and client. Windows are OKD's. */
export const RATE_TABLE = 'rates'
export const rateTable: Line = [
  'stick-table',
  ...'type string len 64 size 100k expire 30s store conn_cur,conn_rate(3s),http_req_rate(10s)'.split(' '),
]

const field = (number: number): string => `var(txn.ov),field(${number},|)`
const isSet = (number: number): readonly string[] => ['{', field(number), '-m', 'int', 'gt', '0', '}']

/** Methods that may be sent again when a pod has ended without an answer. */
export const limitRetries = (): readonly Line[] => [
  ['http-request', 'disable-l7-retry', 'unless', ...'{ method GET HEAD OPTIONS PUT DELETE TRACE }'.split(' ')],
]

/** What a Route may set, found by its options' id; only backends whose Routes have options run this. */
export const routeOptions = (): readonly Line[] => [
  set('o', OPTIONS),
  set('ov', 'var(txn.o),map_str(options.map)'),
  ...(['server', 'tunnel'] as const).flatMap((what, index): Line[] => [
    set('to', field(index + 1), isSet(index + 1)),
    ['http-request', 'set-timeout', what, 'var(txn.to),add(0)', 'if', ...isSet(index + 1)],
  ]),
  ...guards('http-request', ['reject']),
  [
    'http-response',
    'set-header',
    'Strict-Transport-Security',
    `%[${field(7)}]`,
    'unless',
    '{',
    field(7),
    '-m',
    'str',
    '0',
    '}',
  ],
]

/** The same for TLS that is passed through. */
export const passthroughOptions = (): readonly Line[] => [
  ['tcp-request', 'content', 'set-var(txn.ov)', 'var(txn.o),map_str(options.map)'],
  ...guards('tcp-request content', ['reject']),
]

/**
 * Who is served, and how much. The address is looked up as hexadecimal text in a tree of prefixes: whose Route has a list, and is not
 * found, is cut off, so an empty list serves nobody. Source of the counters: OKD's router.
 */
function guards(rule: string, reject: readonly string[]): readonly Line[] {
  const start = rule.split(' ')
  const put = (variable: string, expression: string, ...conditions: readonly (readonly string[])[]): Line => [
    ...start,
    `set-var(txn.${variable})`,
    expression,
    ...(conditions.length > 0 ? ['if', ...conditions.flat()] : []),
  ]
  const counters = [
    [4, 'sc_conn_cur(1)'],
    [5, 'sc_conn_rate(1)'],
    [6, 'sc_http_req_rate(1)'],
  ] as const
  return [
    put('ip', 'src,hex', found('txn.ov')),
    put('ipl', 'src,hex,length', isSet(3)),
    put('al', 'var(txn.o),concat(:,txn.ipl,:),concat(,txn.ip),map_beg(allow.map)', isSet(3)),
    [...start, ...reject, 'if', ...isSet(3), '!{', 'var(txn.al)', '-m', 'found', '}'],
    [
      ...start,
      'track-sc1',
      'var(txn.o),concat(:,txn.ip)',
      'table',
      RATE_TABLE,
      'if',
      ...isSet(4),
      'or',
      ...isSet(5),
      'or',
      ...isSet(6),
    ],
    ...counters.flatMap(([number, counter]): Line[] => [
      put('lim', field(number), isSet(number)),
      [...start, ...reject, 'if', ...isSet(number), '{', `${counter},sub(txn.lim)`, '-m', 'int', 'ge', '0', '}'],
    ]),
  ]
}
