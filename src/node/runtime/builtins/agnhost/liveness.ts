import { accessLogged, answering, targetOf } from '../http.ts'
import type { Builtin } from '../mod.ts'
import { untilStopped } from '../mod.ts'

const WELL_MS = 10_000

/** Is well for ten seconds and then no more: what restarts are tried with. */
export const liveness: Builtin = async context => {
  const startMs = context.clock.monotonic()
  const answer = answering(request => {
    const { path, query } = targetOf(request)
    const seconds = (context.clock.monotonic() - startMs) / 1000
    if (path === '/started') return { body: `${seconds.toFixed(9)}s` }
    if (path === '/redirect') return { status: 302, headers: { location: query.get('loc') ?? '' } }
    if (path !== '/healthz') return { status: 404, body: '404 page not found\n' }
    return seconds * 1000 <= WELL_MS ? { body: 'ok' } : { status: 500, body: `error: ${seconds}` }
  })
  await context.sockets.http(8080, accessLogged(context, answer))
  return untilStopped(context.signal)
}
