/** Field tracking of creates and updates: whoever changes a field comes to own it. */
import { rfc3339 } from '../../lib/clock.ts'
import type { FieldSet } from '../../schema/merge/field-set.ts'
import { difference, fieldPath, fieldSetOf, isEmpty, union } from '../../schema/merge/field-set.ts'
import type { Owned, Write } from '../../schema/merge/update.ts'
import { ownersAfterUpdate } from '../../schema/merge/update.ts'
import { isObject, jsonEqual } from '../../wire/json/value.ts'
import type { JsonObject } from '../object.ts'
import type { Managed } from './managers.ts'
import { decodeManagedFields, encodeManagedFields, managerId, managerKey, NOTHING_MANAGED } from './managers.ts'
import type { PatchTarget } from './mod.ts'

/** What the server writes or what names the object: nobody's. */
const NEVER_OWNED: FieldSet = fieldSetOf(
  [
    ['apiVersion'],
    ['kind'],
    ['metadata'],
    ...[
      'name',
      'namespace',
      'creationTimestamp',
      'selfLink',
      'uid',
      'clusterName',
      'generation',
      'managedFields',
      'resourceVersion',
    ].map(name => ['metadata', name]),
  ].map(path => fieldPath(...path)),
)

export const withoutServerFields = (fields: FieldSet): FieldSet => difference(fields, NEVER_OWNED)

/** More update entries than this, and the oldest are merged into one. */
const MAX_UPDATE_MANAGERS = 10

/** See mod.ts. */
export function trackUpdate(
  current: JsonObject | undefined,
  next: JsonObject,
  manager: string,
  target: PatchTarget,
  nowMs: number,
): JsonObject {
  const managed = managedBefore(current, next, target)
  // An object whose tracking was cleared stays untracked until somebody applies it.
  if (managed.owners.size === 0 && current !== undefined) return withManaged(next, undefined)
  return withManaged(next, encodeManagedFields(afterUpdate(current, next, managed, manager, target, nowMs)))
}

/** The managers after `next` replaced `current` by `manager`. */
export function afterUpdate(
  current: JsonObject | undefined,
  next: JsonObject,
  managed: Managed,
  manager: string,
  target: PatchTarget,
  nowMs: number,
): Managed {
  const key = managerKey({
    manager: manager === '' ? 'unknown' : manager,
    operation: 'Update',
    apiVersion: target.apiVersion,
    subresource: target.subresource,
  })
  const owners = new Map(
    ownersAfterUpdate(
      withParts(current ?? target.empty ?? {}, target),
      withParts(next, target),
      managed.owners,
      writeOf(target, THIS_WRITE),
    ),
  )
  const times = new Map(managed.times)
  const written = withoutServerFields(owners.get(THIS_WRITE)?.fields ?? new Map())
  owners.delete(THIS_WRITE)
  if (!isEmpty(written)) {
    const fields = union(written, owners.get(key)?.fields ?? new Map())
    owners.set(key, { fields, apiVersion: target.apiVersion, applied: false })
    times.set(key, rfc3339(nowMs))
  }
  return capped({ owners, times })
}

/** Without managedFields, and with the structs that a built-in kind always has: writing the first of their fields is not writing them. */
function withParts(object: JsonObject, target: PatchTarget): JsonObject {
  const result: JsonObject = { ...withManaged(object, undefined) }
  for (const name in target.empty) if (isObject(target.empty[name])) result[name] ??= target.empty[name]
  return result
}

/** Stands for the writer while its own earlier entry is treated as any other's, so that only real changes move its time. */
const THIS_WRITE = 'this write'

export const writeOf = (target: PatchTarget, manager: string): Write => ({
  manager,
  apiVersion: target.apiVersion,
  typeOf: apiVersion => (target.typeOf ? target.typeOf(apiVersion) : target.type),
  ignored: ignoredBy(target),
})

const ignored = new WeakMap<PatchTarget, FieldSet>()

function ignoredBy(target: PatchTarget): FieldSet {
  let set = ignored.get(target)
  if (!set) {
    set = fieldSetOf(target.resetFields.map(path => fieldPath(...path)))
    ignored.set(target, set)
  }
  return set
}

const metadataOf = (object: JsonObject): JsonObject => (object.metadata ?? {}) as JsonObject

