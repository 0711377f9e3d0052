import { jsonEqual } from '../../wire/json/value.ts'
import type { MergeType } from '../merge-type.ts'
import type { Element } from './element.ts'
import { fieldElement } from './element.ts'
import type { FieldSet, FieldSetDraft } from './field-set.ts'
import { insert, newFieldSet, recursiveDifference } from './field-set.ts'
import type { Shape } from './shape.ts'
import { isLeaf, itemElement, itemsOf, membersOf, shapeOf } from './shape.ts'

/** No path is in more than one of them; all are empty when the values are equal. */
export interface Comparison {
  readonly removed: FieldSet
  readonly modified: FieldSet
  readonly added: FieldSet
}

interface Draft {
  readonly removed: FieldSetDraft
  readonly modified: FieldSetDraft
  readonly added: FieldSetDraft
}

/** What became of each field between two values of one type. */
export function compare(type: MergeType, old: unknown, next: unknown): Comparison {
  const draft: Draft = { removed: newFieldSet(), modified: newFieldSet(), added: newFieldSet() }
  visit(draft, type, old, next, [])
  return draft
}

/** The comparison without what lies at or below the given paths. */
export const excluding = (comparison: Comparison, paths: FieldSet): Comparison => ({
  removed: recursiveDifference(comparison.removed, paths),
  modified: recursiveDifference(comparison.modified, paths),
  added: recursiveDifference(comparison.added, paths),
})

function visit(draft: Draft, type: MergeType, old: unknown, next: unknown, path: Element[]): void {
  const oldShape = shapeOf(type, old)
  const nextShape = shapeOf(type, next)
  let leaf: boolean
  if (next === undefined) leaf = visitAs(draft, oldShape, type, old, next, path)
  else {
    // Where there is no schema a value may change its shape: what the old one held is gone, then the new one is new.
    if (old !== undefined && oldShape !== nextShape) visitAs(draft, oldShape, type, old, next, path)
    leaf = visitAs(draft, nextShape, type, old, next, path)
  }
  if (leaf) return
  if (old === undefined) insert(draft.added, path)
  else if (next === undefined) insert(draft.removed, path)
}

/** True when the value was compared as a whole. */
function visitAs(draft: Draft, shape: Shape, type: MergeType, old: unknown, next: unknown, path: Element[]): boolean {
  if (isLeaf(type, shape) || bothEmpty(shape, old, next)) {
    if (old === undefined) insert(draft.added, path)
    else if (next === undefined) insert(draft.removed, path)
    else if (!jsonEqual(old, next)) insert(draft.modified, path)
    return true
  }
  if (shape === 'list') visitItems(draft, type, itemsOf(old) ?? [], itemsOf(next) ?? [], path)
  else visitMembers(draft, type, membersOf(old) ?? {}, membersOf(next) ?? {}, path)
  return false
}

/** Empty, null and absent differ from each other only as whole values. */
export function bothEmpty(shape: Shape, a: unknown, b: unknown): boolean {
  if (shape === 'list') return (itemsOf(a)?.length ?? 0) === 0 && (itemsOf(b)?.length ?? 0) === 0
  return hasNone(membersOf(a)) && hasNone(membersOf(b))
}

function hasNone(members: Members | undefined): boolean {
  for (const _ in members) return false
  return true
}

type Members = Readonly<Record<string, unknown>>

function visitMembers(draft: Draft, type: MergeType, old: Members, next: Members, path: Element[]): void {
  for (const name in next) visitMember(draft, type, name, memberOf(old, name), next[name], path)
  for (const name in old) if (!Object.hasOwn(next, name)) visitMember(draft, type, name, old[name], undefined, path)
}

function visitMember(draft: Draft, type: MergeType, name: string, old: unknown, next: unknown, path: Element[]): void {
  if (old === next) return
  const below = type.field(name)
  if (below === undefined) return
  path.push(fieldElement(name))
  visit(draft, below, old, next, path)
  path.pop()
}

const memberOf = (members: Members, name: string): unknown => (Object.hasOwn(members, name) ? members[name] : undefined)

function visitItems(
  draft: Draft,
  type: MergeType,
  old: readonly unknown[],
  next: readonly unknown[],
  path: Element[],
): void {
  const before = byElement(type, old)
  const after = byElement(type, next)
  for (const element of new Set([...before.keys(), ...after.keys()])) {
    path.push(element)
    visitTwins(draft, type.item()!, before.get(element) ?? [], after.get(element) ?? [], path)
    path.pop()
  }
}

/** Items that occur twice are compared together; their contents have no owners. */
function visitTwins(
  draft: Draft,
  type: MergeType,
  old: readonly unknown[],
  next: readonly unknown[],
  path: Element[],
): void {
  if (old.length < 2 && next.length < 2) visit(draft, type, old[0], next[0], path)
  else if (old.length > 1 && next.length > 1) {
    if (!jsonEqual(old, next)) insert(draft.modified, path)
  } else if (old.length > 1) {
    if (next.length > 0) visit(draft, type, undefined, next[0], path)
    insert(draft.removed, path)
  } else {
    if (old.length > 0) visit(draft, type, old[0], undefined, path)
    insert(draft.added, path)
  }
}

function byElement(type: MergeType, items: readonly unknown[]): Map<Element, unknown[]> {
  const result = new Map<Element, unknown[]>()
  for (const item of items) {
    const element = itemElement(type, item)
    if (typeof element !== 'string') continue
    const twins = result.get(element)
    if (twins) twins.push(item)
    else result.set(element, [item])
  }
  return result
}
