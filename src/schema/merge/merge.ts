import type { MergeType } from '../merge-type.ts'
import { bothEmpty } from './compare.ts'
import type { Element } from './element.ts'
import type { Shape } from './shape.ts'
import { isLeaf, itemElement, itemsOf, membersOf, shapeOf } from './shape.ts'

/**
 * `live` with everything that `config` sets, as server-side apply merges them: removes nothing, keeps config's value
 * where both set a leaf, and orders the items of keyed lists and sets as config does where it changes them.
 * `config` has been checked (`checkTyped`), so that none of its items occurs twice.
 */
export function merge(type: MergeType, live: unknown, config: unknown): unknown {
  if (config === undefined) return live
  const shape = shapeOf(type, config)
  if (isLeaf(type, shape) || bothEmpty(shape, live, config)) return config
  return shape === 'list' ? mergeItems(type, live, config) : mergeMembers(type, live, config, shape)
}

function mergeMembers(type: MergeType, live: unknown, config: unknown, shape: Shape): unknown {
  const old = shape === shapeOf(type, live) ? (membersOf(live) ?? {}) : {}
  const result: Record<string, unknown> = { ...old }
  for (const [name, value] of Object.entries(membersOf(config) ?? {})) {
    const below = type.field(name)
    if (below === undefined || value === undefined) continue
    result[name] = merge(below, Object.hasOwn(old, name) ? old[name] : undefined, value)
  }
  return result
}

/**
 * Walks both lists at once. Items only in live keep their place before the next item both have; items only in config
 * come in config's order.
 */
function mergeItems(type: MergeType, live: unknown, config: unknown): unknown {
  const left = indexed(type, itemsOf(live) ?? [])
  const right = indexed(type, itemsOf(config) ?? [])
  const shared = right.order.filter(element => left.items.has(element))
  const merged = new Set<Element>()
  const out: unknown[] = []
  let l = 0
  let r = 0
  let nextShared = shared.shift()
  const take = (element: Element): void => {
    merged.add(element)
    out.push(merge(type.item()!, left.items.get(element)?.value, right.items.get(element)?.value))
    if (nextShared === element) nextShared = shared.shift()
    r++
  }
  while (l < left.order.length || r < right.order.length) {
    const mine = left.order[l]
    const theirs = right.order[r]
    if (mine !== undefined && mine === theirs) {
      take(mine)
      l++
    } else if (
      mine !== undefined &&
      theirs !== undefined &&
      right.items.has(mine) &&
      nextShared &&
      nextShared !== mine
    ) {
      l++ // shared, and its turn comes where config has it
    } else if (mine !== undefined && !right.items.has(mine)) {
      out.push(left.values[l++])
    } else {
      if (mine !== undefined && merged.has(mine)) l++
      if (theirs !== undefined) take(theirs)
    }
  }
  return out
}

interface Indexed {
  readonly order: readonly Element[]
  readonly values: readonly unknown[]
  /** An item that occurs twice merges with nothing: its value is undefined. */
  readonly items: ReadonlyMap<Element, { readonly value: unknown }>
}

function indexed(type: MergeType, list: readonly unknown[]): Indexed {
  const order: Element[] = []
  const values: unknown[] = []
  const items = new Map<Element, { value: unknown }>()
  for (const value of list) {
    const element = itemElement(type, value)
    if (typeof element !== 'string') continue
    items.set(element, { value: items.has(element) ? undefined : value })
    order.push(element)
    values.push(value)
  }
  return { order, values, items }
}
