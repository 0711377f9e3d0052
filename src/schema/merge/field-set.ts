/** Sets of field paths: who owns what. A tree by element; an inner node may or may not be a member itself. */
import type { Element } from './element.ts'
import { compareElements, fieldElement } from './element.ts'

export type FieldSet = ReadonlyMap<Element, FieldNode>
/** Never empty: it is owned or has children. */
export interface FieldNode {
  readonly owned: boolean
  readonly children: FieldSet
}
export type Path = readonly Element[]

export const EMPTY: FieldSet = new Map()
export const isEmpty = (set: FieldSet): boolean => set.size === 0

interface Draft {
  owned: boolean
  children: FieldSetDraft
}
/** A set being built. It is a FieldSet as it stands. */
export type FieldSetDraft = Map<Element, Draft>
export const newFieldSet = (): FieldSetDraft => new Map()

/** Of nodes without children, which most are; never changed. */
const CHILDLESS: FieldSetDraft = new Map()

function ownChildren(node: Draft): FieldSetDraft {
  if (node.children === CHILDLESS) node.children = new Map()
  return node.children
}

/** Adds one path. Its parents are not added; the empty path (the whole object) is nobody's. */
export function insert(set: FieldSetDraft, path: Path): void {
  let node: Draft | undefined
  for (const element of path) {
    const level = node ? ownChildren(node) : set
    node = level.get(element)
    if (!node) {
      node = { owned: false, children: CHILDLESS }
      level.set(element, node)
    }
  }
  if (node) node.owned = true
}

export function fieldSetOf(paths: Iterable<Path>): FieldSet {
  const set = newFieldSet()
  for (const path of paths) insert(set, path)
  return set
}

/** For paths of plain fields. */
export const fieldPath = (...names: readonly string[]): Path => names.map(fieldElement)

export function has(set: FieldSet, path: Path): boolean {
  let level: FieldSet | undefined = set
  let node: FieldNode | undefined
  for (const element of path) {
    node = level?.get(element)
    level = node?.children
  }
  return node?.owned ?? false
}

/** Every member in the order of conflict messages: a level's members first, then what is below each. */
export function* pathsOf(set: FieldSet, prefix: Path = []): Generator<Path> {
  const nodes = [...set].sort(([a], [b]) => compareElements(a, b))
  for (const [element, node] of nodes) if (node.owned) yield [...prefix, element]
  for (const [element, node] of nodes) yield* pathsOf(node.children, [...prefix, element])
}

export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmpty(a)) return b
  if (isEmpty(b)) return a
  const result = new Map(a)
  for (const [element, right] of b) {
    const left = a.get(element)
    result.set(
      element,
      left ? { owned: left.owned || right.owned, children: union(left.children, right.children) } : right,
    )
  }
  return result
}

/** Members of both. */
export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmpty(a) || isEmpty(b)) return EMPTY
  return combine(a, b, (left, right) =>
    right === undefined
      ? undefined
      : { owned: left.owned && right.owned, children: intersection(left.children, right.children) },
  )
}

/** Members of a that are not members of b; children of b's members stay. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmpty(a) || isEmpty(b)) return a
  return combine(a, b, (left, right) =>
    right === undefined
      ? left
      : { owned: left.owned && !right.owned, children: difference(left.children, right.children) },
  )
}

/** Members of a that are neither members of b nor below one. */
export function recursiveDifference(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmpty(a) || isEmpty(b)) return a
  return combine(a, b, (left, right) => {
    if (right === undefined) return left
    return right.owned ? undefined : { owned: left.owned, children: recursiveDifference(left.children, right.children) }
  })
}

function combine(
  a: FieldSet,
  b: FieldSet,
  rule: (left: FieldNode, right: FieldNode | undefined) => FieldNode | undefined,
): FieldSet {
  const result = new Map<Element, FieldNode>()
  for (const [element, left] of a) {
    const node = rule(left, b.get(element))
    if (node && (node.owned || !isEmpty(node.children))) result.set(element, node)
  }
  return result
}

export function fieldSetsEqual(a: FieldSet, b: FieldSet): boolean {
  if (a.size !== b.size) return false
  for (const [element, left] of a) {
    const right = b.get(element)
    if (!right || left.owned !== right.owned || !fieldSetsEqual(left.children, right.children)) return false
  }
  return true
}
