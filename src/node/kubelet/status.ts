import type { ContainerState, ContainerStatus } from '../../api/core/pod/container-status.ts'
import type { PodCondition, PodStatus } from '../../api/core/pod/status.ts'
import type { Pod } from '../../api/core/pod.ts'
import { rfc3339 } from '../../lib/clock.ts'
import { conditionsOf } from './conditions.ts'
import type { Decision } from './decide.ts'
import { wasOver } from './facts.ts'
import type { Run } from './runs.ts'
import { LOST } from './runs.ts'
import type { ContainerView } from './views.ts'
import { isRunning } from './views.ts'

/** Addresses, the first of each being the one that clients see first. */
export interface Addresses {
  readonly pod: readonly string[]
  readonly host: readonly string[]
}

/** What the API is told about a pod. `pod` carries what it was told before. */
export function statusOf(
  pod: Pod,
  decision: Decision,
  addresses: Addresses,
  hasSandbox: boolean,
  nowMs: number,
): PodStatus {
  const phase = phaseOf(pod, decision)
  const statuses = (...roles: readonly ContainerView['role'][]): readonly ContainerStatus[] =>
    decision.views.filter(view => roles.includes(view.role)).map(containerStatus)
  const inits = statuses('init', 'sidecar')
  const ephemeral = statuses('ephemeral')
  return {
    ...(pod.status?.qosClass === undefined ? {} : { qosClass: pod.status.qosClass }),
    phase,
    ...failureOf(pod, decision, phase),
    conditions: conditionsOf(pod, decision, phase, hasSandbox, nowMs),
    startTime: pod.status?.startTime ?? rfc3339(nowMs),
    ...(addresses.host[0] === undefined
      ? {}
      : { hostIP: addresses.host[0], hostIPs: addresses.host.map(ip => ({ ip })) }),
    ...(addresses.pod[0] === undefined ? {} : { podIP: addresses.pod[0], podIPs: addresses.pod.map(ip => ({ ip })) }),
    ...(inits.length > 0 ? { initContainerStatuses: inits } : {}),
    containerStatuses: statuses('main'),
    ...(ephemeral.length > 0 ? { ephemeralContainerStatuses: ephemeral } : {}),
  }
}

/** Pending until every container has run once; then Running until all have ended for good. */
export function phaseOf(pod: Pod, decision: Decision): NonNullable<PodStatus['phase']> {
  if (wasOver(pod)) return pod.status!.phase!
  if (decision.isOver && !decision.views.some(isRunning)) {
    const counted = decision.views.filter(view => view.role === 'init' || view.role === 'main')
    return !decision.failure && counted.every(hasSucceeded) ? 'Succeeded' : 'Failed'
  }
  const hasStarted = (view: ContainerView): boolean => view.role === 'ephemeral' || view.runs.current !== undefined
  return decision.initialized && decision.views.every(hasStarted) ? 'Running' : 'Pending'
}

/** Why the pod as a whole has failed; what was told stays. */
function failureOf(pod: Pod, { failure }: Decision, phase: string): Pick<PodStatus, 'reason' | 'message'> {
  if (phase !== 'Failed') return {}
  if (failure) return failure
  const { reason, message } = pod.status ?? {}
  return { ...(reason === undefined ? {} : { reason }), ...(message === undefined ? {} : { message }) }
}

const hasSucceeded = ({ runs: { current } }: ContainerView): boolean =>
  current?.state.state === 'ended' && current.state.exitCode === 0

function containerStatus(view: ContainerView): ContainerStatus {
  const { container, runs, waiting } = view
  const { current, previous } = runs
  const isWaitingAgain = waiting !== undefined && current !== undefined
  const last = isWaitingAgain ? current : previous
  const state: ContainerState = waiting ? { waiting } : stateOf(current)
  return {
    name: container.name,
    state,
    lastState: last ? stateOf(last) : {},
    ready: view.ready,
    restartCount: current?.attempt ?? 0,
    image: container.image ?? '',
    // There is no image: in its place, how the container runs and why, where kubectl describe shows it.
    imageID: current?.how ?? '',
    ...(current?.id === undefined ? {} : { containerID: current.id }),
    started: view.started,
  }
}

