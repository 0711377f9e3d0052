import type { ForwardedPolicy } from '../../model/routes/types.ts'
import type { Line } from '../../wire/haproxy/program.ts'

const IS_4 = ['{', 'src', '0.0.0.0/0', '}']

const PROTOCOL = '%[ssl_fc,iif(https,http)]'

/** What is told of the client beside its address: header, format, and when. */
const FIELDS: readonly (readonly [header: string, format: string, condition: readonly string[]])[] = [
  ['X-Forwarded-Host', '%[req.hdr(host)]', []],
  ['X-Forwarded-Port', '%[dst_port]', []],
  ['X-Forwarded-Proto', PROTOCOL, []],
  ['X-Forwarded-Proto-Version', 'h2', ['{', 'ssl_fc_alpn', '-m', 'str', 'h2', '}']],
  ['Forwarded', `for=%[src];host=%[req.hdr(host)];proto=${PROTOCOL}`, IS_4],
  ['Forwarded', `for="[%[src]]";host=%[req.hdr(host)];proto=${PROTOCOL}`, ['!{', ...IS_4.slice(1)]],
]

/** OKD's four policies: ours beside what the client sent, in its place, only where it sent none, or not at all. */
export function forwardedHeaders(policy: ForwardedPolicy): readonly Line[] {
  if (policy === 'never') return []
  const fields = FIELDS.map(([header, format, condition]) => {
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
  return [ADDRESS[policy], ...fields]
}

/** HAProxy's own option costs less than a rule; it has no words for "in the place of what the client sent". */
const ADDRESS: Readonly<Record<Exclude<ForwardedPolicy, 'never'>, Line>> = {
  append: ['option', 'forwardfor'],
  'if-none': ['option', 'forwardfor', 'if-none'],
  replace: ['http-request', 'set-header', 'X-Forwarded-For', '%[src]'],
}
