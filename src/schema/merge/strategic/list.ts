/** How strategic merge combines two lists, and in which order their items end up. */
import { goFormat } from '../../../wire/json/go-format.ts'
import { isObject } from '../../../wire/json/value.ts'
import type { Obj } from './directives.ts'
import { internal, PATCH, StrategicMergeError } from './directives.ts'

export type List = readonly unknown[]
/** Merges one object of a list. */
export type MergeItem = (original: Obj, patch: Obj) => Obj

/** All items must be of one sort; lists of lists are not supported. */
export function itemSort(...lists: readonly List[]): 'map' | 'scalar' {
  const sorts = new Set(lists.flat().map(item => (isObject(item) ? 'map' : Array.isArray(item) ? 'list' : typeof item)))
  if (sorts.has('list')) throw new StrategicMergeError(422, 'lists of lists are not supported')
  if (sorts.size > 1 || lists.flat().includes(null))
    throw internal(`list element types are not identical: ${goFormat(lists)}`)
  if (sorts.size === 0) throw internal('no elements in any of the given slices')
  return sorts.has('map') ? 'map' : 'scalar'
}

/** The items of `original` with those of `patch` merged in, in patch's order where it has one. */
export function mergeList(original: List, patch: List, key: string | undefined, mergeItem: MergeItem): List {
  if (original.length === 0 && patch.length === 0) return original
  if (itemSort(original, patch) === 'scalar') {
    const merged = [...new Set([...original, ...patch])]
    return ordered(merged, patch, original, undefined)
  }
  if (key === undefined) throw internal('cannot merge lists without merge key')
  const special = applySpecialItems(original as readonly Obj[], patch as readonly Obj[], key)
  const merged = mergeObjects(special.original, special.patch, key, mergeItem)
  return ordered(merged, special.patch, special.original, key)
}

/** Items that say `$patch: delete` or `$patch: replace`. */
function applySpecialItems(
  original: readonly Obj[],
  patch: readonly Obj[],
  key: string,
): { readonly original: readonly Obj[]; readonly patch: readonly Obj[] } {
  const plain = patch.filter(item => !Object.hasOwn(item, PATCH))
  let rest = original
  let replace = false
  for (const item of patch) {
    if (!Object.hasOwn(item, PATCH)) continue
    if (item[PATCH] === 'delete') {
      const gone = keyOf(item, key)
      rest = rest.filter(other => !(Object.hasOwn(other, key) && other[key] === gone))
    } else if (item[PATCH] === 'replace') replace = true
    else if (item[PATCH] === 'merge') throw internal('merging lists cannot yet be specified in the patch')
    else throw internal(`unknown patch type: ${goFormat(item[PATCH])} in map: ${goFormat(item)}`)
  }
  return replace ? { original: plain, patch: [] } : { original: rest, patch: plain }
}

function mergeObjects(original: readonly Obj[], patch: readonly Obj[], key: string, mergeItem: MergeItem): List {
  const merged = [...original]
  const places = new Map<unknown, number>()
  const note = (item: Obj, index: number): void => {
    if (Object.hasOwn(item, key) && !places.has(item[key])) places.set(item[key], index)
  }
  original.forEach(note)
  for (const item of patch) {
    const place = places.get(keyOf(item, key))
    if (place === undefined) note(item, merged.push(item) - 1)
    else merged[place] = mergeItem(merged[place]!, item)
  }
  return merged
}

/** The value of the merge key; scalars are their own. */
export function keyOf(item: unknown, key: string | undefined): unknown {
  if (key === undefined) return item
  if (!isObject(item)) throw internal(`expected a map[string]interface {}, but received a ${goType(item)}`)
  if (!Object.hasOwn(item, key)) throw internal(`map: ${goFormat(item)} does not contain declared merge key: ${key}`)
  return item[key]
}

/**
 * The items that `order` names stand in its order; the others keep their place in `live` relative to those that both
 * have: each is put before the first later item that live has after it.
 */
export function ordered(items: List, order: List, live: List, key: string | undefined): List {
  const orderOf = placesOf(order, key)
  const liveOf = placesOf(live, key)
  const named = items.filter(item => orderOf.has(keyOf(item, key)))
  const others = items.filter(item => !orderOf.has(keyOf(item, key)))
  const right = sortBy(named, item => orderOf.get(keyOf(item, key)))
  const left = sortBy(others, item => liveOf.get(keyOf(item, key)))
  const result: unknown[] = []
  let l = 0
  for (const item of right) {
    const at = liveOf.get(keyOf(item, key))
    while (l < left.length && at !== undefined && (liveOf.get(keyOf(left[l], key)) ?? Infinity) < at)
      result.push(left[l++])
    result.push(item)
  }
  return [...result, ...left.slice(l)]
}

function placesOf(list: List, key: string | undefined): ReadonlyMap<unknown, number> {
  const places = new Map<unknown, number>()
  for (const [i, item] of list.entries()) {
    const value = keyOf(item, key)
    if (!places.has(value)) places.set(value, i)
  }
  return places
}

const sortBy = (items: List, place: (item: unknown) => number | undefined): List =>
  [...items].sort((a, b) => (place(a) ?? Infinity) - (place(b) ?? Infinity) || 0)

export const goType = (value: unknown): string => {
  if (value === null || value === undefined) return '%!s(<nil>)'
  if (Array.isArray(value)) return '[]interface {}'
  if (typeof value === 'object') return 'map[string]interface {}'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64'
  return typeof value === 'boolean' ? 'bool' : typeof value
}
