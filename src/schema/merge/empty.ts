import type { FieldNode, SchemaNode, StructNode } from '../node.ts'

type Obj = Readonly<Record<string, unknown>>

const objects = new WeakMap<StructNode, Obj>()
const structs = new WeakMap<StructNode, Obj>()

/**
 * The object of a built-in kind before anybody has set anything: spec, status and what else is always there. The first
 * writer owns what differs from it, which is why nobody comes to own `spec` as such.
 */
export function emptyOf(kind: StructNode): Obj {
  let empty = objects.get(kind)
  if (!empty) {
    const parts = [...kind.fields().values()].filter(field => field.node.kind === 'struct')
    empty = {
      ...(emptyStruct(kind) as Obj),
      ...Object.fromEntries(parts.map(field => [field.name, emptyStruct(field.node)])),
    }
    objects.set(kind, empty)
  }
  return empty
}

/** Structs that are there even when they are empty, wherever they are: Go's types hold them by value. */
const ALWAYS_THERE = new Set(['metadata', 'spec', 'template', 'strategy', 'updateStrategy', 'loadBalancer', 'nodeInfo'])

const isThere = ({ name, node, omitZero }: FieldNode): boolean =>
  !omitZero || (node.kind === 'struct' && ALWAYS_THERE.has(name))

/** A struct's required fields: structs in turn, anything else null. */
function emptyStruct(node: SchemaNode): unknown {
  if (node.kind !== 'struct' || node.nullable) return null
  let empty = structs.get(node)
  if (!empty) {
    const fields = [...node.fields().values()].filter(isThere)
    empty = Object.fromEntries(fields.map(field => [field.name, emptyStruct(field.node)]))
    structs.set(node, empty)
  }
  return empty
}
