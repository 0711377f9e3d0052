import type { Pod } from '../../api/core/pod.ts'
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from '../../api/policy/pod-disruption-budget.ts'
import { rfc3339 } from '../../lib/clock.ts'
import { withCondition } from '../shared/conditions.ts'
import { isPodReady, isPodTerminal } from '../shared/pods.ts'
import { scaled } from '../shared/values.ts'

/** The controllers whose sizes say how many pods there should be. */
export interface Scale {
  readonly uid: string
  readonly replicas: number
}

export interface Plan {
  readonly status: PodDisruptionBudgetStatus
  /** Pods that nobody manages, though the budget needs to know how many there should be. */
  readonly unmanaged: readonly Pod[]
  readonly recheckMs: number | undefined
}

/** An evicted pod that is still there after so long was not deleted after all. */
const EVICTION_MS = 120_000

/** trySync of pkg/controller/disruption. pods: those the budget selects. scaleOf: the scale behind a pod, where there is one. */
export function decide(
  budget: PodDisruptionBudget,
  pods: readonly Pod[],
  scaleOf: (pod: Pod) => Scale | undefined,
  nowMs: number,
): Plan {
  const here = pods.filter(pod => !isPodTerminal(pod))
  const { disrupted, recheckMs } = stillDisrupted(budget, here, nowMs)
  const healthy = here.filter(
    pod => isPodReady(pod) && !pod.metadata.deletionTimestamp && !(pod.metadata.name in disrupted),
  ).length
  const { expected, desired, unmanaged } = expectations(budget, here, scaleOf)
  const allowed = expected <= 0 ? 0 : Math.max(0, healthy - desired)
  const isAllowed = allowed > 0
  const conditions = withCondition(budget.status?.conditions, {
    type: 'DisruptionAllowed',
    status: isAllowed ? 'True' : 'False',
    reason: isAllowed ? 'SufficientPods' : 'InsufficientPods',
    message: '',
    lastTransitionTime: rfc3339(nowMs),
  })
  const status: PodDisruptionBudgetStatus = {
    observedGeneration: budget.metadata.generation ?? 0,
    ...(Object.keys(disrupted).length > 0 ? { disruptedPods: disrupted } : {}),
    disruptionsAllowed: allowed,
    currentHealthy: healthy,
    desiredHealthy: desired,
    expectedPods: expected,
    conditions: conditions.map(one =>
      one.type === 'DisruptionAllowed' ? { ...one, observedGeneration: budget.metadata.generation ?? 0 } : one,
    ),
  }
  return { status, unmanaged, recheckMs }
}

/** getExpectedPodCount. */
function expectations(
  { spec }: PodDisruptionBudget,
  pods: readonly Pod[],
  scaleOf: (pod: Pod) => Scale | undefined,
): { readonly expected: number; readonly desired: number; readonly unmanaged: readonly Pod[] } {
  const { minAvailable, maxUnavailable } = spec ?? {}
  if (maxUnavailable === undefined && typeof minAvailable !== 'string') {
    const desired = minAvailable ?? 0
    return { expected: pods.length, desired, unmanaged: [] }
  }
  const scales = new Map<string, number>()
  const unmanaged: Pod[] = []
  for (const pod of pods) {
    const scale = scaleOf(pod)
    if (scale) scales.set(scale.uid, scale.replicas)
    else unmanaged.push(pod)
  }
  const expected = [...scales.values()].reduce((sum, replicas) => sum + replicas, 0)
  const desired =
    maxUnavailable === undefined
      ? scaled(minAvailable, expected, 'up')
      : Math.max(0, expected - scaled(maxUnavailable, expected, 'up'))
  return { expected, desired, unmanaged }
}

/** buildDisruptedPodMap: pods that were evicted and whose deletion is not seen yet. */
function stillDisrupted({ status }: PodDisruptionBudget, pods: readonly Pod[], nowMs: number) {
  const disrupted: Record<string, string> = {}
  let recheckMs: number | undefined
  for (const [name, since] of Object.entries(status?.disruptedPods ?? {})) {
    const pod = pods.find(({ metadata }) => metadata.name === name)
    const restMs = Date.parse(since) + EVICTION_MS - nowMs
    if (!pod || pod.metadata.deletionTimestamp || restMs <= 0) continue
    disrupted[name] = since
    recheckMs = Math.min(recheckMs ?? restMs, restMs)
  }
  return { disrupted, recheckMs }
}
