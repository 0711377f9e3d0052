/** Server-side apply of one configuration to one object. */
import { rfc3339 } from '../../lib/clock.ts'
import { checkTyped, problemsText } from '../../schema/merge/check.ts'
import { formatPath } from '../../schema/merge/element.ts'
import { has } from '../../schema/merge/field-set.ts'
import type { Applied, Conflict } from '../../schema/merge/update.ts'
import { applyConfig } from '../../schema/merge/update.ts'
import { isObject } from '../../wire/json/value.ts'
import type { JsonObject } from '../object.ts'
import { badRequest, StatusError } from '../status-error.ts'
import { fieldsOfLastApplied, withLastApplied } from './last-applied.ts'
import type { Managed } from './managers.ts'
import { decodeManagedFields, describeManager, encodeManagedFields, managerKey } from './managers.ts'
import type { Patch, PatchTarget } from './mod.ts'
import { afterUpdate, withManaged, withoutServerFields, writeOf } from './track.ts'

/** The one manager that takes fields over from client-side apply. */
const KUBECTL = 'kubectl'

/** The object after the apply, managedFields included. */
export function serverSideApply(
  patch: Patch,
  current: JsonObject | undefined,
  target: PatchTarget,
  nowMs: number,
): JsonObject {
  const config = checkedConfig(patch, target)
  const live = withManaged(current ?? emptyObject(target), undefined)
  const managed = managedBefore(current, live, target, nowMs)
  const key = managerKey({
    manager: patch.manager === '' ? 'unknown' : patch.manager,
    operation: 'Apply',
    apiVersion: '',
    subresource: target.subresource,
  })
  const applied = applyOrTakeOver(live, config, managed, key, patch, target)
  if (!applied.ok) throw conflictError(applied.conflicts)
  const owners = new Map(applied.owners)
  const mine = owners.get(key)
  const fields = mine && withoutServerFields(mine.fields)
  if (!mine || !fields || fields.size === 0) owners.delete(key)
  else owners.set(key, { ...mine, fields })
  const times = new Map(managed.times)
  if (applied.changed) times.set(key, rfc3339(nowMs))
  const object = applied.changed ? (applied.object as JsonObject) : live
  const synced = patch.manager === KUBECTL ? withLastApplied(object, config) : object
  return withManaged(synced, encodeManagedFields({ owners, times }))
}

const emptyObject = (target: PatchTarget): JsonObject => ({
  ...target.empty,
  apiVersion: target.apiVersion,
  kind: target.kind,
})

function checkedConfig(patch: Patch, target: PatchTarget): JsonObject {
  const config = patch.value as JsonObject
  const type = typeText(String(config.apiVersion ?? ''), String(config.kind ?? ''))
  if (type !== typeText(target.apiVersion, target.kind)) throw badRequest(`invalid object type: ${type}`)
  const metadata = isObject(config.metadata) ? config.metadata : {}
  if (metadata.managedFields !== undefined && metadata.managedFields !== null)
    throw badRequest('metadata.managedFields must be nil')
  const problems = checkTyped(target.type, config)
  if (problems.length > 0) {
    const name = `${metadata.namespace ?? ''}/${metadata.name ?? ''}; ${type}`
    throw new StatusError(500, '', `failed to create typed patch object (${name}): ${problemsText(problems)}`)
  }
  return config
}

/** "apps/v1, Kind=Deployment"; the core group is "/v1, Kind=Pod". */
const typeText = (apiVersion: string, kind: string): string =>
  `${apiVersion.includes('/') || apiVersion === '' ? apiVersion : `/${apiVersion}`}, Kind=${kind}`

/** Fields of an object that was never tracked are given to somebody, so that the apply cannot silently take them. */
function managedBefore(current: JsonObject | undefined, live: JsonObject, target: PatchTarget, nowMs: number): Managed {
  const metadata = (current?.metadata ?? {}) as JsonObject
  const managed = decodeManagedFields(metadata.managedFields)
  if (!managed) throw new StatusError(500, '', 'failed to decode managed fields')
  if (managed.owners.size > 0 || current === undefined) return managed
  return afterUpdate(undefined, live, managed, 'before-first-apply', target, nowMs)
}

function applyOrTakeOver(
  live: JsonObject,
  config: JsonObject,
  managed: Managed,
  key: string,
  patch: Patch,
  target: PatchTarget,
): Applied {
  const write = writeOf(target, key)
  const applied = applyConfig(live, config, managed.owners, write, patch.force)
  if (applied.ok || patch.manager !== KUBECTL) return applied
  const allowed = fieldsOfLastApplied(live, target)
  const rest = applied.conflicts.filter(conflict => !has(allowed, conflict.path))
  return rest.length > 0 ? { ok: false, conflicts: rest } : applyConfig(live, config, managed.owners, write, true)
}

function conflictError(conflicts: readonly Conflict[]): StatusError {
  const sorted = [...conflicts].sort((a, b) => (a.manager < b.manager ? -1 : a.manager > b.manager ? 1 : 0))
  return new StatusError(409, 'Conflict', conflictMessage(sorted), {
    causes: sorted.map(conflict => ({
      reason: 'FieldManagerConflict',
      message: `conflict with ${describeManager(conflict.manager)}`,
      field: formatPath(conflict.path),
    })),
  })
}

function conflictMessage(conflicts: readonly Conflict[]): string {
  const [first] = conflicts
  if (conflicts.length === 1)
    return `Apply failed with 1 conflict: conflict with ${describeManager(first!.manager)}: ${formatPath(first!.path)}`
  const managers = [...new Set(conflicts.map(conflict => conflict.manager))]
  const lines = managers.flatMap(manager => [
    `conflicts with ${describeManager(manager)}:`,
    ...conflicts.filter(conflict => conflict.manager === manager).map(conflict => `- ${formatPath(conflict.path)}`),
  ])
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join('\n')}`
}
