import { isObject } from '../decode.ts'
import type { ScalarNode, SchemaNode } from '../node.ts'
import { durationOf, timestampOf } from './library/times.ts'
import type { Value } from './value.ts'

/** JSON as the schema types it: integers are int, other numbers double, formats of text what they stand for. */
export function typedValue(node: SchemaNode, json: unknown, known: Map<unknown, Value>): Value {
  if (typeof json !== 'object' || json === null) return scalar(node, json)
  const found = known.get(json)
  if (found !== undefined) return found
  const made = structured(node, json, known)
  known.set(json, made)
  return made
}

function structured(node: SchemaNode, json: object, known: Map<unknown, Value>): Value {
  if (node.kind === 'list' && Array.isArray(json)) {
    const item = node.item()
    return json.map(each => typedValue(item, each, known))
  }
  if (node.kind === 'map' && isObject(json)) return mapOf(json, each => typedValue(node.item(), each, known))
  if (node.kind !== 'struct' || !isObject(json)) return plainValue(json)
  const fields = node.fields()
  return mapOf(json, (each, name) => {
    const field = fields.get(name)
    return field ? typedValue(field.node, each, known) : plainValue(each)
  })
}

function mapOf(json: Readonly<Record<string, unknown>>, value: (each: unknown, name: string) => Value): Value {
  const made = new Map<Value, Value>()
  for (const name of Object.keys(json)) if (json[name] !== undefined) made.set(name, value(json[name], name))
  return made
}

function scalar(node: SchemaNode, json: unknown): Value {
  if (typeof json === 'number') {
    const whole = node.kind === 'scalar' && node.scalar === 'double' ? false : Number.isInteger(json)
    return whole ? BigInt(json) : json
  }
  if (typeof json === 'string' && node.kind === 'scalar') return formatted(node, json)
  return plainValue(json)
}

function formatted({ checks }: ScalarNode, text: string): Value {
  switch (checks?.format) {
    case 'date-time':
      return timestampOf(text) ?? text
    case 'date':
      return timestampOf(`${text}T00:00:00Z`) ?? text
    case 'duration':
      return durationOf(text) ?? text
    case 'byte':
      return Uint8Array.from(Buffer.from(text, 'base64'))
    default:
      return text
  }
}

/** JSON of no known type. */
export function plainValue(json: unknown): Value {
  if (typeof json === 'number') return Number.isInteger(json) ? BigInt(json) : json
  if (Array.isArray(json)) return json.map(plainValue)
  if (isObject(json)) return mapOf(json, plainValue)
  return typeof json === 'string' || typeof json === 'boolean' ? json : null
}
