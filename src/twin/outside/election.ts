import type { Ip } from '../../lib/ip.ts'
import { ipToBigint } from '../../lib/ip.ts'
import type { Received } from '../../wire/vrrp/advertisement.ts'

/** One host of a group that shares addresses. */
export interface Candidate {
  readonly router: number
  readonly priority: number
  readonly address: Ip
}

/** faulty: without a link. A backup takes over at its deadline, on the clock that never jumps. */
export type Standing =
  | { readonly is: 'faulty' }
  | { readonly is: 'backup'; readonly deadlineMs: number }
  | { readonly is: 'holder' }

export interface Moment {
  readonly nowMs: number
  readonly isLinked: boolean
  readonly heard: readonly Received[]
}

/** Between advertisements. Three that are missed and a little more are the end of a holder: 0.36 s at priority 100. */
export const INTERVAL_MS = 100

const skewMs = (priority: number): number => ((256 - priority) * INTERVAL_MS) / 256
const patienceMs = (priority: number): number => 3 * INTERVAL_MS + skewMs(priority)

/**
 * The next standing: RFC 5798 section 6.4 without preemption, so that a host that comes back takes nobody's connections away. A holder
 * that has lost its link holds nothing from then on: when it is back there is no second one.
 */
export function nextStanding(self: Candidate, standing: Standing, { nowMs, isLinked, heard }: Moment): Standing {
  if (!isLinked) return { is: 'faulty' }
  const said = heard.filter(({ router }) => router === self.router)
  const waiting = (): Standing => ({ is: 'backup', deadlineMs: nowMs + patienceMs(self.priority) })
  if (standing.is === 'holder') return said.some(other => outranks(other, self)) ? waiting() : standing
  if (standing.is === 'faulty') return waiting()
  const last = said.at(-1)
  if (last) return last.priority > 0 ? waiting() : { is: 'backup', deadlineMs: nowMs + skewMs(self.priority) }
  return nowMs >= standing.deadlineMs ? { is: 'holder' } : standing
}

const outranks = (other: Received, self: Candidate): boolean =>
  other.priority > self.priority ||
  (other.priority === self.priority && ipToBigint(other.source) > ipToBigint(self.address))
