import type { Role } from '../client/mod.ts'
import type { Logger } from '../lib/log.ts'

/** A signal that aborts when the process is asked to end. */
export function stopSignal(): AbortSignal {
  const stop = new AbortController()
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stop.abort(new Error(name)))
  return stop.signal
}

/** Ends the process when the role has ended: with 0 after a request to stop, else as failed. */
export async function runRole(role: Role, log: Logger): Promise<never> {
  try {
    await role.done
  } catch (error) {
    log.error({ error: error instanceof Error ? error.stack : String(error) }, 'the role failed')
    process.exit(70)
  }
  process.exit(0)
}
