import type { Clock } from './clock.ts'

/** At most one timer for each key. */
export interface Timers {
  /** Calls f once after ms, in the place of what the key waited for; never for 0 ms. */
  set(key: string, ms: number, f: () => void): void
  cancel(key: string): void
}

export function createTimers(clock: Pick<Clock, 'after'>): Timers {
  const cancels = new Map<string, () => void>()
  const cancel = (key: string): void => {
    cancels.get(key)?.()
    cancels.delete(key)
  }
  return {
    cancel,
    set(key, ms, f) {
      cancel(key)
      if (ms === 0) return
      const fire = (): void => {
        cancels.delete(key)
        f()
      }
      cancels.set(key, clock.after(ms, fire))
    },
  }
}
