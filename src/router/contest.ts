import type { Clock } from '../lib/clock.ts'

/**
 * Two routers of one name that see a Route differently (an old one and its successor while they change over) would overwrite each
 * other's status for ever. Saying the same again and again is bounded; saying something else is not held up.
 */
export interface Contest {
  /** 0: say it. Otherwise how long to wait, in ms, before asking again. */
  waitMs(key: string, words: string): number
  /** It was said: the API took it. */
  said(key: string, words: string): void
}

interface Said {
  readonly words: string
  readonly sinceMs: number
  readonly times: number
}

/** As OKD's router: so many in a window, then silence until it ends. */
const WINDOW_MS = 180_000
const MAX_TIMES = 5
const MAX_KEYS = 5000

export function createContest(clock: Pick<Clock, 'monotonic'>): Contest {
  const known = new Map<string, Said>()
  /** What was said last, where saying this would be saying the same again. */
  const again = (key: string, words: string): Said | undefined => {
    const last = known.get(key)
    return last?.words === words && clock.monotonic() - last.sinceMs < WINDOW_MS ? last : undefined
  }
  return {
    waitMs(key, words) {
      const last = again(key, words)
      return last && last.times >= MAX_TIMES ? last.sinceMs + WINDOW_MS - clock.monotonic() : 0
    },
    said(key, words) {
      const last = again(key, words)
      known.delete(key)
      known.set(key, last ? { ...last, times: last.times + 1 } : { words, sinceMs: clock.monotonic(), times: 1 })
      if (known.size > MAX_KEYS) known.delete(known.keys().next().value!)
    },
  }
}
