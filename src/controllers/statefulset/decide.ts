import type { StatefulSet, StatefulSetStatus } from '../../api/apps/stateful-set.ts'
import type { Pod } from '../../api/core/pod.ts'
import { isPodReady, isPodTerminal, msUntilAvailable } from '../shared/pods.ts'
import { ordinalOf, POD_NAME, revisionOf } from './identity.ts'

export interface Revisions {
  /** Names of ControllerRevisions. */
  readonly current: string
  readonly update: string
}

export interface Creation {
  readonly ordinal: number
  readonly revision: string
}

export interface Plan {
  readonly create: readonly Creation[]
  readonly remove: readonly Pod[]
  /** Pods that lack the label of their own name. */
  readonly relabel: readonly Pod[]
  readonly status: StatefulSetStatus
  /** When a ready pod will become available. */
  readonly recheckMs: number | undefined
}

const isTerminating = ({ metadata }: Pod): boolean => metadata.deletionTimestamp !== undefined
const isRunningAndReady = (pod: Pod): boolean => pod.status?.phase === 'Running' && isPodReady(pod)

interface Slot {
  readonly ordinal: number
  readonly pod: Pod | undefined
}

/** One round of defaultStatefulSetControl.updateStatefulSet. pods: those the set owns. */
export function decide(set: StatefulSet, pods: readonly Pod[], revisions: Revisions, nowMs: number): Plan {
  const { status, recheckMs } = observe(set, pods, revisions, nowMs)
  const idle = { create: [], remove: [], relabel: [], status, recheckMs }
  if (set.metadata.deletionTimestamp) return idle
  const { slots, condemned } = arrange(set, pods)
  const isAvailable = (pod: Pod): boolean =>
    isRunningAndReady(pod) && msUntilAvailable(pod, set.spec.minReadySeconds ?? 0, nowMs) === 0
  const isOrdered = set.spec.podManagementPolicy !== 'Parallel'
  const filled = fill(set, slots, revisions, isAvailable, isOrdered)
  if (filled.isStopped) return { ...idle, ...filled }
  const { remove, isStopped } = shrink(slots, condemned, isAvailable, isOrdered)
  if (isStopped || set.spec.updateStrategy?.type === 'OnDelete')
    return { ...idle, ...filled, remove: [...filled.remove, ...remove] }
  return { ...idle, ...filled, remove: [...new Set([...filled.remove, ...remove, ...replace(set, slots, revisions)])] }
}

/** By ordinal: those that should be, and from the highest down those that should not. */
function arrange(set: StatefulSet, pods: readonly Pod[]) {
  const start = set.spec.ordinals?.start ?? 0
  const count = set.spec.replicas ?? 1
  const known = new Map<number, Pod>()
  for (const pod of pods) {
    const ordinal = ordinalOf(set, pod)
    if (ordinal !== undefined) known.set(ordinal, pod)
  }
  const slots: readonly Slot[] = Array.from({ length: count }, (_, i) => ({
    ordinal: start + i,
    pod: known.get(start + i),
  }))
  const condemned = [...known]
    .filter(([ordinal]) => ordinal < start || ordinal >= start + count)
    .sort(([a], [b]) => b - a)
    .map(([, pod]) => pod)
  return { slots, condemned }
}

/** newVersionedStatefulSetPod: below the partition a pod comes again as it was. */
function revisionFor(set: StatefulSet, ordinal: number, { current, update }: Revisions): string {
  const { type = 'RollingUpdate', rollingUpdate } = set.spec.updateStrategy ?? {}
  if (type !== 'RollingUpdate') return update
  const start = set.spec.ordinals?.start ?? 0
  const kept = rollingUpdate ? (rollingUpdate.partition ?? 0) : (set.status?.currentReplicas ?? 0)
  return ordinal < start + kept ? current : update
}

