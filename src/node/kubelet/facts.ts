import type { Pod } from '../../api/core/pod.ts'
import type { SandboxStatus } from '../runtime/mod.ts'

/** What the checks of a running attempt have found so far. */
export interface Checked {
  /** The startup probe has succeeded, or there is none. */
  readonly started: boolean
  /** The readiness probe succeeds, or there is none. */
  readonly ready: boolean
  /** Set when the liveness or startup probe has failed for good: which one, and how long the container gets to end. */
  readonly failed?: { readonly probe: 'Liveness' | 'Startup'; readonly graceSeconds?: number }
  /** The readiness probe has not answered yet. */
  readonly pending: boolean
}

/** Everything a decision about one pod depends on. */
export interface PodFacts {
  readonly pod: Pod
  /** Absent when the runtime knows no such pod. */
  readonly sandbox: SandboxStatus | undefined
  /** The network, volumes and sandbox are made and this agent knows of them. */
  readonly isSetUp: boolean
  /** Its network can be made: the node's stands, or the pod uses the node's. */
  readonly isNetworkReady: boolean
  /** Something is being done to the pod as a whole, or to a container, and has not ended yet. */
  readonly isSettingUp: boolean
  readonly isTearingDown: boolean
  readonly changing: ReadonlySet<string>
  /** Containers whose postStart hook has not ended. */
  readonly hooking: ReadonlySet<string>
  /** The pod is being deleted and its containers have ended for good. */
  readonly isEnded: boolean
  /** Why a container cannot be started at present: a reason for its waiting state, and when to try again. */
  readonly blocked: ReadonlyMap<string, Blocked>
  /** By container, for the attempt that runs. */
  readonly checked: ReadonlyMap<string, Checked>
  /** Restarts in a row, by container. */
  readonly restarts: ReadonlyMap<string, number>
  /** Why the pod has to go: it has written more than it may. */
  readonly evicted?: string
  readonly nowMs: number
}

export interface Blocked {
  readonly reason: string
  readonly message: string
  readonly untilMs: number
}

/** A phase that the API shows as final stays, whatever is left of the pod. */
export const wasOver = (pod: Pod): boolean => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'

/** When the pod fails if it is still there: counted from the start that the API was told. */
export function deadlineMs(pod: Pod): number | undefined {
  const { activeDeadlineSeconds } = pod.spec
  const startTime = pod.status?.startTime
  if (activeDeadlineSeconds === undefined || startTime === undefined) return undefined
  return Date.parse(startTime) + Number(activeDeadlineSeconds) * 1000
}

export function isPastDeadline({ pod, nowMs }: PodFacts): boolean {
  const atMs = deadlineMs(pod)
  return atMs !== undefined && atMs <= nowMs
}

/** What has ended does not start again, whatever the restart policy says. */
export const isFinal = (facts: PodFacts): boolean =>
  wasOver(facts.pod) || facts.isEnded || isPastDeadline(facts) || facts.evicted !== undefined
