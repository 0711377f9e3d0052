import { isObject } from '../decode.ts'
import { duplicate, required } from '../field-error.ts'
import type { FieldError } from '../kind.ts'
import type { ListNode, ScalarNode, SchemaNode, StructNode } from '../node.ts'
import { checkErrors } from './checks.ts'

const MAX_ERRORS = 100

/**
 * What the schema itself says against a value that was decoded or pruned, and defaulted. A built-in kind's own rules come
 * on top (Kind.validate); its status, which only the system writes, is not looked at.
 */
export function validate(node: StructNode, value: Readonly<Record<string, unknown>>): readonly FieldError[] {
  const errors: FieldError[] = []
  const builtIn = node.name !== undefined
  for (const [name, field] of node.fields()) {
    if (builtIn && (name === 'metadata' || name === 'status')) continue
    walkField(field.node, value[name], name, field.required, builtIn, errors)
  }
  if (node.checks) errors.push(...checkErrors(node.checks, value, ''))
  return errors.slice(0, MAX_ERRORS)
}

function walkField(
  node: SchemaNode,
  value: unknown,
  path: string,
  isRequired: boolean,
  builtIn: boolean,
  errors: FieldError[],
): void {
  if (value === undefined || (builtIn && value === '')) {
    if (isRequired && !(builtIn && !isText(node))) errors.push(required(path))
  } else walk(node, value, path, builtIn, errors)
}

/** Of a built-in kind only texts are required here: Go cannot tell absent numbers and structs from zero ones. */
const isText = (node: SchemaNode): boolean => node.kind === 'scalar' && node.scalar === 'string'

function walk(node: SchemaNode, value: unknown, path: string, builtIn: boolean, errors: FieldError[]): void {
  if (errors.length >= MAX_ERRORS) return
  if (value === null) {
    if (!node.nullable && !builtIn && node.kind !== 'any') errors.push(typeError(path, node, 'null'))
    return
  }
  if (!builtIn && !hasType(node, value)) {
    errors.push(typeError(path, node, foundType(value)))
    return
  }
  descend(node, value, path, builtIn, errors)
  if (node.checks) errors.push(...checkErrors(node.checks, value, path))
}

function descend(node: SchemaNode, value: unknown, path: string, builtIn: boolean, errors: FieldError[]): void {
  if (node.kind === 'list' && Array.isArray(value)) {
    const item = node.item()
    value.forEach((one, index) => {
      walk(item, one, `${path}[${index}]`, builtIn, errors)
    })
    if (!builtIn) errors.push(...listErrors(node, value, path))
  } else if (node.kind === 'map' && isObject(value)) {
    for (const key of Object.keys(value)) walk(node.item(), value[key], `${path}.${key}`, builtIn, errors)
  } else if (node.kind === 'struct' && isObject(value)) {
    const typed = node.name !== undefined
    for (const [name, field] of node.fields())
      walkField(field.node, value[name], `${path}.${name}`, field.required, typed, errors)
  }
}

function hasType(node: SchemaNode, value: unknown): boolean {
  switch (node.kind) {
    case 'any':
      return true
    case 'list':
      return Array.isArray(value)
    case 'map':
    case 'struct':
      return isObject(value)
    case 'scalar':
      return hasScalarType(node, value)
  }
}

function hasScalarType({ scalar }: ScalarNode, value: unknown): boolean {
  if (scalar === 'boolean') return typeof value === 'boolean'
  if (scalar === 'double') return typeof value === 'number'
  if (scalar === 'int32' || scalar === 'int64') return Number.isInteger(value)
  return typeof value === 'string' || (scalar === 'intOrString' && Number.isInteger(value))
}

function foundType(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  boolean: 'boolean',
  double: 'number',
  intOrString: 'integer,string',
}

function typeName(node: SchemaNode): string {
  if (node.kind === 'list') return 'array'
  if (node.kind !== 'scalar') return 'object'
  return TYPE_NAMES[node.scalar] ?? (node.scalar.startsWith('int') ? 'integer' : 'string')
}

const typeError = (field: string, node: SchemaNode, found: string): FieldError => ({
  type: 'TypeInvalid',
  field,
  value: found,
  detail: `${field} in body must be of type ${typeName(node)}: ${JSON.stringify(found)}`,
})

/** Items of a set, and the keys of items of a map, are unique. */
function listErrors(node: ListNode, value: readonly unknown[], path: string): FieldError[] {
  if (node.listType === 'atomic') return []
  const seen = new Set<string>()
  return value.flatMap((item, index) => {
    const identity = node.listType === 'set' ? item : keysOf(node, item)
    const text = JSON.stringify(identity)
    if (seen.has(text)) return [duplicate(`${path}[${index}]`, identity)]
    seen.add(text)
    return []
  })
}

function keysOf({ listKeys, item }: ListNode, value: unknown): unknown {
  if (!isObject(value)) return value
  const node = item()
  const fields = node.kind === 'struct' ? node.fields() : undefined
  return Object.fromEntries(
    listKeys.flatMap(key => {
      const found = value[key] ?? fields?.get(key)?.node.default
      return found === undefined ? [] : [[key, found]]
    }),
  )
}
