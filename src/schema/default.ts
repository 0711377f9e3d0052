import { isObject, zeroOf } from './decode.ts'
import type { FieldNode, SchemaNode, StructNode } from './node.ts'

/**
 * Fills in what the schema itself says: defaults, and empty values where a stored object always has the field. Shares
 * with the input what does not change. The input must have been decoded or pruned.
 */
export function applyDefaults<T>(node: SchemaNode, value: T): T {
  return defaultValue(node, value) as T
}

function defaultValue(node: SchemaNode, value: unknown): unknown {
  switch (node.kind) {
    case 'struct':
      return isObject(value) ? defaultStruct(node, value) : value
    case 'list':
      return Array.isArray(value) ? mapShared(value, item => defaultItem(node.item(), item)) : value
    case 'map':
      return isObject(value) ? defaultMap(node.item(), value) : value
    case 'scalar':
    case 'any':
      return value
  }
}

/** A null item that may not be null becomes its default. */
function defaultItem(node: SchemaNode, value: unknown): unknown {
  const used = value === null && !node.nullable && node.default !== undefined ? own(node.default) : value
  return defaultValue(node, used)
}

function defaultMap(item: SchemaNode, value: Readonly<Record<string, unknown>>): unknown {
  let result: Record<string, unknown> | undefined
  for (const key of Object.keys(value)) {
    const defaulted = defaultItem(item, value[key])
    if (defaulted === value[key]) continue
    result ??= { ...value }
    result[key] = defaulted
  }
  return result ?? value
}

function defaultStruct(node: StructNode, value: Readonly<Record<string, unknown>>): unknown {
  let result: Record<string, unknown> | undefined
  for (const field of plan(node)) {
    const given = value[field.name]
    const defaulted = defaultField(field, given)
    if (defaulted === given) continue
    result ??= { ...value }
    if (defaulted === undefined) delete result[field.name]
    else result[field.name] = defaulted
  }
  return result ?? value
}

function defaultField(field: FieldNode, given: unknown): unknown {
  const { node } = field
  if (isAbsent(field, given)) {
    if (node.default !== undefined) return defaultValue(node, own(node.default))
    return field.present && isFilled(field) ? defaultValue(node, zeroOf(node)) : given === null ? undefined : given
  }
  return defaultValue(node, given)
}

/** A copy: the schema's own must not be changed by whoever gets it. */
const own = (value: unknown): unknown => (typeof value === 'object' ? structuredClone(value) : value)

/** A null that is no value of the field counts as absence; so does an empty text that a built-in field may not have. */
function isAbsent(field: FieldNode, given: unknown): boolean {
  if (given === undefined) return true
  if (given === null) return !field.node.nullable && (field.node.default !== undefined || field.present)
  return given === '' && field.present && field.node.default !== undefined
}

/** What the server itself sets (a name, a time) is not invented here. */
const isFilled = ({ required, omitZero, node }: FieldNode): boolean =>
  required || (node.kind === 'scalar' && !omitZero) ? zeroOf(node) !== null : node.kind === 'struct' && !node.nullable

const plans = new WeakMap<StructNode['fields'], readonly FieldNode[]>()

/** The fields below which anything can be filled in at all: most are not, and need no walk. */
function plan(node: StructNode): readonly FieldNode[] {
  let fields = plans.get(node.fields)
  if (!fields) {
    fields = [...node.fields().values()].filter(field => field.present || isInteresting(field.node, new Set()))
    plans.set(node.fields, fields)
  }
  return fields
}

function isInteresting(node: SchemaNode, seen: Set<StructNode['fields']>): boolean {
  if (node.default !== undefined) return true
  if (node.kind === 'list' || node.kind === 'map') return isInteresting(node.item(), seen)
  if (node.kind !== 'struct' || seen.has(node.fields)) return false
  seen.add(node.fields)
  return [...node.fields().values()].some(field => field.present || isInteresting(field.node, seen))
}

function mapShared(list: readonly unknown[], change: (item: unknown) => unknown): readonly unknown[] {
  let result: unknown[] | undefined
  list.forEach((item, index) => {
    const changed = change(item)
    if (changed === item) return
    result ??= [...list]
    result[index] = changed
  })
  return result ?? list
}
