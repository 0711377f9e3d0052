/**
 * How a value merges: what strategic merge patch and server-side apply need to know of a schema, and no more. A custom
 * resource and a built-in kind look the same here.
 */
import type { Message } from './field.ts'
import { messageNode } from './message-node.ts'
import type { AnyNode, PatchStrategy, SchemaNode } from './node.ts'
import { NO_STRATEGY } from './node.ts'

export interface MergeType {
  /** any: no schema; its objects merge field by field and its lists are atomic, unless it is atomic itself. */
  readonly kind: 'scalar' | 'list' | 'map' | 'struct' | 'any'
  /** Server-side apply, lists: how items are told apart. */
  readonly listType: 'atomic' | 'set' | 'map'
  /** The fields that identify an item of a list of type map. */
  readonly listKeys: readonly string[]
  /** Strategic merge, lists of objects: the field by which items merge, if they do. */
  readonly patchKey: string | undefined
  readonly patchStrategy: PatchStrategy
  /** Server-side apply: one owner for the whole value. True of scalars too, and of lists of type atomic. */
  readonly atomic: boolean
  /** An absent list key counts as this (the protocol of a port). */
  readonly default: unknown
  /** A struct's field, a map's value, or undefined where the schema has no such field. */
  field(name: string): MergeType | undefined
  /** A list's item or a map's value; undefined for scalars and structs. */
  item(): MergeType | undefined
}

const types = new WeakMap<SchemaNode, MergeType>()

export const mergeTypeOf = (message: Message): MergeType => mergeType(messageNode(message))

/** The same object for the same node, so that it may be compared and cached by identity. */
export function mergeType(node: SchemaNode): MergeType {
  let type = types.get(node)
  if (!type) {
    type = make(node)
    types.set(node, type)
  }
  return type
}

function make(node: SchemaNode): MergeType {
  return {
    kind: node.kind,
    listType: node.kind === 'list' ? node.listType : 'atomic',
    listKeys: node.kind === 'list' ? node.listKeys : [],
    patchKey: node.kind === 'list' ? node.patchKey : undefined,
    patchStrategy: node.patchStrategy,
    atomic: isAtomic(node),
    default: node.default,
    field: name => fieldOf(node, name),
    item: () => itemOf(node),
  }
}

function isAtomic(node: SchemaNode): boolean {
  if (node.kind === 'scalar') return true
  return node.kind === 'list' ? node.listType === 'atomic' : node.atomic
}

const unknownField: AnyNode = { kind: 'any', atomic: false, doc: '', nullable: true, patchStrategy: NO_STRATEGY }

function fieldOf(node: SchemaNode, name: string): MergeType | undefined {
  switch (node.kind) {
    case 'struct': {
      const field = node.fields().get(name)
      if (field) return mergeType(field.node)
      return node.preserveUnknown ? mergeType(unknownField) : undefined
    }
    case 'map':
      return mergeType(node.item())
    case 'any':
      return mergeType(unknownField)
    case 'scalar':
    case 'list':
      return undefined
  }
}

function itemOf(node: SchemaNode): MergeType | undefined {
  if (node.kind === 'list' || node.kind === 'map') return mergeType(node.item())
  return node.kind === 'any' ? mergeType(unknownField) : undefined
}
