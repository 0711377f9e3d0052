import { parseFlags } from './flags.ts'
import type { Answer } from './http.ts'
import { accessLogged, answering, authorityOf, targetOf } from './http.ts'
import type { Builtin } from './mod.ts'
import { untilStopped } from './mod.ts'

const FOLDER = '/.well-known/acme-challenge/'
const UNCACHED = { 'cache-control': 'no-cache, no-store, must-revalidate' }
const NOT_FOUND: Answer = { status: 404, body: '404 page not found\n' }

/** cert-manager's solver of HTTP-01 challenges: `--key` for one `--domain` and `--token`, and not found for all else. */
export const acmesolver: Builtin = async context => {
  const flags = parseFlags(context.args)
  const [domain, token, key] = ['domain', 'token', 'key'].map(name => flags.string(name, ''))
  const port = flags.number('listen-port', 8089)
  const handler = answering(request => {
    const { path } = targetOf(request)
    if (path === '/' || path === '/healthz') return { headers: UNCACHED }
    if (path !== `${FOLDER}${token}` || hostOf(authorityOf(request)) !== domain) return NOT_FOUND
    return { headers: UNCACHED, body: key! }
  })
  await context.sockets.http(port, accessLogged(context, handler))
  context.out(`solving the challenge of ${domain} on port ${port}`)
  return untilStopped(context.signal)
}

/** Without port, and without the brackets of an IPv6 address. */
const hostOf = (authority: string): string => authority.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
