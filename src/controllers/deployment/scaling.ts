import type { Deployment } from '../../api/apps/deployment.ts'
import type { ReplicaSet } from '../../api/apps/replica-set.ts'
import { DESIRED, limitsOf, MAXIMUM, replicasOf, type Sets, wantedOf } from './revision.ts'

/** New sizes of ReplicaSets; what is left out stays as it is. */
export type Sizes = ReadonlyMap<ReplicaSet, number>

const sum = (sets: readonly ReplicaSet[], of: (set: ReplicaSet) => number): number =>
  sets.reduce((total, set) => total + of(set), 0)
const availableOf = (set: ReplicaSet): number => set.status?.availableReplicas ?? 0
const all = ({ current, old }: Sets): readonly ReplicaSet[] => (current ? [...old, current] : old)

/** util.NewRSNewReplicas: as many as the surge allows beside what runs already. */
export function sizeOfNew(deployment: Deployment, sets: Sets): number {
  const wanted = wantedOf(deployment)
  if (deployment.spec.strategy?.type === 'Recreate') return wanted
  const present = sets.current ? replicasOf(sets.current) : 0
  if (present > wanted) return wanted
  const room = wanted + limitsOf(deployment).surge - sum(all(sets), replicasOf)
  return room <= 0 ? present : present + Math.min(room, wanted - present)
}

/** reconcileOldReplicaSets: first pods that are broken anyway, then as many as availability allows. */
export function shrinkOld(deployment: Deployment, sets: Sets): Sizes {
  const sizes = new Map<ReplicaSet, number>()
  if (sum(sets.old, replicasOf) === 0 || !sets.current) return sizes
  const minAvailable = wantedOf(deployment) - limitsOf(deployment).unavailable
  const newUnavailable = replicasOf(sets.current) - availableOf(sets.current)
  const most = sum(all(sets), replicasOf) - minAvailable - newUnavailable
  if (most <= 0) return sizes
  shrinkBroken(sets.old, most, sizes)
  let surplus = sum(all(sets), availableOf) - minAvailable
  for (const set of sets.old) {
    const present = sizes.get(set) ?? replicasOf(set)
    const fewer = Math.min(surplus, present)
    if (fewer <= 0) continue
    sizes.set(set, present - fewer)
    surplus -= fewer
  }
  return sizes
}

/** cleanupUnhealthyReplicas: so that broken pods of an old version cannot hold up the new one. */
function shrinkBroken(old: readonly ReplicaSet[], most: number, sizes: Map<ReplicaSet, number>): void {
  let left = most
  for (const set of old) {
    const broken = Math.min(left, replicasOf(set) - availableOf(set))
    if (broken <= 0) continue
    sizes.set(set, replicasOf(set) - broken)
    left -= broken
  }
}

/** isScalingEvent: the Deployment was resized since its sets were last written. Recreate empties old sets whatever the size. */
export function isResized(deployment: Deployment, sets: Sets): boolean {
  const active = all(sets).filter(set => replicasOf(set) > 0)
  if (deployment.spec.strategy?.type === 'Recreate' && active.length > 1) return false
  return active.some(set => {
    const desired = set.metadata.annotations?.[DESIRED]
    return desired !== undefined && Number(desired) !== wantedOf(deployment)
  })
}

/** A change of size in the middle of a rollout goes to all sets in proportion, to spread the risk. */
export function resize(deployment: Deployment, sets: Sets): Sizes {
  const wanted = wantedOf(deployment)
  const active = all(sets).filter(set => replicasOf(set) > 0)
  const only = active.length === 0 ? (sets.current ?? sets.old.at(-1)) : active.length === 1 ? active[0] : undefined
  if (only) return new Map([[only, wanted]])
  if (sets.current && isSaturated(sets.current, wanted)) return new Map(sets.old.map(set => [set, 0]))
  if (deployment.spec.strategy?.type === 'Recreate') return new Map()
  return inProportion(deployment, active)
}

const isSaturated = (set: ReplicaSet, wanted: number): boolean =>
  replicasOf(set) === wanted && Number(set.metadata.annotations?.[DESIRED]) === wanted && availableOf(set) === wanted

function inProportion(deployment: Deployment, active: readonly ReplicaSet[]): Sizes {
  const wanted = wantedOf(deployment)
  const allowed = wanted > 0 ? wanted + limitsOf(deployment).surge : 0
  const toAdd = allowed - sum(active, replicasOf)
  const newerFirst = (a: ReplicaSet, b: ReplicaSet): number =>
    Date.parse(b.metadata.creationTimestamp ?? '') - Date.parse(a.metadata.creationTimestamp ?? '')
  // The largest first; of equal ones the newer when growing, the older when shrinking.
  const ordered = [...active].sort(
    (a, b) => replicasOf(b) - replicasOf(a) || (toAdd > 0 ? newerFirst(a, b) : newerFirst(b, a)),
  )
  const sizes = new Map<ReplicaSet, number>()
  let added = 0
  for (const set of ordered) {
    const share = toAdd === 0 ? 0 : shareOf(set, deployment, toAdd, added)
    sizes.set(set, Math.max(0, replicasOf(set) + share))
    added += share
  }
  const largest = ordered[0]
  if (largest) sizes.set(largest, Math.max(0, (sizes.get(largest) ?? 0) + toAdd - added))
  return sizes
}

/** util.GetProportion: the set's part of the change, by its part of the size the Deployment had before. */
function shareOf(set: ReplicaSet, deployment: Deployment, toAdd: number, added: number): number {
  const before = Number(set.metadata.annotations?.[MAXIMUM] ?? 0) || deployment.status?.replicas || 0
  const allowed = wantedOf(deployment) + limitsOf(deployment).surge
  const wanted = before === 0 ? 0 : Math.round((replicasOf(set) * allowed) / before) - replicasOf(set)
  return toAdd > 0 ? Math.min(wanted, toAdd - added) : Math.max(wanted, toAdd - added)
}