function stateOf(run: Run | undefined): ContainerState {
  if (!run) return { waiting: { reason: 'ContainerCreating' } }
  if (run.state.state === 'running') return { running: { startedAt: rfc3339(run.state.startedAtMs) } }
  const { exitCode, reason, message, startedAtMs, finishedAtMs } = run.state
  return {
    terminated: {
      exitCode,
      reason,
      ...(message === undefined ? {} : { message }),
      ...(startedAtMs === undefined ? {} : { startedAt: rfc3339(startedAtMs) }),
      finishedAt: rfc3339(finishedAtMs),
      ...(run.id === undefined ? {} : { containerID: run.id }),
    },
  }
}

/**
 * The fields of `next` that differ from `before`, as a strategic merge patch. Lists of addresses merge by address there, so
 * one that changed is replaced by name; conditions merge by type, so those of others stay.
 */
export function statusPatch(before: PodStatus | undefined, next: PodStatus): Record<string, unknown> | undefined {
  const patch = Object.fromEntries(
    Object.entries(next).flatMap(([name, value]) => fieldPatch(before, next, name, value)),
  )
  return Object.keys(patch).length > 0 ? patch : undefined
}

function fieldPatch(before: PodStatus | undefined, next: PodStatus, name: string, value: unknown): [string, unknown][] {
  if (name === 'conditions') {
    const changed = (next.conditions ?? []).flatMap(condition => conditionPatch(before?.conditions, condition))
    return changed.length > 0 ? [[name, changed]] : []
  }
  const old = before?.[name as keyof PodStatus]
  if (name.endsWith('ontainerStatuses')) {
    const told = old as readonly ContainerStatus[] | undefined
    const settled = (value as readonly ContainerStatus[]).map(each => settledStatus(told, each))
    return sameJson(old, settled) ? [] : [[name, settled]]
  }
  if (sameJson(old, value) || (name === 'startTime' && old !== undefined)) return []
  const isReplaced = name === 'podIPs' && before?.podIPs?.length
  return [[name, isReplaced ? [{ $patch: 'replace' }, ...(value as unknown[])] : value]]
}

/** As with conditions: the moment at which a lost run counts as ended is the one that was told. */
function settledStatus(before: readonly ContainerStatus[] | undefined, wanted: ContainerStatus): ContainerStatus {
  const old = before?.find(({ name }) => name === wanted.name)
  const told = [old?.state?.terminated, old?.lastState?.terminated]
  const settled = ({ terminated }: ContainerState): ContainerState | undefined => {
    if (terminated?.reason !== LOST) return undefined
    const same = told.find(each => each?.reason === LOST && each.containerID === terminated.containerID)
    return same?.finishedAt ? { terminated: { ...terminated, finishedAt: same.finishedAt } } : undefined
  }
  const { state = {}, lastState = {} } = wanted
  return { ...wanted, state: settled(state) ?? state, lastState: settled(lastState) ?? lastState }
}

/**
 * A time that was told stands while the status does: `wanted` may have been thought of before that was known, and two writers of
 * one moment would never agree. Merging keeps what a patch does not name: a reason that no longer holds is named as gone.
 */
function conditionPatch(before: PodStatus['conditions'], wanted: PodCondition): object[] {
  const old = before?.find(other => other.type === wanted.type)
  const since = old?.status === wanted.status ? old.lastTransitionTime : undefined
  const condition = since === undefined ? wanted : { ...wanted, lastTransitionTime: since }
  if (sameJson(condition, old)) return []
  const gone = (['reason', 'message'] as const).filter(
    field => old?.[field] !== undefined && condition[field] === undefined,
  )
  return [{ ...condition, ...Object.fromEntries(gone.map(field => [field, null])) }]
}

/** Equal whatever the order of properties; an absent one equals undefined. */
function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const keys = new Set([...Object.keys(a), ...Object.keys(b)])
  const [left, right] = [a, b] as readonly Readonly<Record<string, unknown>>[]
  return [...keys].every(key => sameJson(left![key], right![key]))
}
