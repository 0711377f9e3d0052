import type { Container } from '../../api/core/pod/container.ts'
import type { Pod } from '../../api/core/pod.ts'
import type { SandboxStatus } from '../runtime/mod.ts'
import { nextStart, restartsAfter } from './restart.ts'
import type { Run, Runs } from './runs.ts'
import { isSidecar, runsOf } from './runs.ts'

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
  /** Why a container cannot be started at present: a reason for its waiting state, and when to try again. */
  readonly blocked: ReadonlyMap<string, Blocked>
  /** By container, for the attempt that runs. */
  readonly checked: ReadonlyMap<string, Checked>
  /** Restarts in a row, by container. */
  readonly restarts: ReadonlyMap<string, number>
  readonly nowMs: number
}

export interface Blocked {
  readonly reason: string
  readonly message: string
  readonly untilMs: number
}

export type Action =
  | { readonly do: 'set-up' }
  | { readonly do: 'start'; readonly container: Container; readonly attempt: number; readonly restarts: number }
  | {
      readonly do: 'stop'
      readonly container: string
      readonly graceSeconds: number
      readonly because: 'Liveness' | 'Startup'
    }
  /** The pod is over: everything stops; the sandbox's records stay for its logs. */
  | { readonly do: 'release'; readonly graceSeconds: number }
  /** The pod is to be deleted: everything goes, then the object. */
  | { readonly do: 'tear-down'; readonly graceSeconds: number }

/** What a container is, for its status. */
export interface ContainerView {
  readonly container: Container
  readonly role: 'main' | 'init' | 'sidecar'
  readonly runs: Runs
  /** It does not run and will: why not yet. */
  readonly waiting?: { readonly reason: string; readonly message?: string }
  readonly started: boolean
  readonly ready: boolean
  /** It has ended and will not run again. */
  readonly isOver: boolean
}

export interface Decision {
  readonly actions: readonly Action[]
  readonly views: readonly ContainerView[]
  readonly initialized: boolean
  /** All containers have ended for good. */
  readonly isOver: boolean
  /** Look again at this time, though nothing changed. */
  readonly wakeAtMs?: number
  /** The pod is on its way to what was asked for. */
  readonly isBusy: boolean
}

const DEFAULT_GRACE_SECONDS = 30

/** What to do next for one pod. It only looks at what is, so it may be asked at any time and any number of times. */
export function decide(facts: PodFacts): Decision {
  const views = viewsOf(facts)
  const mains = views.filter(view => view.role === 'main')
  const initialized = views.every(view => view.role === 'main' || isInitDone(view))
  const failedInit = views.some(view => view.role === 'init' && view.isOver && exitCodeOf(view.runs.current) !== 0)
  const isOver = wasOver(facts.pod) || failedInit || mains.every(view => view.isOver)
  const actions = actionsFor(facts, views, isOver)
  const wakes = wakeTimes(facts, views, isOver)
  const awaitsNetwork = !isOver && !facts.isSetUp && !facts.isNetworkReady
  const inFlight = facts.isSettingUp || facts.isTearingDown || facts.changing.size > 0 || awaitsNetwork
  return {
    actions,
    views,
    initialized,
    isOver,
    ...(wakes.length > 0 ? { wakeAtMs: Math.min(...wakes) } : {}),
    isBusy: inFlight || actions.length > 0 || [...facts.checked.values()].some(checked => checked.pending),
  }
}

/** A phase that the API shows as final stays, whatever is left of the pod. */
export const wasOver = (pod: Pod): boolean => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'

function actionsFor(facts: PodFacts, views: readonly ContainerView[], isOver: boolean): readonly Action[] {
  const { pod } = facts
  const grace =
    pod.metadata.deletionGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS
  if (pod.metadata.deletionTimestamp !== undefined) return [{ do: 'tear-down', graceSeconds: grace }]
  if (facts.isTearingDown) return []
  if (facts.isSettingUp) return []
  if (isOver) return facts.sandbox && !facts.sandbox.stopped ? [{ do: 'release', graceSeconds: grace }] : []
  if (!facts.isSetUp) return isBlocked(facts, '') || !facts.isNetworkReady ? [] : [{ do: 'set-up' }]
  const stops = stopsFor(facts, views, grace)
  return [...stops, ...startsFor(facts, views)]
}

function stopsFor(facts: PodFacts, views: readonly ContainerView[], grace: number): readonly Action[] {
  return views.flatMap((view): readonly Action[] => {
    const { name } = view.container
    const failed = facts.checked.get(name)?.failed
    if (!failed || view.runs.current?.state.state !== 'running' || facts.changing.has(name)) return []
    return [{ do: 'stop', container: name, graceSeconds: failed.graceSeconds ?? grace, because: failed.probe }]
  })
}