/** The object with these managedFields; without the field where there are none. */
export function withManaged(object: JsonObject, entries: JsonObject[] | undefined): JsonObject {
  if (object.metadata === undefined || object.metadata === null) return object
  const metadata = { ...metadataOf(object) }
  if (metadata.managedFields === undefined && !entries) return object
  delete metadata.managedFields
  if (entries) metadata.managedFields = entries
  return { ...object, metadata }
}

/**
 * What the client sent counts when it is valid and not empty (so entries can be edited), an empty list clears them, and
 * everything else, such as a client that knows nothing of them, leaves them as they were.
 */
function managedBefore(current: JsonObject | undefined, next: JsonObject, target: PatchTarget): Managed {
  const old = (): Managed => decodeManagedFields(metadataOf(current ?? {}).managedFields) ?? NOTHING_MANAGED
  if (target.subresource !== '') return old()
  const sent = metadataOf(next).managedFields
  if (Array.isArray(sent) && isReset(sent)) return NOTHING_MANAGED
  const managed = decodeManagedFields(sent)
  return managed && managed.owners.size > 0 ? managed : old()
}

const isReset = (entries: readonly unknown[]): boolean =>
  entries.length === 0 || (entries.length === 1 && jsonEqual(entries[0], {}))

/** Merges the oldest update entries of each version into one called ancient-changes. */
function capped(managed: Managed): Managed {
  if (managed.owners.size <= MAX_UPDATE_MANAGERS) return managed
  const updaters = [...managed.owners].filter(([, owned]) => !owned.applied).map(([key]) => key)
  if (updaters.length <= MAX_UPDATE_MANAGERS) return managed
  const timeOf = (key: string): string => managed.times.get(key) ?? ''
  updaters.sort((a, b) => (timeOf(a) === timeOf(b) ? compare(a, b) : compare(timeOf(a), timeOf(b))))
  const owners = new Map(managed.owners)
  const times = new Map(managed.times)
  const firstOf = new Map<string, string>()
  for (const key of updaters) {
    if (countUpdates(owners) <= MAX_UPDATE_MANAGERS) break
    const owned = owners.get(key)!
    const first = firstOf.get(owned.apiVersion)
    if (first === undefined) firstOf.set(owned.apiVersion, key)
    else bury(owners, times, first, key, owned)
  }
  return { owners, times }
}

function bury(owners: Map<string, Owned>, times: Map<string, string>, first: string, key: string, owned: Owned): void {
  const bucket = managerKey({
    ...managerId(key),
    manager: 'ancient-changes',
    apiVersion: owned.apiVersion,
    subresource: '',
  })
  if (!owners.has(bucket)) {
    owners.set(bucket, owners.get(first)!)
    if (bucket !== first) owners.delete(first)
  }
  owners.set(bucket, { ...owned, fields: union(owned.fields, owners.get(bucket)!.fields) })
  if (key !== bucket) owners.delete(key)
  const time = times.get(key)
  if (time !== undefined) times.set(bucket, time)
}

const countUpdates = (owners: ReadonlyMap<string, Owned>): number =>
  [...owners.values()].filter(owned => !owned.applied).length
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** See mod.ts. */
export function keepTimesIfUnchanged(current: JsonObject, next: JsonObject): JsonObject {
  const old = metadataOf(current).managedFields
  const fresh = metadataOf(next).managedFields
  if (!Array.isArray(old) || !Array.isArray(fresh) || old.length !== fresh.length) return next
  if (jsonEqual(old, fresh) || !jsonEqual(old.map(withoutTime), fresh.map(withoutTime))) return next
  const same = jsonEqual(withManaged(current, undefined), withManaged(next, undefined))
  return same ? withManaged(next, old as JsonObject[]) : next
}

const withoutTime = (entry: JsonObject): JsonObject => ({ ...entry, time: undefined })

/** See mod.ts. */
export function managerName(fieldManager: string | undefined, userAgent: string | undefined): string {
  if (fieldManager !== undefined && fieldManager !== '') return fieldManager
  let name = ''
  for (const char of (userAgent ?? '').split('/')[0]!) {
    if (!/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(char)) continue
    if (Buffer.byteLength(name) + Buffer.byteLength(char) > MAX_MANAGER_BYTES) break
    name += char
  }
  return name
}

export const MAX_MANAGER_BYTES = 128
