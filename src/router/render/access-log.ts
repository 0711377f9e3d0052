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

/**
 * One JSON object a line. What a client sends (Host, path, X-Request-Id) goes through the json converter, which leaves printable
 * ASCII without a bare quote or backslash: no request can forge a line or a field. HAProxy takes tokens alone as methods.
 */
export const accessLogFormat = (): string => `{${FIELDS.map(([name, value]) => `"${name}":${value}`).join(',')}}`

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
