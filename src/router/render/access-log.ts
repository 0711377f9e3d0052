import type { LogSettings } from '../../model/routes/settings.ts'
import { ROUTE, SERVICE } from './rules.ts'

/** The fields of a line of the access log, in order; each is one HAProxy expression. `source` is our end of the way to the pod. */
const FIELDS: readonly (readonly [name: string, expression: string])[] = [
  ['id', '"%ID"'],
  ['at', '"%tr"'],
  ['client', '"%ci:%cp"'],
  ['frontend', '"%f"'],
  ['route', `"%[${ROUTE},json(utf8s)]"`],
  ['service', `"%[${SERVICE},json(utf8s)]"`],
  ['backend', '"%b"'],
  ['source', '"%bi:%bp"'],
  ['server', '"%si:%sp"'],
  ['method', '"%HM"'],
  ['host', '"%[var(txn.host),json(utf8s)]"'],
  ['path', '"%[var(txn.p),json(utf8s)]"'],
  ['requestId', '"%[capture.req.hdr(0),json(utf8s)]"'],
  ['status', '%ST'],
  ['bytes', '%B'],
  ['ms', '%Ta'],
  ['end', '"%ts"'],
]

/** Where a cookie that is to be logged is kept. */
export const LOGGED_COOKIE = 'txn.cookie'

/** In the order of the IngressController, behind the identity of the request. */
function capturedFields({ requestHeaders = [], responseHeaders = [], cookie }: LogSettings): typeof FIELDS {
  const list = (way: 'req' | 'res', first: number, count: number): string =>
    `[${Array.from({ length: count }, (_, index) => `"%[capture.${way}.hdr(${first + index}),json(utf8s)]"`).join(',')}]`
  return [
    ...(requestHeaders.length > 0 ? [['requestHeaders', list('req', 1, requestHeaders.length)] as const] : []),
    ...(responseHeaders.length > 0 ? [['responseHeaders', list('res', 0, responseHeaders.length)] as const] : []),
    ...(cookie ? [['cookie', `"%[var(${LOGGED_COOKIE}),json(utf8s)]"`] as const] : []),
  ]
}

/**
 * One JSON object a line. What a client sends (Host, path, X-Request-Id) goes through the json converter, which leaves printable
 * ASCII without a bare quote or backslash: no request can forge a line or a field. HAProxy takes tokens alone as methods.
 */
export const accessLogFormat = (log: LogSettings = {}): string =>
  `{${[...FIELDS, ...capturedFields(log)].map(([name, value]) => `"${name}":${value}`).join(',')}}`

/** The same for TLS that is passed through, of which less is known. */
export const tcpLogFormat = (): string => `{${TCP_FIELDS.map(([name, value]) => `"${name}":${value}`).join(',')}}`

const TCP_FIELDS: typeof FIELDS = [
  ['at', '"%t"'],
  ['client', '"%ci:%cp"'],
  ['frontend', '"%f"'],
  ['route', '"%[var(txn.route),json(utf8s)]"'],
  ['service', '"%[var(txn.service),json(utf8s)]"'],
  ['backend', '"%b"'],
  ['source', '"%bi:%bp"'],
  ['server', '"%si:%sp"'],
  ['host', '"%[var(txn.h),json(utf8s)]"'],
  ['bytes', '%B'],
  ['ms', '%Tt'],
  ['end', '"%ts"'],
]

/** The address and port of both ends, when, and which process: unique, and the same on every line of one request. */
export const UNIQUE_ID = '%{+X}o%ci%cp%Ts%rt%pid'
