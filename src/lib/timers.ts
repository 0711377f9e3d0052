import type { Clock } from './clock.ts'

/** At most one timer for each key. */
export interface Timers {
  /** Calls f once after ms, in the place of what the key waited for; 0 ms: it waits for nothing any more. */
  set(key: string, ms: number, f: () => void): void
}

export function createTimers(clock: Pick<Clock, 'after'>): Timers {
  const cancels = new Map<string, () => void>()
  return {
    set(key, ms, f) {
      cancels.get(key)?.()
      cancels.delete(key)
      if (ms === 0) return
      const cancel = clock.after(ms, () => {
        cancels.delete(key)
        f()
      })
      cancels.set(key, cancel)
    },
  }
}
