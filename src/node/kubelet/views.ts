import type { Container } from '../../api/core/pod/container.ts'
import type { PodFacts } from './facts.ts'
import { isFinal } from './facts.ts'
import { nextStart, restartsAfter } from './restart.ts'
import type { Run, Runs } from './runs.ts'
import { isSidecar, runsOf } from './runs.ts'

export type ContainerRole = 'main' | 'init' | 'sidecar' | 'ephemeral'

/** What a container is, for its status. */
export interface ContainerView {
  readonly container: Container
  readonly role: ContainerRole
  readonly runs: Runs
  /** It does not run and will: why not yet. */
  readonly waiting?: { readonly reason: string; readonly message?: string }
  readonly started: boolean
  readonly ready: boolean
  /** It has ended and will not run again. */
  readonly isOver: boolean
}

/** An agent that has just started counts from nothing, as the kubelet does: earlier attempts may have ended with the runtime. */
export const nextOf = (facts: PodFacts, name: string, run: Run) => nextStart(run, facts.restarts.get(name) ?? 0)
export const exitCodeOf = (run: Run | undefined): number => (run?.state.state === 'ended' ? run.state.exitCode : 0)
export const isInitDone = (view: ContainerView): boolean =>
  view.role === 'sidecar' ? view.started : view.isOver && exitCodeOf(view.runs.current) === 0

export function viewsOf(facts: PodFacts): readonly ContainerView[] {
  const { pod } = facts
  const inits = (pod.spec.initContainers ?? []).map(
    container => ({ container, role: isSidecar(container) ? 'sidecar' : 'init' }) as const,
  )
  const mains = pod.spec.containers.map(container => ({ container, role: 'main' }) as const)
  const ephemeral = (pod.spec.ephemeralContainers ?? []).map(container => ({ container, role: 'ephemeral' }) as const)
  const views: ContainerView[] = []
  for (const { container, role } of [...inits, ...mains, ...ephemeral]) {
    const isInitializing = role === 'main' && views.some(view => view.role !== 'main' && !isInitDone(view))
    views.push(viewOf(facts, container, role, isInitializing))
  }
  return views
}

export const isRunning = ({ runs }: ContainerView): boolean => runs.current?.state.state === 'running'

function viewOf(
  facts: PodFacts,
  container: Container,
  role: ContainerView['role'],
  isInitializing: boolean,
): ContainerView {
  const { pod, nowMs } = facts
  const runs = runsOf(pod, container.name, facts.sandbox, nowMs)
  const { current } = runs
  const isUp = current?.state.state === 'running'
  const checked = isUp ? facts.checked.get(container.name) : undefined
  // What an init container made in volumes went with the sandbox that the runtime does not know any more.
  const mustRepeat = role === 'init' && current !== undefined && !current.isKnown
  const isOver =
    current?.state.state === 'ended' &&
    (isFinal(facts) || !(mustRepeat || restartsAfter(pod.spec.restartPolicy ?? 'Always', role, current.state.exitCode)))
  const started = isUp && !facts.hooking.has(container.name) && (checked?.started ?? role === 'ephemeral')
  const waiting = isUp || isOver ? undefined : waitingFor(facts, container.name, current, isInitializing)
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
