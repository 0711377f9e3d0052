import type { Deployment } from '../../api/apps/deployment.ts'
import type { ReplicaSet } from '../../api/apps/replica-set.ts'
import type { Draft } from '../../client/mod.ts'
import { sameValue } from '../shared/values.ts'
import { annotationsFor, HISTORY, newSet, replicasOf, revisionOf, type Sets, sortSets, wantedOf } from './revision.ts'
import { isResized, resize, type Sizes, shrinkOld, sizeOfNew } from './scaling.ts'

export interface Plan {
  readonly create?: Draft<ReplicaSet>
  /** Sets to be written: a new size, newer annotations, or both. */
  readonly update: readonly SetChange[]
  readonly remove: readonly ReplicaSet[]
  /** The Deployment's revision annotation should read so. */
  readonly revision: string | undefined
  readonly sets: Sets
}

export interface SetChange {
  readonly set: ReplicaSet
  readonly replicas: number
  readonly annotations: Readonly<Record<string, string>>
}

/**
 * What one round does; the next follows as soon as the sets have changed. sets: those the Deployment owns. oldPods: pods of
 * sets other than the present one that still run (for Recreate).
 */
export function decide(deployment: Deployment, owned: readonly ReplicaSet[], oldPods: number): Plan {
  const sets = sortSets(deployment, owned)
  const { current, old } = sets
  const highest = Math.max(0, ...old.map(revisionOf))
  const revision = current ? Math.max(revisionOf(current), highest + 1) : highest + 1
  const idle = { update: [], remove: [], revision: undefined, sets }
  if (deployment.metadata.deletionTimestamp) return idle
  if (deployment.spec.paused || isResized(deployment, sets))
    return { ...idle, update: changes(deployment, sets, resize(deployment, sets), revision) }
  if (deployment.spec.strategy?.type === 'Recreate') {
    const empty = new Map(old.filter(set => replicasOf(set) > 0).map(set => [set, 0]))
    if (empty.size > 0 || oldPods > 0) return { ...idle, update: changes(deployment, sets, empty, revision) }
  }
  const shown = current || wantsSet(deployment) ? { revision: String(revision) } : {}
  if (!current) return { ...idle, ...shown, create: newSet(deployment, sizeOfNew(deployment, sets), revision) }
  const sizes = rolled(deployment, sets)
  const remove = sizes.size === 0 ? surplusHistory(deployment, sets) : []
  return { ...idle, ...shown, update: changes(deployment, sets, sizes, revision), remove }
}

const wantsSet = (deployment: Deployment): boolean => !deployment.spec.paused

/** rolloutRolling: grow first; only a round that grows nothing shrinks. */
function rolled(deployment: Deployment, sets: Sets): Sizes {
  const size = sizeOfNew(deployment, sets)
  if (sets.current && size !== replicasOf(sets.current)) return new Map([[sets.current, size]])
  return shrinkOld(deployment, sets)
}

function changes(deployment: Deployment, sets: Sets, sizes: Sizes, revision: number): readonly SetChange[] {
  const result: SetChange[] = []
  for (const set of sets.current ? [...sets.old, sets.current] : sets.old) {
    const isCurrent = set === sets.current
    const resized = sizes.has(set)
    // Old sets keep their revision and copied annotations, but learn the wanted size when they are written.
    const wanted = annotationsFor(deployment, isCurrent ? revision : revisionOf(set))
    const annotations = isCurrent
      ? { ...set.metadata.annotations, ...wanted, ...historyOf(set, revision) }
      : { ...set.metadata.annotations, ...sizesOf(wanted) }
    const replicas = sizes.get(set) ?? replicasOf(set)
    const isDue =
      replicas !== replicasOf(set) || ((isCurrent || resized) && !sameValue(annotations, set.metadata.annotations))
    if (isDue) result.push({ set, replicas, annotations })
  }
  return result
}

/** A set that comes back under a new revision remembers those it had. */
function historyOf(set: ReplicaSet, revision: number): Record<string, string> {
  const before = revisionOf(set)
  if (before === 0 || before >= revision) return {}
  const known = set.metadata.annotations?.[HISTORY]
  return { [HISTORY]: known ? `${known},${before}` : String(before) }
}

const sizesOf = (annotations: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(annotations).filter(([name]) => name.endsWith('-replicas')))

/** cleanupDeployment: old empty sets beyond the history limit, the oldest revisions first; only once the rollout is complete. */
function surplusHistory(deployment: Deployment, { current, old }: Sets): readonly ReplicaSet[] {
  const wanted = wantedOf(deployment)
  const available = current?.status?.availableReplicas ?? 0
  const isComplete = current !== undefined && replicasOf(current) === wanted && available === wanted
  if (!isComplete) return []
  const isEmpty = (set: ReplicaSet): boolean =>
    replicasOf(set) === 0 && !set.status?.replicas && !set.metadata.deletionTimestamp
  const empty = old.filter(isEmpty).sort((a, b) => revisionOf(a) - revisionOf(b))
  const surplus = old.length - (deployment.spec.revisionHistoryLimit ?? 10)
  return surplus > 0 ? empty.slice(0, surplus) : []
}

/** What the event of a change of size says. */
export function scalingMessage(name: string, from: number, to: number): string {
  return to > from
    ? `Scaled up replica set ${name} from ${from} to ${to}`
    : `Scaled down replica set ${name} from ${from} to ${to}`
}
