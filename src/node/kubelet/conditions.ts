import type { PodCondition } from '../../api/core/pod/status.ts'
import type { Pod } from '../../api/core/pod.ts'
import { rfc3339 } from '../../lib/clock.ts'
import type { Decision } from './decide.ts'
import type { ContainerView } from './views.ts'

type Judgement = Pick<PodCondition, 'type' | 'status' | 'reason' | 'message'>

const isTrue = (type: string): Judgement => ({ type, status: 'True' })
const isFalse = (type: string, reason?: string, message?: string): Judgement => ({
  type,
  status: 'False',
  ...(reason === undefined ? {} : { reason }),
  ...(message === undefined ? {} : { message }),
})

/** The conditions that the kubelet owns, with the kubelet's reasons and messages. */
export function conditionsOf(
  pod: Pod,
  decision: Decision,
  phase: string,
  hasSandbox: boolean,
  nowMs: number,
): readonly PodCondition[] {
  const containers = containersReady(decision, phase)
  const judged = [
    hasSandbox ? isTrue('PodReadyToStartContainers') : isFalse('PodReadyToStartContainers'),
    initialized(decision, phase),
    ready(pod, containers),
    containers,
  ]
  return judged.map(judgement => timed(pod.status?.conditions ?? [], judgement, nowMs))
}

function initialized(decision: Decision, phase: string): Judgement {
  if (phase === 'Succeeded') return { ...isTrue('Initialized'), reason: 'PodCompleted' }
  if (decision.initialized) return isTrue('Initialized')
  const waiting = decision.views.filter(
    view => (view.role === 'init' || view.role === 'sidecar') && !(view.ready || view.started),
  )
  return isFalse('Initialized', 'ContainersNotInitialized', `containers with incomplete status: [${names(waiting)}]`)
}

function containersReady(decision: Decision, phase: string): Judgement {
  if (phase === 'Succeeded') return isFalse('ContainersReady', 'PodCompleted')
  if (phase === 'Failed') return isFalse('ContainersReady', 'PodFailed')
  const unready = decision.views.filter(view => view.role !== 'init' && view.role !== 'ephemeral' && !view.ready)
  if (unready.length === 0) return isTrue('ContainersReady')
  return isFalse('ContainersReady', 'ContainersNotReady', `containers with unready status: [${names(unready)}]`)
}

function ready(pod: Pod, containers: Judgement): Judgement {
  if (containers.status !== 'True') return { ...containers, type: 'Ready' }
  const conditions = pod.status?.conditions ?? []
  const missing = (pod.spec.readinessGates ?? [])
    .map(gate => ({ gate: gate.conditionType, condition: conditions.find(({ type }) => type === gate.conditionType) }))
    .filter(({ condition }) => condition?.status !== 'True')
  if (missing.length === 0) return isTrue('Ready')
  const messages = missing.map(({ gate, condition }) =>
    condition
      ? `the status of pod readiness gate "${gate}" is not "True", but ${condition.status}`
      : `corresponding condition of pod readiness gate "${gate}" does not exist.`,
  )
  return isFalse('Ready', 'ReadinessGatesNotReady', messages.join(', '))
}

const names = (views: readonly ContainerView[]): string => views.map(view => view.container.name).join(' ')

/** The time of the last change of status stays until the status changes. */
function timed(conditions: readonly PodCondition[], judgement: Judgement, nowMs: number): PodCondition {
  const before = conditions.find(({ type }) => type === judgement.type)
  const lastTransitionTime =
    before?.status === judgement.status && before.lastTransitionTime ? before.lastTransitionTime : rfc3339(nowMs)
  return { ...judgement, lastTransitionTime }
}
