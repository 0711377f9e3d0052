/** metadata.managedFields as owners by manager, and back. */
import { decodeFieldsV1, encodeFieldsV1 } from '../../schema/merge/fields-v1.ts'
import type { Owned } from '../../schema/merge/update.ts'
import type { JsonObject } from '../object.ts'

/** Who wrote, how and where: entries with the same identity are one. */
export interface ManagerId {
  readonly manager: string
  readonly operation: 'Apply' | 'Update'
  /** Empty for Apply: one manager applies with one identity whichever version it writes. */
  readonly apiVersion: string
  readonly subresource: string
}

export interface Managed {
  readonly owners: ReadonlyMap<string, Owned>
  /** RFC 3339, by the same keys. */
  readonly times: ReadonlyMap<string, string>
}

export const NOTHING_MANAGED: Managed = { owners: new Map(), times: new Map() }

/** The key of a manager in the maps; its order is that of conflict messages. */
export function managerKey({ manager, operation, apiVersion, subresource }: ManagerId): string {
  const parts: string[] = []
  if (manager !== '') parts.push(`"manager":${JSON.stringify(manager)}`)
  parts.push(`"operation":"${operation}"`)
  if (apiVersion !== '' && operation !== 'Apply') parts.push(`"apiVersion":${JSON.stringify(apiVersion)}`)
  if (subresource !== '') parts.push(`"subresource":${JSON.stringify(subresource)}`)
  return `{${parts.join(',')}}`
}

const ids = new Map<string, ManagerId>()
/** Few write, and often. */
const MAX_IDS = 1000

export function managerId(key: string): ManagerId {
  let id = ids.get(key)
  if (!id) {
    id = parseKey(key)
    if (ids.size >= MAX_IDS) ids.clear()
    ids.set(key, id)
  }
  return id
}

function parseKey(key: string): ManagerId {
  const id = JSON.parse(key) as Partial<ManagerId>
  return {
    manager: id.manager ?? '',
    operation: id.operation ?? 'Update',
    apiVersion: id.apiVersion ?? '',
    subresource: id.subresource ?? '',
  }
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '')

/** Undefined when an entry is not one. No entries are no managers. */
export function decodeManagedFields(entries: unknown): Managed | undefined {
  if (entries === undefined || entries === null) return NOTHING_MANAGED
  if (!Array.isArray(entries)) return undefined
  const owners = new Map<string, Owned>()
  const times = new Map<string, string>()
  for (const entry of entries as readonly JsonObject[]) {
    const { operation, apiVersion } = entry ?? {}
    if ((operation !== 'Apply' && operation !== 'Update') || text(apiVersion) === '') return undefined
    if (entry.fieldsType !== 'FieldsV1') return undefined
    const fields = decodeFieldsV1(entry.fieldsV1 ?? {})
    if (!fields) return undefined
    const key = managerKey({
      manager: text(entry.manager),
      operation,
      apiVersion: text(apiVersion),
      subresource: text(entry.subresource),
    })
    owners.set(key, { fields, apiVersion: text(apiVersion), applied: operation === 'Apply' })
    if (text(entry.time) !== '') times.set(key, text(entry.time))
  }
  return { owners, times }
}

/** Undefined when there is nothing to write: the field is then absent. */
export function encodeManagedFields(managed: Managed): JsonObject[] | undefined {
  if (managed.owners.size === 0) return undefined
  const entries: JsonObject[] = []
  for (const [key, owned] of managed.owners) entries.push(entryOf(key, owned, managed.times.get(key)))
  if (entries.length === 1) return entries
  return entries.sort(compareEntries)
}

/** Built member by member: this runs at every write. */
function entryOf(key: string, owned: Owned, time: string | undefined): JsonObject {
  const id = managerId(key)
  const entry: JsonObject = {}
  if (id.manager !== '') entry.manager = id.manager
  entry.operation = owned.applied ? 'Apply' : 'Update'
  entry.apiVersion = owned.apiVersion
  if (time !== undefined) entry.time = time
  entry.fieldsType = 'FieldsV1'
  entry.fieldsV1 = encodeFieldsV1(owned.fields)
  if (id.subresource !== '') entry.subresource = id.subresource
  return entry
}

type Entry = { readonly [name: string]: unknown }

/** Applies first; then by time, manager, version and subresource. */
function compareEntries(a: Entry, b: Entry): number {
  for (const field of ['operation', 'time', 'manager', 'apiVersion', 'subresource']) {
    const x = text(a[field])
    const y = text(b[field])
    if (x !== y) return x < y ? -1 : 1
  }
  return 0
}

/** As conflicts name a manager: "kubectl-edit" using v1 at 2026-01-01T00:00:00Z */
export function describeManager(key: string): string {
  const id = managerId(key)
  const who =
    id.subresource === ''
      ? JSON.stringify(id.manager)
      : `${JSON.stringify(id.manager)} with subresource ${JSON.stringify(id.subresource)}`
  return id.operation === 'Update' ? `${who} using ${id.apiVersion}` : who
}
