import type { Container } from '../../api/core/pod/container.ts'
import type {
  ContainerStatus as ApiContainerStatus,
  ContainerStateTerminated,
} from '../../api/core/pod/container-status.ts'
import type { Pod } from '../../api/core/pod.ts'
import type { ContainerStatus, SandboxStatus } from '../runtime/mod.ts'

/** The end of an attempt, in what the API says of it. */
export interface Ended {
  readonly state: 'ended'
  readonly exitCode: number
  readonly reason: string
  readonly message?: string
  readonly startedAtMs?: number
  readonly finishedAtMs: number
}

/** One attempt of a container, as the runtime tells of it or as the API remembers it. */
export interface Run {
  readonly attempt: number
  readonly id?: string
  /** How it runs and why, where the runtime knows. */
  readonly how?: string
  /** The runtime tells of it: what it made (an init container's files) is still there. */
  readonly isKnown?: true
  readonly state: { readonly state: 'running'; readonly startedAtMs: number } | Ended
}

/** A container's present attempt and the one before it. */
export interface Runs {
  readonly current?: Run
  readonly previous?: Run
}

/** The reason of a run whose end nobody saw: the runtime forgot it. Source: the kubelet. */
export const LOST = 'ContainerStatusUnknown'
export const CONTAINER_ID = 'fairlead://'

/** What the runtime knows of a container; what only the API remembers of it counts as lost, and so as ended. */
export function runsOf(pod: Pod, name: string, sandbox: SandboxStatus | undefined, nowMs: number): Runs {
  const known = (sandbox?.containers ?? []).filter(status => status.name === name).sort((a, b) => a.attempt - b.attempt)
  const [previous, current] = [known.at(-2), known.at(-1)]
  const remembered = apiStatus(pod, name)
  if (!current) return remembered ? rememberedRuns(remembered, nowMs) : {}
  return {
    current: runOf(current),
    ...(previous ? { previous: runOf(previous) } : previousOf(remembered, current.attempt, nowMs)),
  }
}

export const isInit = (pod: Pod, name: string): boolean =>
  (pod.spec.initContainers ?? []).some(container => container.name === name)
/** An init container that keeps running beside the others. */
export const isSidecar = (container: Container): boolean => container.restartPolicy === 'Always'

function apiStatus(pod: Pod, name: string): ApiContainerStatus | undefined {
  const { initContainerStatuses = [], containerStatuses = [], ephemeralContainerStatuses = [] } = pod.status ?? {}
  const statuses = isInit(pod, name) ? initContainerStatuses : [...containerStatuses, ...ephemeralContainerStatuses]
  return statuses.find(status => status.name === name)
}

const RUNS_AS: Readonly<Record<ContainerStatus['runsAs'], string>> = {
  builtin: 'built-in',
  process: 'process',
  'stand-in': 'stand-in',
}

function runOf(status: ContainerStatus): Run {
  const { phase } = status
  return {
    attempt: status.attempt,
    isKnown: true,
    id: `${CONTAINER_ID}${status.id}`,
    how: `${RUNS_AS[status.runsAs]}: ${status.why}`,
    state:
      phase.state === 'running'
        ? { state: 'running', startedAtMs: phase.startedAtMs }
        : {
            state: 'ended',
            exitCode: phase.exitCode,
            // The word of OCI runtimes for what could not be started.
            reason: phase.reason === 'ContainerCannotRun' ? 'StartError' : phase.reason,
            ...(phase.message === undefined ? {} : { message: phase.message }),
            startedAtMs: phase.startedAtMs,
            finishedAtMs: phase.finishedAtMs,
          },
  }
}

/** The attempt before the runtime's first one, which only the API remembers: as its present one, or as its last. */
function previousOf(remembered: ApiContainerStatus | undefined, attempt: number, nowMs: number): Runs {
  if (!remembered || attempt === 0) return {}
  const { current, previous } = rememberedRuns(remembered, nowMs)
  const found = [current, previous].find(run => run?.attempt === attempt - 1)
  return found ? { previous: found } : {}
}

function rememberedRuns(status: ApiContainerStatus, nowMs: number): Runs {
  const attempt = status.restartCount
  const last = status.lastState?.terminated
  const previous = last && attempt > 0 ? { previous: endedRun(attempt - 1, last) } : {}
  if (status.state?.terminated) return { current: endedRun(attempt, status.state.terminated), ...previous }
  if (status.state?.running) return { current: lostRun(status, nowMs), ...previous }
  // Waiting: for its first start, or for its next one.
  return last ? { current: endedRun(attempt, last) } : {}
}

const lostRun = (status: ApiContainerStatus, nowMs: number): Run => ({
  attempt: status.restartCount,
  ...(status.containerID === undefined ? {} : { id: status.containerID }),
  state: {
    state: 'ended',
    exitCode: 137,
    reason: LOST,
    message: 'The container could not be located when the pod was terminated',
    ...startedAt(status.state?.running?.startedAt),
    finishedAtMs: nowMs,
  },
})

const startedAt = (time: string | undefined): { startedAtMs?: number } =>
  time ? { startedAtMs: Date.parse(time) } : {}

function endedRun(attempt: number, terminated: ContainerStateTerminated): Run {
  return {
    attempt,
    ...(terminated.containerID === undefined ? {} : { id: terminated.containerID }),
    state: {
      state: 'ended',
      exitCode: terminated.exitCode,
      reason: terminated.reason ?? (terminated.exitCode === 0 ? 'Completed' : 'Error'),
      ...(terminated.message === undefined ? {} : { message: terminated.message }),
      ...startedAt(terminated.startedAt),
      finishedAtMs: terminated.finishedAt ? Date.parse(terminated.finishedAt) : 0,
    },
  }
}