/** processReplica, from the lowest up: ended pods go, missing ones come; in order, each waits for the one before. */
function fill(
  set: StatefulSet,
  slots: readonly Slot[],
  revisions: Revisions,
  isAvailable: (pod: Pod) => boolean,
  isOrdered: boolean,
) {
  const create: Creation[] = []
  const remove: Pod[] = []
  const relabel: Pod[] = []
  const result = (isStopped: boolean) => ({ create, remove, relabel, isStopped })
  for (const { ordinal, pod } of slots) {
    if (!pod) {
      create.push({ ordinal, revision: revisionFor(set, ordinal, revisions) })
      if (isOrdered) return result(true)
    } else if (isPodTerminal(pod)) {
      if (!isTerminating(pod)) remove.push(pod)
      if (isOrdered) return result(true)
    } else {
      if (isOrdered && (isTerminating(pod) || !isAvailable(pod))) return result(true)
      if (pod.metadata.labels?.[POD_NAME] !== pod.metadata.name) relabel.push(pod)
    }
  }
  return result(false)
}

/** processCondemned: from the highest down; in order, one at a time, and none while another pod is broken. */
function shrink(
  slots: readonly Slot[],
  condemned: readonly Pod[],
  isAvailable: (pod: Pod) => boolean,
  isOrdered: boolean,
): { readonly remove: readonly Pod[]; readonly isStopped: boolean } {
  const going = condemned.filter(pod => !isTerminating(pod))
  if (!isOrdered) return { remove: going, isStopped: false }
  const isHealthy = (pod: Pod): boolean => isRunningAndReady(pod) && !isTerminating(pod)
  const firstBroken = slots.find(({ pod }) => pod && !isHealthy(pod))?.pod ?? condemned.findLast(pod => !isHealthy(pod))
  const [highest] = condemned
  if (!highest) return { remove: [], isStopped: false }
  const mayGo = !isTerminating(highest) && (isAvailable(highest) || highest === firstBroken)
  return { remove: mayGo ? [highest] : [], isStopped: true }
}

/** The rolling update: the highest pod of another revision goes once all above it are well. */
function replace(set: StatefulSet, slots: readonly Slot[], { update }: Revisions): readonly Pod[] {
  const start = set.spec.ordinals?.start ?? 0
  const lowest = start + (set.spec.updateStrategy?.rollingUpdate?.partition ?? 0)
  for (const { ordinal, pod } of [...slots].reverse()) {
    if (ordinal < lowest || !pod) return []
    if (revisionOf(pod) !== update && !isTerminating(pod)) return [pod]
    if (!isRunningAndReady(pod) || isTerminating(pod)) return []
  }
  return []
}

/** computeReplicaStatus, completeRollingUpdate. */
function observe(
  set: StatefulSet,
  pods: readonly Pod[],
  revisions: Revisions,
  nowMs: number,
): { readonly status: StatefulSetStatus; readonly recheckMs: number | undefined } {
  const minReadySeconds = set.spec.minReadySeconds ?? 0
  const ready = pods.filter(isRunningAndReady)
  const waits = ready.map(pod => msUntilAvailable(pod, minReadySeconds, nowMs) ?? 0)
  const ofRevision = (name: string): number =>
    pods.filter(pod => !isTerminating(pod) && revisionOf(pod) === name).length
  const updated = ofRevision(revisions.update)
  const wanted = set.spec.replicas ?? 1
  const type = set.spec.updateStrategy?.type ?? 'RollingUpdate'
  const isComplete = type === 'RollingUpdate' && updated === wanted && ready.length === wanted && pods.length === wanted
  const current = isComplete ? updated : ofRevision(revisions.current)
  const pending = waits.filter(wait => wait > 0)
  const status: StatefulSetStatus = {
    observedGeneration: set.metadata.generation ?? 0,
    replicas: pods.length,
    ...(ready.length > 0 ? { readyReplicas: ready.length } : {}),
    ...(current > 0 ? { currentReplicas: current } : {}),
    ...(updated > 0 ? { updatedReplicas: updated } : {}),
    availableReplicas: waits.filter(wait => wait === 0).length,
    currentRevision: isComplete ? revisions.update : revisions.current,
    updateRevision: revisions.update,
    collisionCount: set.status?.collisionCount ?? 0,
    ...(set.status?.conditions ? { conditions: set.status.conditions } : {}),
  }
  return { status, recheckMs: pending.length > 0 ? Math.min(...pending) : undefined }
}
