import type { Clock } from '../../../lib/clock.ts'
import type { Attempt } from '../pod.ts'
import type { Workload } from './workload.ts'

const AGAIN_MS = 500

/** SIGTERM, grace, SIGKILL. Resolves when the attempt has ended; a later call with less grace cuts an earlier one short. */
export async function stopAttempt(clock: Clock, attempt: Attempt, graceSeconds: number): Promise<void> {
  const { workload } = attempt
  if (!workload) return
  const kill = (): void => {
    workload.kill()
    // Whoever is attached and does not read must not hold up the end.
    attempt.output.end()
  }
  const cancels = graceSeconds > 0 ? [terminate(clock, workload), clock.after(graceSeconds * 1000, kill)] : []
  if (graceSeconds <= 0) kill()
  await attempt.done
  for (const cancel of cancels) cancel()
}

/** Returns the way to stop asking. */
function terminate(clock: Clock, workload: Workload): () => void {
  workload.terminate()
  if (!workload.isRole) return () => {}
  let cancel = clock.after(AGAIN_MS, function again() {
    workload.terminate()
    cancel = clock.after(AGAIN_MS, again)
  })
  return () => cancel()
}
