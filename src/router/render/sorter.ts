import type { Line, Section } from '../../wire/haproxy/program.ts'
import type { Listeners } from '../layout/types.ts'
import { timeOf } from './global.ts'
import { tcpLogging } from './logging.ts'
import { passthroughOptions } from './options.ts'
import { found, missing, unalias } from './rules.ts'

/** Where TLS that is not passed through is ended: a socket without a file, of the router's own network. */
export const inner = ({ httpsPort }: Pick<Listeners, 'httpsPort'>): string => `abns@fairlead-tls-${httpsPort}`

const set = (variable: string, expression: string, ...conditions: readonly (readonly string[])[]): Line => [
  'tcp-request',
  'content',
  `set-var(txn.${variable})`,
  expression,
  ...(conditions.length > 0 ? ['if', ...conditions.flat()] : []),
]
const IS_HELLO = '{ req.ssl_hello_type 1 }'.split(' ')

/**
 * Takes the port for TLS while some of it is passed through, and sorts by the name the client asked for. Rules run again while the
 * client's first message is incomplete, so nothing is counted before it is whole.
 */
export const sorter = (listeners: Listeners, bind: readonly string[], first: readonly Line[]): readonly Section[] => [
  {
    type: 'frontend',
    name: 'sorter',
    from: 'tcp',
    lines: [
      ['bind', ...bind],
      ...first,
      ...tcpLogging(listeners),
      ['tcp-request', 'inspect-delay', timeOf(listeners.settings, 'inspect')],
      set('h', 'req.ssl_sni,lower', IS_HELLO),
      set('r', 'var(txn.h),map_str(sni.map)'),
      set('w', 'var(txn.h),field(2,.,0)', missing('txn.r')),
      set('r', 'str(*.),concat(,txn.w),map_str(sni.map)', missing('txn.r'), found('txn.w')),
      ...alias(listeners),
      set('b', 'var(txn.r),field(1,|)'),
      set('route', 'var(txn.r),field(2,|)'),
      set('service', 'var(txn.r),field(3,|)'),
      set('o', 'var(txn.r),field(5,|)'),
      ...passthroughOptions(),
      ...weigh(),
      ...(listeners.accessLog
        ? [['tcp-request', 'content', 'set-log-level', 'silent', 'if', ...missing('txn.r')]]
        : []),
      ['tcp-request', 'content', 'accept', 'if', ...IS_HELLO],
      ['use_backend', '%[var(txn.b)]', 'if', ...found('txn.r')],
      ['default_backend', 'inner'],
    ],
  },
  { type: 'backend', name: 'inner', from: 'tcp', lines: [['server', 'tls', inner(listeners), 'send-proxy-v2']] },
]

/** Of the name that an alias stands for. */
const alias = ({ alias: name, domain }: Listeners): readonly Line[] =>
  name
    ? [
        set('l', unalias(name, domain), missing('txn.r'), ['{', 'var(txn.h)', '-m', 'end', `.${name}`, '}']),
        set('r', 'var(txn.l),map_str(sni.map)', missing('txn.r')),
        set('v', 'var(txn.l),field(2,.,0)', missing('txn.r')),
        set('r', 'str(*.),concat(,txn.v),map_str(sni.map)', missing('txn.r'), found('txn.v')),
      ]
    : []

const weigh = (): readonly Line[] => [
  set('wid', 'var(txn.b),field(2,:)', ['{', 'var(txn.b)', '-m', 'beg', 'w:', '}']),
  ['tcp-request', 'content', 'track-sc2', 'var(txn.wid)', 'table', 'turns', 'if', ...found('txn.wid')],
  set('W', 'var(txn.b),field(3,:)', found('txn.wid')),
  set('st', 'var(txn.b),field(4,:)', found('txn.wid')),
  set('n', 'sc_inc_gpc0(2),mul(txn.st),mod(txn.W)', found('txn.wid')),
  set('t', 'var(txn.wid),concat(:,txn.n),map_str(weights.map)', found('txn.n')),
  set('service', 'var(txn.t),field(2,|)', found('txn.wid')),
  set('b', 'var(txn.t),field(1,|)', found('txn.wid')),
]
