import type { ReplicaSet, ReplicaSetStatus } from '../../api/apps/replica-set.ts'
import type { Pod } from '../../api/core/pod.ts'
import { matchesSelector } from '../../api/meta/matches.ts'
import { controllerOf } from '../../client/owner.ts'
import { rfc3339 } from '../../lib/clock.ts'
import { withoutCondition, withStanding } from '../shared/conditions.ts'
import { isPodActive, isPodReady, msUntilAvailable, podCondition, restartsOf } from '../shared/pods.ts'

export interface Claims {
  /** Active pods that the set owns and still selects. */
  readonly owned: readonly Pod[]
  /** Pods without an owner that it selects. */
  readonly adopt: readonly Pod[]
  /** Pods that it owns and no longer selects: a person took a label away. */
  readonly release: readonly Pod[]
}

/** ControllerRefManager.ClaimPods. pods: those of the namespace that the set owns, and those that nobody owns. */
export function claim(set: ReplicaSet, pods: readonly Pod[]): Claims {
  const isEnding = set.metadata.deletionTimestamp !== undefined
  const owned: Pod[] = []
  const adopt: Pod[] = []
  const release: Pod[] = []
  for (const pod of pods) {
    const owner = controllerOf(pod)
    const selects = matchesSelector(set.spec.selector, pod.metadata.labels)
    if (owner && owner.uid !== set.metadata.uid) continue
    if (!owner && selects && isPodActive(pod) && !isEnding) adopt.push(pod)
    else if (owner && selects) isPodActive(pod) && owned.push(pod)
    else if (owner && !isEnding && !pod.metadata.deletionTimestamp) release.push(pod)
  }
  return { owned, adopt, release }
}

export interface Scaling {
  readonly create: number
  readonly remove: readonly Pod[]
}

/** How to get from the active pods to the wanted number. related: the pods of sibling sets, which count when spreading losses. */
export function scale(set: ReplicaSet, owned: readonly Pod[], related: readonly Pod[]): Scaling {
  if (set.metadata.deletionTimestamp) return { create: 0, remove: [] }
  const wanted = set.spec.replicas ?? 1
  if (owned.length <= wanted) return { create: wanted - owned.length, remove: [] }
  return { create: 0, remove: rankForDeletion(owned, related).slice(0, owned.length - wanted) }
}

const PHASE_ORDER: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 }

/** controller.ActivePodsWithRanks: the first is the one that is missed least. */
export function rankForDeletion(pods: readonly Pod[], related: readonly Pod[]): readonly Pod[] {
  const onNode = new Map<string, number>()
  for (const pod of new Set([...related, ...pods])) {
    const node = pod.spec.nodeName ?? ''
    if (isPodActive(pod)) onNode.set(node, (onNode.get(node) ?? 0) + 1)
  }
  const readySince = (pod: Pod): string => podCondition(pod, 'Ready')?.lastTransitionTime ?? ''
  const orders: readonly ((pod: Pod) => number | string)[] = [
    pod => (pod.spec.nodeName ? 1 : 0),
    pod => PHASE_ORDER[pod.status?.phase ?? 'Pending'] ?? 0,
    pod => (isPodReady(pod) ? 1 : 0),
    pod => Number(pod.metadata.annotations?.['controller.kubernetes.io/pod-deletion-cost'] ?? 0) || 0,
    pod => -(onNode.get(pod.spec.nodeName ?? '') ?? 0),
    // Newer first: times compare as text, so later means less.
    pod => invert(isPodReady(pod) ? readySince(pod) : ''),
    pod => -restartsOf(pod),
    pod => invert(pod.metadata.creationTimestamp),
    pod => pod.metadata.name,
  ]
  return [...pods].sort((a, b) => {
    for (const order of orders) {
      const [x, y] = [order(a), order(b)]
      if (x !== y) return x < y ? -1 : 1
    }
    return 0
  })
}

const invert = (time: string): number => -(Date.parse(time) || 0)

export interface Failure {
  readonly reason: 'FailedCreate' | 'FailedDelete'
  readonly message: string
}

export interface Observed {
  readonly status: ReplicaSetStatus
  /** When a ready pod will become available. */
  readonly recheckMs: number | undefined
}

/** calculateStatus. failure: what the last attempt to create or delete pods ended with. */
export function observe(set: ReplicaSet, owned: readonly Pod[], failure: Failure | undefined, nowMs: number): Observed {
  const waits = owned.map(pod => msUntilAvailable(pod, set.spec.minReadySeconds ?? 0, nowMs))
  const template = set.spec.template?.metadata?.labels ?? {}
  const isLabelled = (pod: Pod): boolean =>
    Object.entries(template).every(([name, value]) => pod.metadata.labels?.[name] === value)
  const old = set.status?.conditions
  const conditions = failure
    ? withStanding(old, { type: 'ReplicaFailure', status: 'True', lastTransitionTime: rfc3339(nowMs), ...failure })
    : withoutCondition(old, 'ReplicaFailure')
  const pending = waits.filter(wait => wait !== undefined && wait > 0) as number[]
  const status: ReplicaSetStatus = {
    replicas: owned.length,
    ...positive('fullyLabeledReplicas', owned.filter(isLabelled).length),
    ...positive('readyReplicas', waits.filter(wait => wait !== undefined).length),
    ...positive('availableReplicas', waits.filter(wait => wait === 0).length),
    observedGeneration: set.metadata.generation ?? 0,
    ...(conditions.length > 0 ? { conditions } : {}),
  }
  return { status, recheckMs: pending.length > 0 ? Math.min(...pending) : undefined }
}

/** Counts of zero are left out, as Go's omitempty does. */
const positive = <K extends string>(name: K, count: number): { readonly [P in K]?: number } =>
  (count > 0 ? { [name]: count } : {}) as { readonly [P in K]?: number }
