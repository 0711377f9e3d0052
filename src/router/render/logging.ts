import type { Line } from '../../wire/haproxy/program.ts'
import type { Listeners } from '../layout/types.ts'
import { accessLogFormat, tcpLogFormat, UNIQUE_ID } from './access-log.ts'

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
    ['log-format', log?.format ?? accessLogFormat()],
    words('declare capture request len 128'),
    words('http-request capture req.hdr(x-request-id) id 0'),
    ...(log?.requestHeaders ?? []).map(one => ['capture', 'request', 'header', one.name, 'len', String(one.maxLength)]),
    ...(log?.responseHeaders ?? []).map(one => [
      'capture',
      'response',
      'header',
      one.name,
      'len',
      String(one.maxLength),
    ]),
    ...(log?.cookie ? [['capture', 'cookie', log.cookie.name, 'len', String(log.cookie.maxLength)]] : []),
    words('http-request set-var(txn.host) req.hdr(host)'),
  ]
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
