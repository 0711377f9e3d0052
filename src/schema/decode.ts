/**
 * From any JSON value to an object of a kind: unknown fields are found and dropped. Where the schema is a built-in message
 * values also take their stored form and their types are checked; of a custom resource's schema the rest is validation.
 */
import type { FieldNode, ListNode, MapNode, SchemaNode, StructNode } from './node.ts'
import { readScalar } from './scalar.ts'

export interface Decoded {
  /** Without unknown fields, nulls, and zero values that are the same as absence. */
  readonly value: unknown
  /** Paths of fields the schema does not have, such as spec.containers[0].imag; at most 100. */
  readonly unknown: readonly string[]
  /** The first value of a wrong type, worded as encoding/json words it. */
  readonly error?: string
}

const MAX_UNKNOWN = 100

interface Context {
  readonly path: (string | number)[]
  readonly unknown: string[]
  /** The structs and the fields on the way: Go's words leave out indexes and keys. */
  readonly structs: string[]
  readonly fields: string[]
  error: string | undefined
  /** Within a built-in message. */
  typed: boolean
}

/** The input is not changed; parts of it may be shared by the result. */
export function decode(node: StructNode, json: unknown): Decoded {
  const context: Context = { path: [], unknown: [], structs: [], fields: [], error: undefined, typed: true }
  const value = decodeValue(node, json, context)
  return {
    value: value === DROPPED ? {} : value,
    unknown: context.unknown,
    ...(context.error === undefined ? {} : { error: context.error }),
  }
}

const jsonKind = (json: unknown): SchemaNode['kind'] =>
  Array.isArray(json) ? 'list' : isObject(json) ? 'struct' : 'scalar'

const DROPPED = Symbol('dropped')

function decodeValue(node: SchemaNode, json: unknown, context: Context): unknown {
  if (!context.typed && node.kind !== 'struct') return prune(node, json, context)
  if (json === null || json === undefined) return context.typed ? DROPPED : json
  switch (node.kind) {
    case 'any': {
      const fitting = node.alternatives?.().find(one => one.kind === jsonKind(json))
      return fitting ? decodeValue(fitting, json, context) : json
    }
    case 'scalar': {
      const read = readScalar(node.scalar, json)
      if ('value' in read) return read.value
      return fail(context, 'error' in read ? read.error : mismatch(node, json, context))
    }
    case 'list':
      return Array.isArray(json) ? decodeList(node, json, context) : fail(context, mismatch(node, json, context))
    case 'map':
      return isObject(json) ? decodeMap(node, json, context) : fail(context, mismatch(node, json, context))
    case 'struct':
      return isObject(json) ? enterStruct(node, json, context) : enterFailed(node, json, context)
  }
}

/** Structural schemas: unknown fields go, everything else stays as it is. */
function prune(node: SchemaNode, json: unknown, context: Context): unknown {
  if (node.kind === 'list' && Array.isArray(json)) return decodeList(node, json, context)
  return node.kind === 'map' && isObject(json) ? decodeMap(node, json, context) : json
}

function enterStruct(node: StructNode, json: Readonly<Record<string, unknown>>, context: Context): unknown {
  const { typed } = context
  context.typed = node.name !== undefined
  const result = decodeStruct(node, json, context)
  context.typed = typed
  return result
}

function enterFailed(node: StructNode, json: unknown, context: Context): unknown {
  return node.name === undefined ? json : fail(context, mismatch(node, json, context))
}

function decodeList(node: ListNode, json: readonly unknown[], context: Context): unknown {
  const item = node.item()
  return json.map((value, index) => {
    context.path.push(index)
    const decoded = decodeValue(item, value, context)
    context.path.pop()
    return decoded === DROPPED ? zeroOf(item) : decoded
  })
}

function decodeMap(node: MapNode, json: Readonly<Record<string, unknown>>, context: Context): unknown {
  const item = node.item()
  const result: Record<string, unknown> = {}
  for (const key of Object.keys(json)) {
    context.path.push(key)
    const decoded = decodeValue(item, json[key], context)
    context.path.pop()
    result[key] = decoded === DROPPED ? zeroOf(item) : decoded
  }
  return result
}

