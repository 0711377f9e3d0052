import type { Clock } from '../../lib/clock.ts'

const MAX_AT_ONCE = 64
/** From one address, in so much time: a handshake costs a signature, and a token a question to the API. */
const MAX_OF_ONE = 4
const WINDOW_MS = 10_000
const MAX_ADDRESSES = 1000

/** Connections of whom nobody knows yet who they are. */
export interface Strangers {
  /** False: it is not to be let in. */
  enter(address: string): boolean
  /** It is known now, and does not count any more; or it has gone. */
  leave(address: string, isKnown: boolean): void
}

export function createStrangers(clock: Clock): Strangers {
  const cameMs = new Map<string, readonly number[]>()
  let here = 0
  return {
    enter(address) {
      const nowMs = clock.monotonic()
      const recent = (cameMs.get(address) ?? []).filter(atMs => nowMs - atMs < WINDOW_MS)
      if (here >= MAX_AT_ONCE || recent.length >= MAX_OF_ONE) return false
      if (cameMs.size >= MAX_ADDRESSES) cameMs.clear()
      cameMs.set(address, [...recent, nowMs])
      here++
      return true
    },
    leave(address, isKnown) {
      here--
      if (isKnown) cameMs.delete(address)
    },
  }
}
