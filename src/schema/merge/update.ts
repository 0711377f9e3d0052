/** Who owns what after a write, and what an apply makes of an object. */
import { jsonEqual } from '../../wire/json/value.ts'
import type { MergeType } from '../merge-type.ts'
import type { Comparison } from './compare.ts'
import { compare, excluding } from './compare.ts'
import type { FieldSet, Path } from './field-set.ts'
import { difference, EMPTY, intersection, isEmpty, pathsOf, recursiveDifference, union } from './field-set.ts'
import { merge } from './merge.ts'
import { reconcileWithSchema } from './reconcile.ts'
import { removePaths, withNamedFields } from './remove.ts'
import { toFieldSet } from './to-field-set.ts'

/** What one manager owns, in the version in which it wrote. */
export interface Owned {
  readonly fields: FieldSet
  readonly apiVersion: string
  readonly applied: boolean
}
/** By manager identity. */
export type Owners = ReadonlyMap<string, Owned>

export interface Conflict {
  readonly manager: string
  readonly path: Path
}

export interface Write {
  readonly manager: string
  readonly apiVersion: string
  /** The type in each version that managers wrote in; undefined for versions that are gone, whose entries go too. */
  readonly typeOf: (apiVersion: string) => MergeType | undefined
  /** Paths that the endpoint does not let through: nobody owns them. */
  readonly ignored: FieldSet
}

export type Applied =
  | { readonly ok: true; readonly object: unknown; readonly changed: boolean; readonly owners: Owners }
  | { readonly ok: false; readonly conflicts: readonly Conflict[] }

/** The owners after `next` replaced `old` (undefined on create): the writer owns what it changed or added. */
export function ownersAfterUpdate(old: unknown, next: unknown, before: Owners, write: Write): Owners {
  const owners = new Map(reconciled(before, write))
  const comparisons = comparer(old, next, write)
  takeFromOthers(owners, comparisons, write)
  const { removed, modified, added } = comparisons(write.apiVersion)!
  const mine = owners.get(write.manager)?.fields ?? EMPTY
  const fields = recursiveDifference(union(union(difference(mine, removed), modified), added), write.ignored)
  if (isEmpty(fields)) owners.delete(write.manager)
  else owners.set(write.manager, { fields, apiVersion: write.apiVersion, applied: false })
  return owners
}

/**
 * Server-side apply of `config` to `live`: merges, removes what this manager applied before, leaves out now, and
 * nobody else owns, and refuses where another manager owns a leaf with another value, unless forced.
 */
export function applyConfig(live: unknown, config: unknown, before: Owners, write: Write, force: boolean): Applied {
  const owners = new Map(reconciled(before, write))
  const type = write.typeOf(write.apiVersion)!
  const last = owners.get(write.manager)
  const fields = recursiveDifference(toFieldSet(type, config), write.ignored)
  owners.set(write.manager, { fields, apiVersion: write.apiVersion, applied: true })
  const object = prune(merge(type, live, config), owners, last, write)
  const comparisons = comparer(live, object, write)
  const conflicts = conflictsOf(owners, comparisons, write)
  if (!force && conflicts.length > 0) return { ok: false, conflicts }
  takeFromOthers(owners, comparisons, write)
  return { ok: true, object, changed: !jsonEqual(live, object), owners }
}

function reconciled(owners: Owners, write: Write): [string, Owned][] {
  return [...owners].flatMap(([manager, owned]): [string, Owned][] => {
    const type = write.typeOf(owned.apiVersion)
    return type ? [[manager, { ...owned, fields: reconcileWithSchema(owned.fields, type) }]] : []
  })
}

type Comparer = (apiVersion: string) => Comparison | undefined

function comparer(old: unknown, next: unknown, write: Write): Comparer {
  const done = new Map<MergeType, Comparison>()
  return apiVersion => {
    const type = write.typeOf(apiVersion)
    if (!type) return undefined
    let comparison = done.get(type)
    if (!comparison) {
      comparison = excluding(compare(type, old, next), write.ignored)
      done.set(type, comparison)
    }
    return comparison
  }
}

const changedFieldsOf = (owned: Owned, comparison: Comparison): FieldSet =>
  intersection(owned.fields, union(comparison.modified, comparison.added))

function conflictsOf(owners: Owners, comparisons: Comparer, write: Write): Conflict[] {
  return [...owners]
    .filter(([manager]) => manager !== write.manager)
    .flatMap(([manager, owned]) =>
      [...pathsOf(changedFieldsOf(owned, comparisons(owned.apiVersion)!))].map(path => ({ manager, path })),
    )
}

/** Others lose what this write changed, and what is no longer there. */
function takeFromOthers(owners: Map<string, Owned>, comparisons: Comparer, write: Write): void {
  for (const [manager, owned] of owners) {
    if (manager === write.manager) continue
    const comparison = comparisons(owned.apiVersion)!
    const fields = difference(difference(owned.fields, changedFieldsOf(owned, comparison)), comparison.removed)
    if (isEmpty(fields)) owners.delete(manager)
    else owners.set(manager, { ...owned, fields })
  }
  if (isEmpty(owners.get(write.manager)?.fields ?? EMPTY)) owners.delete(write.manager)
}

/** Removes what the manager applied last time, has left out now, and no other manager owns. */
function prune(merged: unknown, owners: Owners, last: Owned | undefined, write: Write): unknown {
  const type = last && write.typeOf(last.apiVersion)
  if (!last || !type || isEmpty(last.fields)) return merged
  const lastFields = withNamedFields(last.fields, type)
  const pruned = removePaths(type, merged, lastFields)
  const mergedFields = withNamedFields(toFieldSet(type, merged), type)
  const owned = ownedByAnyone(owners)
  // What somebody owns comes back ...
  const kept = union(withNamedFields(toFieldSet(type, pruned), type), withNamedFields(owned, type))
  const restored = removePaths(type, merged, difference(mergedFields, kept))
  // ... and what was never this manager's stays, although the container it is in was.
  const restoredFields = withNamedFields(toFieldSet(type, restored), type)
  return removePaths(type, merged, intersection(difference(mergedFields, restoredFields), lastFields)) ?? {}
}

const ownedByAnyone = (owners: Owners): FieldSet => [...owners.values()].map(owner => owner.fields).reduce(union, EMPTY)
