import type { ForwardedPolicy } from '../../model/routes/types.ts'
import type { Line } from '../../wire/haproxy/program.ts'

const IS_4 = ['{', 'src', '0.0.0.0/0', '}']

/** What is told of the client: header, format, and when. txn.proto is http or https. */
const FIELDS: readonly (readonly [header: string, format: string, condition: readonly string[]])[] = [
  ['X-Forwarded-For', '%[src]', []],
  ['X-Forwarded-Host', '%[req.hdr(host)]', []],
  ['X-Forwarded-Port', '%[dst_port]', []],
  ['X-Forwarded-Proto', '%[var(txn.proto)]', []],
  ['X-Forwarded-Proto-Version', 'h2', ['{', 'ssl_fc_alpn', '-m', 'str', 'h2', '}']],
  ['Forwarded', 'for=%[src];host=%[req.hdr(host)];proto=%[var(txn.proto)]', IS_4],
  ['Forwarded', 'for="[%[src]]";host=%[req.hdr(host)];proto=%[var(txn.proto)]', ['!{', ...IS_4.slice(1)]],
]

/** OKD's four policies: ours beside what the client sent, in its place, only where it sent none, or not at all. */
export function forwardedHeaders(policy: ForwardedPolicy): readonly Line[] {
  if (policy === 'never') return []
  return FIELDS.map(([header, format, condition]) => {
    const isAbsent = policy === 'if-none' ? ['!{', `req.hdr(${header})`, '-m', 'found', '}'] : []
    const conditions = [...condition, ...isAbsent]
    return [
      'http-request',
      policy === 'append' ? 'add-header' : 'set-header',
      header,
      format,
      ...(conditions.length > 0 ? ['if', ...conditions] : []),
    ]
  })
}
