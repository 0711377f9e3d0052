import type { Clock } from '../../lib/clock.ts'

/** A clock that moves only when told. */
export interface FakeClock extends Clock {
  /** Moves time and runs what falls due, in order; lets promises settle between. */
  advance(ms: number): Promise<void>
}

export function fakeClock(startMs = Date.UTC(2026, 0, 1)): FakeClock {
  let nowMs = startMs
  let pending: { dueMs: number; run: () => void }[] = []
  const at = (ms: number, run: () => void): (() => void) => {
    const entry = { dueMs: nowMs + ms, run }
    pending.push(entry)
    return () => {
      pending = pending.filter(other => other !== entry)
    }
  }
  const settle = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
  return {
    now: () => nowMs,
    monotonic: () => nowMs - startMs,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason)
        const abort = (): void => {
          cancel()
          reject(signal?.reason)
        }
        const cancel = at(ms, () => {
          signal?.removeEventListener('abort', abort)
          resolve()
        })
        signal?.addEventListener('abort', abort, { once: true })
      }),
    after: at,
    async advance(ms) {
      const endMs = nowMs + ms
      for (;;) {
        await settle()
        const next = pending.filter(entry => entry.dueMs <= endMs).sort((a, b) => a.dueMs - b.dueMs)[0]
        if (!next) break
        pending = pending.filter(entry => entry !== next)
        nowMs = Math.max(nowMs, next.dueMs)
        next.run()
      }
      nowMs = endMs
      await settle()
    },
  }
}
