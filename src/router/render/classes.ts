import type { HeaderAction, HeaderActions } from '../../model/routes/types.ts'
import { type Line, literal } from '../../wire/haproxy/program.ts'
import type { ClassSpec } from '../layout/types.ts'
import { followCookie } from './cookies.ts'
import { forwardedHeaders } from './forwarded.ts'
import { webRules } from './web-rules.ts'

/** The named defaults a class's backends are made from; rules there are stored once. */
export function defaultsOf({ mode, options, forwarded }: ClassSpec): string {
  if (mode === 'tcp') return 'tcp'
  return `${options ? 'options' : 'plain'}${forwarded ? '-own' : ''}`
}

/** What every backend of a class has beside its servers. */
export function classLines(spec: ClassSpec): readonly Line[] {
  const { mode, balance, tunnelMs, rewrite, headers, forwarded, adjustCase, web } = spec
  // Servers can be added at run time to dynamic algorithms only: `source` is one when its hash is consistent.
  const choice = [['balance', balance], ...(balance === 'source' ? [['hash-type', 'consistent']] : [])]
  if (mode === 'tcp') return [...choice, ...(tunnelMs === undefined ? [] : [['timeout', 'tunnel', `${tunnelMs}ms`]])]
  return [
    ...choice,
    ...(adjustCase ? [['option', 'h1-case-adjust-bogus-server']] : []),
    ...(forwarded ? forwardedHeaders(forwarded) : []),
    ...(web ? webRules(web) : []),
    ...(rewrite ? [rewriteRule(rewrite)] : []),
    ...(headers ? headerRules(headers) : []),
    ...followCookie(),
  ]
}

/** "/" takes the Route's path away; anything else stands in its place. The path is a text here, not a pattern. */
function rewriteRule({ path, target }: { readonly path: string; readonly target: string }): Line {
  const quoted = path.replace(/[^A-Za-z0-9/_-]/g, '\\$&')
  const to = literal(target.replaceAll('\\', '\\\\'))
  return ['http-request', 'replace-path', target === '/' ? `^${quoted}/?(.*)$` : `^${quoted}(.*)$`, `${to}\\1`]
}

export const headerRules = ({ request, response }: HeaderActions): readonly Line[] => [
  ...request.map(action => headerRule('http-request', action)),
  ...response.map(action => headerRule('http-response', action)),
]

const headerRule = (rule: string, { header, value }: HeaderAction): Line =>
  value === undefined ? [rule, 'del-header', header] : [rule, 'set-header', header, value]
