import { accessLogged, answering } from '../http.ts'
import type { Builtin } from '../mod.ts'
import { untilStopped } from '../mod.ts'

const WELL_MS = 10_000

/** Is well for ten seconds and then no more: what restarts are tried with. */
export const liveness: Builtin = async context => {
  const startMs = context.clock.monotonic()
  const answer = answering(() => {
    const ms = context.clock.monotonic() - startMs
    return ms < WELL_MS ? { body: 'ok' } : { status: 500, body: `error: ${(ms / 1000).toFixed(3)}` }
  })
  await context.sockets.http(8080, accessLogged(context, answer))
  return untilStopped(context.signal)
}