/** Init containers one after another; the rest together once those are done. */
function startsFor(facts: PodFacts, views: readonly ContainerView[]): readonly Action[] {
  const starts: Action[] = []
  for (const view of views.filter(view => view.role !== 'main')) {
    starts.push(...startOf(facts, view))
    if (!isInitDone(view)) return starts
  }
  return [...starts, ...views.filter(view => view.role === 'main').flatMap(view => startOf(facts, view))]
}

function startOf(facts: PodFacts, view: ContainerView): readonly Action[] {
  const { name } = view.container
  const { current } = view.runs
  if (facts.changing.has(name) || view.isOver || current?.state.state === 'running' || isBlocked(facts, name)) return []
  if (!current) return [{ do: 'start', container: view.container, attempt: 0, restarts: 0 }]
  const next = nextOf(facts, name, current)
  if (next.atMs > facts.nowMs) return []
  return [{ do: 'start', container: view.container, attempt: current.attempt + 1, restarts: next.restarts }]
}

/** An agent that has just started takes every earlier attempt for a restart in a row. */
const nextOf = (facts: PodFacts, name: string, run: Run) => nextStart(run, facts.restarts.get(name) ?? run.attempt)
const isBlocked = (facts: PodFacts, name: string): boolean => (facts.blocked.get(name)?.untilMs ?? 0) > facts.nowMs
const exitCodeOf = (run: Run | undefined): number => (run?.state.state === 'ended' ? run.state.exitCode : 0)
const isInitDone = (view: ContainerView): boolean =>
  view.role === 'sidecar'
    ? view.started
    : view.runs.current?.state.state === 'ended' && exitCodeOf(view.runs.current) === 0

function viewsOf(facts: PodFacts): readonly ContainerView[] {
  const { pod } = facts
  const inits = (pod.spec.initContainers ?? []).map(
    container => ({ container, role: isSidecar(container) ? 'sidecar' : 'init' }) as const,
  )
  const mains = pod.spec.containers.map(container => ({ container, role: 'main' }) as const)
  const views: ContainerView[] = []
  for (const { container, role } of [...inits, ...mains]) {
    const isInitializing = role === 'main' && views.some(view => view.role !== 'main' && !isInitDone(view))
    views.push(viewOf(facts, container, role, isInitializing))
  }
  return views
}

function viewOf(
  facts: PodFacts,
  container: Container,
  role: ContainerView['role'],
  isInitializing: boolean,
): ContainerView {
  const { pod, nowMs } = facts
  const runs = runsOf(pod, container.name, facts.sandbox, nowMs)
  const { current } = runs
  const isRunning = current?.state.state === 'running'
  const checked = isRunning ? facts.checked.get(container.name) : undefined
  const isOver =
    current?.state.state === 'ended' &&
    (wasOver(pod) || !restartsAfter(pod.spec.restartPolicy ?? 'Always', role, current.state.exitCode))
  const started = isRunning && (checked?.started ?? false)
  const waiting = isRunning || isOver ? undefined : waitingFor(facts, container.name, current, isInitializing)
  return {
    container,
    role,
    runs,
    ...(waiting ? { waiting } : {}),
    started,
    ready: role === 'init' ? isOver && exitCodeOf(current) === 0 : started && (checked?.ready ?? false),
    isOver,
  }
}

function waitingFor(
  facts: PodFacts,
  name: string,
  current: Run | undefined,
  isInitializing: boolean,
): ContainerView['waiting'] {
  const blocked = facts.blocked.get(name) ?? facts.blocked.get('')
  if (blocked && blocked.untilMs > facts.nowMs) return { reason: blocked.reason, message: blocked.message }
  if (!facts.isSetUp && !facts.isNetworkReady)
    return { reason: 'ContainerCreating', message: 'network is not ready: the network of the node is being set up' }
  const hasInit = isInitializing || (facts.pod.spec.initContainers ?? []).length > 0
  if (!current) return { reason: hasInit ? 'PodInitializing' : 'ContainerCreating' }
  const { delayMs, atMs } = nextOf(facts, name, current)
  if (delayMs === 0 || atMs <= facts.nowMs) return undefined
  const { metadata } = facts.pod
  return {
    reason: 'CrashLoopBackOff',
    message: `back-off ${durationText(delayMs)} restarting failed container=${name} pod=${metadata.name}_${metadata.namespace}(${metadata.uid})`,
  }
}

/** As Go prints whole seconds: 10s, 2m40s, 5m0s. */
const durationText = (ms: number): string => {
  const seconds = Math.round(ms / 1000)
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`
}

function wakeTimes(facts: PodFacts, views: readonly ContainerView[], isOver: boolean): readonly number[] {
  if (isOver || facts.pod.metadata.deletionTimestamp !== undefined) return []
  const restarts = views.flatMap(({ container, runs: { current }, isOver }) =>
    current?.state.state === 'ended' && !isOver ? [nextOf(facts, container.name, current).atMs] : [],
  )
  return [...restarts, ...[...facts.blocked.values()].map(blocked => blocked.untilMs)].filter(
    time => time > facts.nowMs,
  )
}
