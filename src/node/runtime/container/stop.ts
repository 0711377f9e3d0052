import type { Clock } from '../../../lib/clock.ts'
import type { Attempt } from '../pod.ts'

/** SIGTERM, grace, SIGKILL. Resolves when the attempt has ended; a later call with less grace cuts an earlier one short. */
export async function stopAttempt(clock: Clock, attempt: Attempt, graceSeconds: number): Promise<void> {
  const { workload } = attempt
  if (!workload) return
  const kill = (): void => {
    workload.kill()
    // Whoever is attached and does not read must not hold up the end.
    attempt.output.end()
  }
  if (graceSeconds <= 0) kill()
  else workload.terminate()
  const cancel = graceSeconds > 0 ? clock.after(graceSeconds * 1000, kill) : (): void => {}
  await attempt.done
  cancel()
}
