import type { Run } from './runs.ts'
import type { ContainerRole } from './views.ts'

/**
 * restartPolicy, for one container: sidecars always restart, other init containers until they succeed unless Never, ephemeral
 * ones never.
 */
export function restartsAfter(policy: string, role: ContainerRole, exitCode: number): boolean {
  if (role === 'ephemeral') return false
  if (role === 'sidecar') return true
  if (policy === 'Never') return false
  return exitCode !== 0 || (policy !== 'OnFailure' && role === 'main')
}

const FIRST_DELAY_MS = 10_000
const MAX_DELAY_MS = 300_000
/** A run of twice the longest delay makes the failures before it forgotten. */
const FORGIVEN_AFTER_MS = 2 * MAX_DELAY_MS

/** The first restart is immediate, then 10 s, doubled each time up to 300 s. */
export const restartDelayMs = (restarts: number): number =>
  restarts <= 0 ? 0 : Math.min(FIRST_DELAY_MS * 2 ** Math.min(restarts - 1, 10), MAX_DELAY_MS)

/** It ended with its node or runtime, so nothing speaks against starting it again at once. */
export const isLost = (run: Run): boolean =>
  run.state.state === 'ended' && (!run.isKnown || run.state.reason === 'RuntimeRestarted')

/** When the next attempt may start, and how many restarts in a row it will be; `before` counts those so far. */
export function nextStart(
  run: Run,
  before: number,
): { readonly delayMs: number; readonly atMs: number; readonly restarts: number } {
  if (run.state.state !== 'ended') return { delayMs: 0, atMs: 0, restarts: before }
  if (isLost(run)) return { delayMs: 0, atMs: 0, restarts: before }
  const { startedAtMs, finishedAtMs } = run.state
  const isForgiven = startedAtMs !== undefined && finishedAtMs - startedAtMs >= FORGIVEN_AFTER_MS
  const counted = isForgiven ? 0 : before
  const delayMs = restartDelayMs(counted)
  return { delayMs, atMs: finishedAtMs + delayMs, restarts: counted + 1 }
}
