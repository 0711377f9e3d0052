/** Time as a value that is passed in. Nothing outside `host/clock` reads the system's. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Milliseconds on a clock that never jumps. */
  monotonic(): number
  /** Resolves after ms; rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** Calls f once after ms; the returned function cancels. Never keeps the process alive. */
  after(ms: number, f: () => void): () => void
}

let second = Number.NaN
let secondText = ''

/** RFC 3339 in UTC with whole seconds, as Kubernetes writes times. The last second is remembered: most writes are of the same one. */
export function rfc3339(ms: number): string {
  const asked = Math.floor(ms / 1000)
  if (asked !== second) {
    secondText = `${new Date(ms).toISOString().slice(0, 19)}Z`
    second = asked
  }
  return secondText
}
/** RFC 3339 with microseconds: the form of MicroTime. */
export const rfc3339Micro = (ms: number): string => `${new Date(ms).toISOString().slice(0, -1)}000Z`
