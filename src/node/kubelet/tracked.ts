import type { PodStatus } from '../../api/core/pod/status.ts'
import type { Pod } from '../../api/core/pod.ts'
import type { Blocked } from './facts.ts'

/** The pod as the API shows it: the later one of two, by the versions that its server counts up. */
export const laterOf = (known: Pod | undefined, next: Pod): Pod =>
  known?.metadata.uid === next.metadata.uid &&
  Number(known.metadata.resourceVersion) > Number(next.metadata.resourceVersion)
    ? known
    : next

/** What the agent remembers about a pod beside what the API and the runtime say. All of it may be lost with the agent. */
export interface Tracked {
  readonly podUid: string
  /** Absent once the API has no such pod any more. */
  pod: Pod | undefined
  isSetUp: boolean
  isSettingUp: boolean
  /** How long containers may take, while the pod is being taken down. */
  tearingDown: { graceSeconds: number } | undefined
  /** The pod is being deleted and its containers have ended for good: what the API is to be told stays as it is. */
  isEnded: boolean
  /** Nothing of it is left on the node. */
  isGone: boolean
  readonly changing: Set<string>
  /** Containers whose postStart hook has not ended. */
  readonly hooking: Set<string>
  /** Attempts that were told to end: their preStop hooks have begun. */
  readonly ending: Set<string>
  /** By container; '' is the pod as a whole. */
  readonly blocked: Map<string, Blocked & { readonly failures: number }>
  readonly restarts: Map<string, number>
  /** What the API is to be told. */
  wanted: PodStatus | undefined
  /** What it was told last, and the version which that made. */
  told: { readonly status: PodStatus; readonly resourceVersion: string } | undefined
  /** By container: the attempt whose back-off was told of in an event. */
  readonly backedOff: Map<string, number>
  addresses: readonly string[]
  /** It is on its way to what was asked for, as far as the last look showed. */
  isBusy: boolean
}

export const track = (pod: Pod | undefined, podUid: string): Tracked => ({
  podUid,
  pod,
  isSetUp: false,
  isSettingUp: false,
  tearingDown: undefined,
  isEnded: false,
  isGone: false,
  changing: new Set(),
  hooking: new Set(),
  ending: new Set(),
  blocked: new Map(),
  restarts: new Map(),
  wanted: undefined,
  told: undefined,
  backedOff: new Map(),
  addresses: [],
  isBusy: true,
})

const FIRST_RETRY_MS = 250
const LAST_RETRY_MS = 30_000

/** Notes why something cannot be done at present; the next try comes later each time. */
export function block(tracked: Tracked, name: string, reason: string, message: string, nowMs: number): void {
  const failures = (tracked.blocked.get(name)?.failures ?? 0) + 1
  const untilMs = nowMs + Math.min(FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 10), LAST_RETRY_MS)
  tracked.blocked.set(name, { reason, message, untilMs, failures })
}
