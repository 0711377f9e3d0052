import type { Role } from '../client/mod.ts'
import type { Logger } from '../lib/log.ts'

/** A signal that aborts when the process is asked to end. The runtime of pods asks more than once. */
export function stopSignal(): AbortSignal {
  const stop = new AbortController()
  process.on('SIGTERM', () => stop.abort(new Error('SIGTERM')))
  process.once('SIGINT', () => stop.abort(new Error('SIGINT')))
  return stop.signal
}

/**
 * Waits for roles that begin. Asked to end before they have begun, the process ends at once: not everything that begins heeds the
 * signal, and what it has done so far outlives a killed process too.
 */
export async function begun<T>(roles: Promise<T>, signal: AbortSignal): Promise<T> {
  const end = (): never => process.exit(0)
  if (signal.aborted) end()
  signal.addEventListener('abort', end, { once: true })
  const found = await roles
  signal.removeEventListener('abort', end)
  return found
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
