/** Strategic merge patch, as Kubernetes applies it to its own kinds. */
import { goFormat } from '../../../wire/json/go-format.ts'
import { isObject } from '../../../wire/json/value.ts'
import type { MergeType } from '../../merge-type.ts'
import type { Obj } from './directives.ts'
import {
  badRetainKeys,
  DELETE_FROM_LIST,
  fieldOf,
  internal,
  PATCH,
  RETAIN_KEYS,
  SET_ORDER,
  withoutDirectives,
  withoutNulls,
} from './directives.ts'
import type { List } from './list.ts'
import { goType, keyOf, mergeList, ordered } from './list.ts'

/**
 * The object after the patch; neither argument changes. Lists merge by their patchKey where the schema says so and are
 * replaced otherwise. Throws StrategicMergeError.
 */
export function applyStrategicMerge(original: Obj, patch: Obj, type: MergeType): Obj {
  return mergeObject(original, patch, type)
}

function mergeObject(original: Obj, patch: Obj, type: MergeType | undefined): Obj {
  if (Object.hasOwn(patch, PATCH)) return directed(patch)
  const result: Record<string, unknown> = retainKeys(original, patch)
  const rest: Record<string, unknown> = { ...patch }
  delete rest[RETAIN_KEYS]
  for (const key of Object.keys(patch)) if (key.startsWith(SET_ORDER)) setOrder(result, rest, key, type)
  // Deletions first: a value that is both deleted and added stays.
  for (const key of Object.keys(rest)) if (key.startsWith(DELETE_FROM_LIST)) deleteFromList(result, rest, key)
  for (const [key, value] of Object.entries(rest)) mergeMember(result, key, value, type?.field(key))
  return result
}

/** `$patch: replace` takes the patch as it is; `$patch: delete` leaves nothing. */
function directed(patch: Obj): Obj {
  const { [PATCH]: directive, ...rest } = patch
  if (directive === 'replace') return rest
  if (directive === 'delete') return {}
  throw internal(`unknown patch type: ${goFormat(directive)} in map: ${goFormat(patch)}`)
}

function mergeMember(result: Record<string, unknown>, key: string, value: unknown, type: MergeType | undefined): void {
  const old = Object.hasOwn(result, key) ? result[key] : undefined
  let next: unknown
  if (value === null || value === undefined) next = undefined
  else if (isObject(value) && isObject(old)) next = type?.patchStrategy.replace ? value : mergeObject(old, value, type)
  else if (Array.isArray(value) && Array.isArray(old))
    next = type?.patchStrategy.merge ? mergeLists(old, value, type) : value
  else next = withoutDirectives(withoutNulls(value))
  if (next === undefined) delete result[key]
  else result[key] = next
}

const mergeLists = (original: List, patch: List, type: MergeType): List =>
  mergeList(original, patch, type.patchKey, (a, b) => mergeObject(a, b, type.item()))

/** `$retainKeys`: what is not in the list goes; the patch may set nothing else. */
function retainKeys(original: Obj, patch: Obj): Record<string, unknown> {
  const keys = patch[RETAIN_KEYS]
  if (keys === undefined) return { ...original }
  if (!Array.isArray(keys)) throw badRetainKeys()
  const retained = new Set<unknown>(keys)
  for (const [key, value] of Object.entries(patch)) {
    const parallel = key === RETAIN_KEYS || key.startsWith(DELETE_FROM_LIST) || key.startsWith(SET_ORDER)
    if (!parallel && value !== null && !retained.has(key)) throw badRetainKeys()
  }
  return Object.fromEntries(Object.entries(original).filter(([key]) => retained.has(key)))
}

/** `$deleteFromPrimitiveList/finalizers: [a]` */
function deleteFromList(result: Record<string, unknown>, rest: Record<string, unknown>, key: string): void {
  const field = fieldOf(key, DELETE_FROM_LIST)
  const gone = rest[key]
  const list = result[field]
  delete rest[key]
  if (gone === null) delete result[field]
  else if (Array.isArray(gone) && Array.isArray(list)) result[field] = list.filter(item => !gone.includes(item))
}

/** `$setElementOrder/containers: [{name: a}, {name: b}]`, together with the patch of that list if there is one. */
function setOrder(
  result: Record<string, unknown>,
  rest: Record<string, unknown>,
  key: string,
  parent: MergeType | undefined,
): void {
  const order = listOf(rest[key])!
  const field = fieldOf(key, SET_ORDER)
  delete rest[key]
  const type = parent?.field(field)
  const live = Object.hasOwn(result, field) ? listOf(result[field]) : undefined
  const patch = Object.hasOwn(rest, field) ? listOf(rest[field]) : undefined
  checkOrder(patch ?? [], order, type?.patchKey)
  const merged = mergedWithoutOrder(live, patch, type)
  if (merged === undefined) return
  delete rest[field]
  if ((live ?? []).length === 0 && (patch ?? []).length === 0) throw internal('no elements in any of the given slices')
  result[field] = ordered(merged, order, live ?? [], type?.patchKey)
}

function mergedWithoutOrder(
  live: List | undefined,
  patch: List | undefined,
  type: MergeType | undefined,
): List | undefined {
  if (live === undefined) return patch && (withoutDirectives(patch) as List)
  if (patch === undefined) return live
  return type?.patchStrategy.merge ? mergeLists(live, patch, type) : patch
}

function listOf(value: unknown): List | undefined {
  if (!Array.isArray(value)) throw internal(`expected a []interface {}, but received a ${goType(value)}`)
  return value
}

/** The patch may name only what the order names, and in that order; deletions do not count. */
function checkOrder(patch: List, order: List, key: string | undefined): void {
  if (patch.length === 0 || order.length === 0) return
  const named = patch.filter(item => !(isObject(item) && Object.hasOwn(item, PATCH)))
  let at = 0
  for (const item of named) {
    while (at < order.length && keyOf(order[at], key) !== keyOf(item, key)) at++
    if (at >= order.length)
      throw internal(
        `The order in patch list:\n${goFormat(patch)}\n doesn't match ${SET_ORDER} list:\n${goFormat(order)}\n`,
      )
    at++
  }
}
