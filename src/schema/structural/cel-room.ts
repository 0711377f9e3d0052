/** How large values of a schema can be within one request. Source: k8s.io/apiserver/pkg/cel/common/schemas.go and pkg/cel/limits.go. */
import type { Room } from '../cel/check/size.ts'
import { escaped, withMeta } from './cel-type.ts'
import type { JsonSchema } from './schema.ts'
import { isSchema } from './schema.ts'

/** Bytes of a request. */
const REQUEST = 3 * 1024 * 1024
/** Of a text the quotes are no part. */
const LONGEST = REQUEST - 2

/** `bytes`: the least that a value takes as JSON. */
export interface SizedRoom extends Room {
  readonly bytes: number
}

/** How often a value of at least so many bytes can be in one request. */
export const mostOf = (bytes: number): number => Math.floor(REQUEST / (bytes + 1))

/** Undefined for what expressions do not see. */
export function roomOf(given: JsonSchema, isObject = given['x-kubernetes-embedded-resource']): SizedRoom | undefined {
  const schema = isObject ? withMeta(given) : given
  if (schema['x-kubernetes-int-or-string'])
    return { max: schema.maxLength === undefined ? LONGEST : atMost(schema.maxLength) * 4, bytes: 1 }
  switch (schema.type) {
    case 'array':
      return listRoom(schema)
    case 'object':
      return isSchema(schema.additionalProperties)
        ? mapRoom(schema, schema.additionalProperties)
        : objectRoom(schema.properties ?? {}, schema)
    case 'string':
      return textRoom(schema)
    case 'boolean':
      return { max: 0, bytes: 4 }
    case 'number':
    case 'integer':
      return { max: 0, bytes: 1 }
    default:
      return undefined
  }
}

const atMost = (limit: number): number => Math.max(limit, 0)

function listRoom({ items, maxItems }: JsonSchema): SizedRoom | undefined {
  const item = isSchema(items) ? roomOf(items) : undefined
  if (!item) return undefined
  return { max: maxItems === undefined ? Math.floor(LONGEST / (item.bytes + 1)) : atMost(maxItems), item, bytes: 2 }
}

function mapRoom({ maxProperties }: JsonSchema, values: JsonSchema): SizedRoom | undefined {
  const item = roomOf(values)
  if (!item) return undefined
  const max = maxProperties === undefined ? Math.floor(LONGEST / (item.bytes + 6)) : atMost(maxProperties)
  return { max, key: { max: 0 }, item, bytes: 2 }
}

function objectRoom(properties: Readonly<Record<string, JsonSchema>>, { required = [] }: JsonSchema): SizedRoom {
  const rooms = new Map<string, Room>()
  let bytes = 2
  for (const [name, property] of Object.entries(properties)) {
    const room = roomOf(property)
    if (!room) continue
    rooms.set(escaped(name) ?? '', room)
    // A default is not in the request.
    if (required.includes(name) && property.default === undefined) bytes += name.length + room.bytes + 4
  }
  return { max: 0, field: name => rooms.get(name), bytes }
}

const FORMATS: Readonly<Record<string, SizedRoom>> = {
  duration: { max: 32, bytes: 3 },
  date: { max: 12, bytes: 12 },
  'date-time': { max: 32, bytes: 21 },
}

function textRoom({ format = '', maxLength, enum: words = [] }: JsonSchema): SizedRoom {
  const known = FORMATS[format]
  if (known) return known
  // Limits count characters, requests bytes.
  if (maxLength !== undefined) return { max: atMost(maxLength) * (format === 'byte' ? 1 : 4), bytes: 2 }
  const lengths = words.map(word => (typeof word === 'string' ? Buffer.byteLength(word) : 0))
  return { max: words.length > 0 && format !== 'byte' ? Math.max(...lengths) : LONGEST, bytes: 2 }
}
