import { jsonEqual } from '../../wire/json/value.ts'
import { isObject } from '../decode.ts'
import { duplicate, required } from '../field-error.ts'
import type { FieldError } from '../kind.ts'
import type { ListNode, ScalarNode, SchemaNode, StructNode } from '../node.ts'
import { checkErrors } from './checks.ts'

const MAX_ERRORS = 100

/**
 * What the schema itself says against a value that was decoded or pruned, and defaulted. A built-in kind's own rules come
 * on top (Kind.validate); its status, which only the system writes, is not looked at. With `old`, the object before an update, values
 * that are as they were may stay whatever is wrong with them (k8s.io/apiextensions-apiserver, ratcheting).
 */
export function validate(
  node: StructNode,
  value: Readonly<Record<string, unknown>>,
  old?: Readonly<Record<string, unknown>>,
): readonly FieldError[] {
  const errors: FieldError[] = []
  const builtIn = node.name !== undefined
  for (const [name, field] of node.fields()) {
    if (builtIn && (name === 'metadata' || name === 'status')) continue
    const site = { node: field.node, value: value[name], old: old?.[name], path: name, builtIn }
    walkField(site, field.required, errors)
  }
  if (node.checks) errors.push(...checkErrors(node.checks, value, ''))
  return errors.slice(0, MAX_ERRORS)
}

/** A value and what it was before; undefined where it was not, or cannot be told apart from others. */
interface Site {
  readonly node: SchemaNode
  readonly value: unknown
  readonly old: unknown
  readonly path: string
  readonly builtIn: boolean
}

function walkField(site: Site, isRequired: boolean, errors: FieldError[]): void {
  const { node, value, path, builtIn } = site
  if (value === undefined || (builtIn && value === '')) {
    if (isRequired && !(builtIn && !isText(node))) errors.push(required(path))
  } else walk(site, errors)
}

/** Of a built-in kind only texts are required here: Go cannot tell absent numbers and structs from zero ones. */
const isText = (node: SchemaNode): boolean => node.kind === 'scalar' && node.scalar === 'string'

function walk(site: Site, errors: FieldError[]): void {
  if (errors.length >= MAX_ERRORS) return
  const before = errors.length
  look(site, errors)
  if (errors.length > before && site.old !== undefined && jsonEqual(site.value, site.old)) errors.length = before
}

function look(site: Site, errors: FieldError[]): void {
  const { node, value, path, builtIn } = site
  if (value === null) {
    if (!node.nullable && !builtIn && node.kind !== 'any') errors.push(typeError(path, node, 'null'))
    return
  }
  if (!builtIn && !hasType(node, value)) {
    errors.push(typeError(path, node, foundType(value)))
    return
  }
  descend(site, errors)
  if (node.checks) errors.push(...checkErrors(node.checks, value, path))
}

function descend({ node, value, old, path, builtIn }: Site, errors: FieldError[]): void {
  if (node.kind === 'list' && Array.isArray(value)) {
    const before = oldItems(node, old)
    const item = node.item()
    value.forEach((one, index) => {
      walk({ node: item, value: one, old: before?.(one), path: `${path}[${index}]`, builtIn }, errors)
    })
    if (!builtIn && !wasWrong(node, old)) errors.push(...listErrors(node, value, path))
  } else if (node.kind === 'map' && isObject(value)) {
    for (const key of Object.keys(value))
      walk({ node: node.item(), value: value[key], old: partOf(old, key), path: `${path}.${key}`, builtIn }, errors)
  } else if (node.kind === 'struct' && isObject(value)) {
    const typed = node.name !== undefined
    for (const [name, field] of node.fields()) {
      const inner = { node: field.node, value: value[name], old: partOf(old, name), path: `${path}.${name}` }
      walkField({ ...inner, builtIn: typed }, field.required, errors)
    }
  }
}

const partOf = (old: unknown, name: string): unknown =>
  isObject(old) && Object.hasOwn(old, name) ? old[name] : undefined

/** Finds what an item was before, by its keys; the items of other lists cannot be told apart. */
function oldItems(node: ListNode, old: unknown): ((item: unknown) => unknown) | undefined {
  if (node.listType !== 'map' || !Array.isArray(old)) return undefined
  const byKeys = new Map(old.map(item => [JSON.stringify(keysOf(node, item)), item]))
  return item => byKeys.get(JSON.stringify(keysOf(node, item)))
}

/** A list that had items twice before may have them still. */
const wasWrong = (node: ListNode, old: unknown): boolean => Array.isArray(old) && listErrors(node, old, '').length > 0

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
