import type { Line } from '../../wire/haproxy/program.ts'
import type { AdminFiles, Listeners } from '../layout/types.ts'

export const CLIENT_AUTHORITIES = 'ca/clients.pem'
export const CLIENT_REVOCATIONS = 'ca/revoked.pem'

/** Words of the bind line. */
export const clientVerification = ({ settings: { clientTls } }: Listeners, { clientRevocations }: AdminFiles): Line =>
  clientTls
    ? [
        ...['ca-file', CLIENT_AUTHORITIES, 'verify', clientTls.verify],
        ...(clientRevocations === undefined ? [] : ['crl-file', CLIENT_REVOCATIONS]),
      ]
    : []

const FIELDS: readonly (readonly [header: string, format: string])[] = [
  ['X-SSL', '%[ssl_fc]'],
  ['X-SSL-Client-Verify', '%[ssl_c_verify]'],
  ['X-SSL-Client-SHA1', '%{+Q}[ssl_c_sha1,hex]'],
  ['X-SSL-Client-DN', '%{+Q}[ssl_c_s_dn]'],
  ['X-SSL-Client-CN', '%{+Q}[ssl_c_s_dn(cn)]'],
  ['X-SSL-Issuer', '%{+Q}[ssl_c_i_dn]'],
  ['X-SSL-Client-NotBefore', '%{+Q}[ssl_c_notbefore]'],
  ['X-SSL-Client-NotAfter', '%{+Q}[ssl_c_notafter]'],
  ['X-SSL-Client-DER', '%{+Q}[ssl_c_der,base64]'],
]

/** What pods are told of a client's certificate, after what the client itself claimed was taken away. Source: OKD's router. */
export function clientHeaders({ settings: { clientTls } }: Listeners): readonly Line[] {
  if (!clientTls) return []
  const has = ['{', 'ssl_c_used', '1', '}']
  const subjects = clientTls.subjects?.join('|')
  return [
    ...(subjects
      ? [['http-request', 'deny', 'deny_status', '403', 'if', ...has, '!{', 'ssl_c_s_dn', '-m', 'reg', subjects, '}']]
      : []),
    ...FIELDS.map(([header, format]): Line => ['http-request', 'set-header', header, format, 'if', ...has]),
  ]
}
