import type { Clock } from '../lib/clock.ts'

/**
 * Two routers of one name that see a Route differently (an old one and its successor while they change over) would overwrite each
 * other's status for ever. Saying the same again and again is bounded; saying something else is not held up.
 */
export interface Contest {
  /** 0: say it. Otherwise how long to wait, in ms, before asking again. */
  enter(key: string, words: string): number
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
  const said = new Map<string, Said>()
  return {
    enter(key, words) {
      const nowMs = clock.monotonic()
      const last = said.get(key)
      const isAgain = last !== undefined && last.words === words && nowMs - last.sinceMs < WINDOW_MS
      if (isAgain && last.times >= MAX_TIMES) return WINDOW_MS - (nowMs - last.sinceMs)
      said.delete(key)
      said.set(key, isAgain ? { ...last, times: last.times + 1 } : { words, sinceMs: nowMs, times: 1 })
      if (said.size > MAX_KEYS) said.delete(said.keys().next().value!)
      return 0
    },
  }
}
