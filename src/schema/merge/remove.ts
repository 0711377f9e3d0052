import type { MergeType } from '../merge-type.ts'
import type { Element } from './element.ts'
import { fieldElement } from './element.ts'
import type { FieldNode, FieldSet } from './field-set.ts'
import { EMPTY, isEmpty } from './field-set.ts'
import { isLeaf, isNamedField, itemElement, itemsOf, membersOf, shapeOf } from './shape.ts'

/** `value` without the fields and items that are members of `paths`; containers that end up empty go too (undefined). */
export function removePaths(type: MergeType, value: unknown, paths: FieldSet): unknown {
  if (isEmpty(paths)) return value
  const shape = shapeOf(type, value)
  if (shape === 'scalar') return value
  if (isLeaf(type, shape)) return undefined
  const result = shape === 'list' ? withoutItems(type, value, paths) : withoutMembers(type, value, paths)
  return result === undefined && value === null ? null : result
}

function withoutItems(type: MergeType, value: unknown, paths: FieldSet): unknown {
  const kept = (itemsOf(value) ?? []).flatMap(item => {
    const element = itemElement(type, item)
    const node = typeof element === 'string' ? paths.get(element) : undefined
    if (!node) return [item]
    const rest = node.owned ? undefined : removePaths(type.item()!, item, node.children)
    return rest === undefined ? [] : [rest]
  })
  return kept.length > 0 ? kept : undefined
}

function withoutMembers(type: MergeType, value: unknown, paths: FieldSet): unknown {
  const result: Record<string, unknown> = {}
  let some = false
  for (const [name, member] of Object.entries(membersOf(value) ?? {})) {
    const node = paths.get(fieldElement(name))
    const below = node ? type.field(name) : undefined
    if (node?.owned) continue
    const rest = node && below ? removePaths(below, member, node.children) : member
    if (rest === undefined) continue
    result[name] = rest
    some = true
  }
  return some ? result : undefined
}

/**
 * The set with the structs' own fields on the way to each member added: owning a.b.c counts as owning a where a is a
 * named field of a struct (not where it is a key of a map). For removal only; never stored.
 */
export function withNamedFields(set: FieldSet, type: MergeType | undefined): FieldSet {
  const result = new Map<Element, FieldNode>()
  for (const [element, node] of set) {
    const name = element.startsWith('f:') ? element.slice(2) : undefined
    const below = name === undefined ? type?.item() : type?.field(name)
    const named = name !== undefined && type !== undefined && isNamedField(type, name)
    const children = isEmpty(node.children) ? EMPTY : withNamedFields(node.children, below)
    result.set(element, { owned: node.owned || (named && !isEmpty(children)), children })
  }
  return result
}
