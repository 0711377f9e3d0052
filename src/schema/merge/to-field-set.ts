import type { MergeType } from '../merge-type.ts'
import type { Element } from './element.ts'
import { fieldElement } from './element.ts'
import type { FieldSet, FieldSetDraft } from './field-set.ts'
import { insert, newFieldSet } from './field-set.ts'
import { isLeaf, isNamedField, itemElement, itemsOf, membersOf, shapeOf } from './shape.ts'

/** Every leaf that the value sets, and every item of its maps, sets and keyed lists: what its writer comes to own. */
export function toFieldSet(type: MergeType, value: unknown): FieldSet {
  const set = newFieldSet()
  walk(set, type, value, [])
  return set
}

/** `path` is one array that grows and shrinks. */
function walk(set: FieldSetDraft, type: MergeType, value: unknown, path: Element[]): void {
  const shape = shapeOf(type, value)
  if (isLeaf(type, shape)) insert(set, path)
  else if (shape === 'list') walkItems(set, type, itemsOf(value) ?? [], path)
  else walkMembers(set, type, membersOf(value) ?? {}, path)
}

function walkMembers(set: FieldSetDraft, type: MergeType, members: object, path: Element[]): void {
  for (const [name, member] of Object.entries(members)) {
    const below = type.field(name)
    if (member === undefined || below === undefined) continue
    path.push(fieldElement(name))
    walk(set, below, member, path)
    if (ownsItself(type, name, member)) insert(set, path)
    path.pop()
  }
}

function ownsItself(type: MergeType, name: string, member: unknown): boolean {
  if (member === null || !isNamedField(type, name)) return true
  const members = membersOf(member)
  return members !== undefined && Object.keys(members).length === 0
}

/** Of items that occur twice only the item is owned, not what is in it: one cannot tell whose is whose. */
function walkItems(set: FieldSetDraft, type: MergeType, items: readonly unknown[], path: Element[]): void {
  const elements = items.map(item => itemElement(type, item))
  const counts = new Map<unknown, number>()
  for (const element of elements) counts.set(element, (counts.get(element) ?? 0) + 1)
  for (const [i, element] of elements.entries()) {
    if (typeof element !== 'string') continue
    path.push(element)
    if (counts.get(element) === 1) walk(set, type.item()!, items[i], path)
    insert(set, path)
    path.pop()
  }
}
