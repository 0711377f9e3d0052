export interface Backoff {
  /** Failures since the last success. */
  readonly failures: number
  readonly lastFailureMs: number
}
export const NO_FAILURES: Backoff = { failures: 0, lastFailureMs: 0 }