function decodeStruct(node: StructNode, json: Readonly<Record<string, unknown>>, context: Context): unknown {
  const fields = node.fields()
  const result: Record<string, unknown> = {}
  context.structs.push(node.name ?? '')
  for (const key of Object.keys(json)) {
    const field = fields.get(key)
    context.path.push(key)
    if (field) {
      context.fields.push(key)
      const decoded = decodeValue(field.node, json[key], context)
      context.fields.pop()
      if (decoded !== DROPPED && !isDropped(field, decoded)) result[key] = decoded
    } else if (node.preserveUnknown) {
      result[key] = json[key]
    } else if (context.unknown.length < MAX_UNKNOWN) {
      context.unknown.push(pathText(context.path))
    }
    context.path.pop()
  }
  context.structs.pop()
  return result
}

function isDropped(field: FieldNode, value: unknown): boolean {
  if (!field.omitZero) return false
  switch (field.node.kind) {
    case 'scalar':
      return value === '' || value === 0 || value === false
    case 'list':
      return (value as readonly unknown[]).length === 0
    case 'map':
      return Object.keys(value as object).length === 0
    case 'struct':
    case 'any':
      return false
  }
}

/** What null means as an item of a list or map. */
export function zeroOf(node: SchemaNode): unknown {
  switch (node.kind) {
    case 'list':
      return []
    case 'map':
    case 'struct':
      return {}
    case 'any':
      return null
    case 'scalar':
      return zeroScalar(node.scalar)
  }
}

function zeroScalar(scalar: string): unknown {
  if (scalar === 'boolean') return false
  if (scalar === 'quantity') return '0'
  if (scalar === 'time' || scalar === 'microTime' || scalar === 'json') return null
  return scalar === 'int32' || scalar === 'int64' || scalar === 'double' || scalar === 'intOrString' ? 0 : ''
}

function fail(context: Context, error: string): typeof DROPPED {
  context.error ??= error
  return DROPPED
}

/** The words of Go's encoding/json, which name the struct and the path without indexes. */
function mismatch(node: SchemaNode, json: unknown, context: Context): string {
  const path = context.fields.join('.')
  const where = path === '' ? 'Go value' : `Go struct field ${goName(context.structs.at(-1))}.${path}`
  return `json: cannot unmarshal ${jsonType(json, node)} into ${where} of type ${goType(node)}`
}

const INTEGERS: ReadonlySet<string> = new Set(['int32', 'int64', 'intOrString'])

function jsonType(json: unknown, node: SchemaNode): string {
  if (Array.isArray(json)) return 'array'
  if (typeof json === 'number') return node.kind === 'scalar' && INTEGERS.has(node.scalar) ? `number ${json}` : 'number'
  return typeof json === 'boolean' ? 'bool' : typeof json
}

const GO_SCALARS: Readonly<Record<string, string>> = {
  boolean: 'bool',
  double: 'float64',
  bytes: '[]uint8',
  quantity: 'resource.Quantity',
  intOrString: 'int32',
  time: 'string',
  microTime: 'string',
}

function goType(node: SchemaNode): string {
  switch (node.kind) {
    case 'scalar':
      return GO_SCALARS[node.scalar] ?? node.scalar
    case 'list':
      return `[]${goType(node.item())}`
    case 'map':
      return `map[string]${goType(node.item())}`
    case 'struct':
      return node.name?.split('.').slice(-2).join('.') ?? 'map[string]interface {}'
    case 'any':
      return 'interface {}'
  }
}

const goName = (name: string | undefined): string => name?.split('.').at(-1) ?? ''

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** spec.containers[0].image */
export function pathText(path: readonly (string | number)[]): string {
  let text = ''
  for (const step of path) text += typeof step === 'number' ? `[${step}]` : text === '' ? step : `.${step}`
  return text
}
