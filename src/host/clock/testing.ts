/** What tests know of the machine they run on: how slow it is right now, and what silence is where everybody is late. */

const WORK = 80_000_000
/** What this work takes on a quiet machine. */
const QUIET_MS = 100
const TURN_MS = 20

/** How many times as long as on a quiet machine work takes here and now: 1 or more. Takes that work. */
export function slowness(): number {
  const startMs = performance.now()
  let sum = 0
  for (let i = 0; i < WORK; i++) sum = Math.imul(sum, 31) ^ i
  // The sum is looked at, so that it is worked out.
  const tookMs = performance.now() - startMs + (sum === 0.5 ? 1 : 0)
  return Math.max(1, tookMs / QUIET_MS)
}

/**
 * Calls f once after ms, counted in short turns: a process that was not let run for a while has heard all that came meanwhile before
 * it calls something silent. The returned function cancels.
 */
export function afterSilence(ms: number, f: () => void): () => void {
  let turns = Math.ceil(ms / TURN_MS)
  const turn = (): void => {
    if (turns-- > 0) timer = setTimeout(turn, TURN_MS)
    else f()
  }
  let timer = setTimeout(turn, 0)
  return () => clearTimeout(timer)
}

/** Aborts after ms of silence, as `afterSilence` counts them. */
export function silence(ms: number): AbortSignal {
  const stop = new AbortController()
  afterSilence(ms, () => stop.abort(new Error(`silence for ${ms} ms`)))
  return stop.signal
}
