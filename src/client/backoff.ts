/** Delays that double from min to max, each shortened at random by up to a half, so that many clients do not return at once. */
export interface Backoff {
  /** Milliseconds until the next try. */
  next(): number
  reset(): void
  /** Tries since the last reset. */
  readonly failures: number
}

export interface BackoffLimits {
  readonly minMs: number
  readonly maxMs: number
}

/** seed: anything that differs between processes; the clock's fraction will do. */
export function createBackoff(limits: BackoffLimits, seed: number): Backoff {
  const random = seededRandom(seed)
  let failures = 0
  return {
    next: () => Math.min(limits.maxMs, limits.minMs * 2 ** Math.min(failures++, 30)) * (1 - random() / 2),
    reset: () => {
      failures = 0
    },
    get failures() {
      return failures
    },
  }
}

/** Numbers in [0, 1) that need only be spread, not secret (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = Math.floor(seed * 1000) >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
