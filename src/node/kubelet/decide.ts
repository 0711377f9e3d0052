import type { Container } from '../../api/core/pod/container.ts'
import type { PodFacts } from './facts.ts'
import { deadlineMs, isPastDeadline, wasOver } from './facts.ts'
import type { ContainerView } from './views.ts'
import { exitCodeOf, isInitDone, isRunning, nextOf, viewsOf } from './views.ts'

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

export interface Decision {
  readonly actions: readonly Action[]
  readonly views: readonly ContainerView[]
  readonly initialized: boolean
  /** No container will start again; sidecars may still be ending. */
  readonly isOver: boolean
  /** Why the pod failed as a whole, where no container tells. */
  readonly failure?: { readonly reason: string; readonly message: string }
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
  const initialized = hasBegun(views) || views.every(view => !isOfInit(view) || isInitDone(view))
  const failedInit = views.some(view => view.role === 'init' && view.isOver && exitCodeOf(view.runs.current) !== 0)
  const isExpired = !wasOver(facts.pod) && isPastDeadline(facts)
  const isEvicted = !wasOver(facts.pod) && !isExpired && facts.evicted !== undefined
  const isOver =
    wasOver(facts.pod) || facts.isEnded || isExpired || isEvicted || failedInit || mains.every(view => view.isOver)
  const actions = actionsFor(facts, views, isOver)
  const wakes = wakeTimes(facts, views, isOver)
  const awaitsNetwork = !isOver && !facts.isSetUp && !facts.isNetworkReady
  const inFlight = facts.isSettingUp || facts.isTearingDown || facts.changing.size > 0 || awaitsNetwork
  return {
    actions,
    views,
    initialized,
    isOver,
    ...(isExpired ? { failure: DEADLINE_EXCEEDED } : {}),
    ...(isEvicted ? { failure: { reason: 'Evicted', message: facts.evicted! } } : {}),
    ...(wakes.length > 0 ? { wakeAtMs: Math.min(...wakes) } : {}),
    isBusy: inFlight || actions.length > 0 || [...facts.checked.values()].some(checked => checked.pending),
  }
}

const DEADLINE_EXCEEDED = {
  reason: 'DeadlineExceeded',
  message: 'Pod was active on the node longer than the specified deadline',
}

const isOfInit = ({ role }: ContainerView): boolean => role === 'init' || role === 'sidecar'
/** Once a main container has run, a sidecar that starts again holds up nothing. */
const hasBegun = (views: readonly ContainerView[]): boolean =>
  views.some(view => view.role === 'main' && view.runs.current?.isKnown === true)

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
    if (!failed || !isRunning(view) || facts.changing.has(name)) return []
    return [{ do: 'stop', container: name, graceSeconds: failed.graceSeconds ?? grace, because: failed.probe }]
  })
}

/** Init containers one after another; the rest together once those are done. Ephemeral ones wait for nobody. */
function startsFor(facts: PodFacts, views: readonly ContainerView[]): readonly Action[] {
  const begun = hasBegun(views)
  const starts = views.filter(view => view.role === 'ephemeral').flatMap(view => startOf(facts, view))
  for (const view of views.filter(isOfInit)) {
    if (begun && view.role === 'init') continue
    starts.push(...startOf(facts, view))
    if (!begun && !isInitDone(view)) return starts
  }
  return [...starts, ...views.filter(view => view.role === 'main').flatMap(view => startOf(facts, view))]
}

function startOf(facts: PodFacts, view: ContainerView): readonly Action[] {
  const { name } = view.container
  const { current } = view.runs
  if (facts.changing.has(name) || view.isOver || isRunning(view) || isBlocked(facts, name)) return []
  if (!current) return [{ do: 'start', container: view.container, attempt: 0, restarts: 0 }]
  const next = nextOf(facts, name, current)
  if (next.atMs > facts.nowMs) return []
  return [{ do: 'start', container: view.container, attempt: current.attempt + 1, restarts: next.restarts }]
}

const isBlocked = (facts: PodFacts, name: string): boolean => (facts.blocked.get(name)?.untilMs ?? 0) > facts.nowMs

function wakeTimes(facts: PodFacts, views: readonly ContainerView[], isOver: boolean): readonly number[] {
  if (isOver || facts.pod.metadata.deletionTimestamp !== undefined) return []
  const restarts = views.flatMap(({ container, runs: { current }, isOver }) =>
    current?.state.state === 'ended' && !isOver ? [nextOf(facts, container.name, current).atMs] : [],
  )
  const tries = [...facts.blocked.values()].map(blocked => blocked.untilMs)
  return [...restarts, ...tries, deadlineMs(facts.pod) ?? 0].filter(time => time > facts.nowMs)
}
