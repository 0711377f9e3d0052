import type { LogSettings } from '../../model/routes/settings.ts'
import type { Line } from '../../wire/haproxy/program.ts'
import type { Listeners } from '../layout/types.ts'
import { accessLogFormat, LOGGED_COOKIE, tcpLogFormat, UNIQUE_ID } from './access-log.ts'

const words = (text: string): Line => text.split(' ')

/** Logged where requests come in: a log target of the backends would tell of every server that comes and goes. */
export function logging({ accessLog, settings }: Listeners): readonly Line[] {
  const { log, uniqueId } = settings
  const identity: Line[] = [
    ['unique-id-format', uniqueId?.format ?? UNIQUE_ID],
    ...(uniqueId ? [['unique-id-header', uniqueId.header]] : []),
  ]
  if (!accessLog) return uniqueId ? identity : []
  return [
    logTarget(settings),
    ...(log?.ignoreEmpty === false ? [] : [words('option dontlognull')]),
    ...identity,
    ['log-format', log?.format ?? accessLogFormat(log)],
    ...(log?.format === undefined ? identified(log) : []),
    ...(['request', 'response'] as const).flatMap(way =>
      (log?.[`${way}Headers`] ?? []).map(one => ['capture', way, 'header', one.name, 'len', String(one.maxLength)]),
    ),
    ...(log?.cookie ? [['capture', 'cookie', log.cookie.name, 'len', String(log.cookie.maxLength)]] : []),
    words('http-request set-var(txn.host) req.hdr(host)'),
    words('http-request set-var(txn.p) path'),
  ]
}

/** What only our own format tells. */
const identified = (log: LogSettings | undefined): readonly Line[] => [
  words('declare capture request len 128'),
  words('http-request capture req.hdr(x-request-id) id 0'),
  ...(log?.cookie ? [loggedCookie(log.cookie)] : []),
]

/** HAProxy's own field of captured cookies cannot be put into JSON. */
function loggedCookie({ name, maxLength }: NonNullable<LogSettings['cookie']>): Line {
  const pattern = name.replace(/[^\w=-]/g, '.')
  const found = `req.hdr(cookie),regsub("^(.*;[ ]*)?(${pattern}[^;]*).*$","\\2"),bytes(0,${maxLength})`
  const isThere = ['{', 'req.hdr(cookie)', '-m', 'reg', `(^|;[ ]*)${pattern}`, '}']
  return ['http-request', `set-var(${LOGGED_COOKIE})`, found, 'if', ...isThere]
}

/** Of TLS that is passed through. */
export const tcpLogging = ({ accessLog, settings }: Listeners): readonly Line[] =>
  accessLog ? [logTarget(settings), words('option dontlognull'), ['log-format', tcpLogFormat()]] : []

function logTarget({ log }: Listeners['settings']): Line {
  const length = ['len', String(log?.maxLength ?? 4096)]
  return log?.syslog
    ? ['log', log.syslog, ...length, log.facility ?? 'local1', 'info']
    : ['log', 'stdout', ...length, 'format', 'raw', 'local0', 'info']
}
