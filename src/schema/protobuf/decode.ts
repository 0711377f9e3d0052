/**
 * Protobuf to JSON, by the tags of the schema. Go's encoder writes zero values and empty structs, so the result must
 * still be decoded (schema/decode.ts), which drops them as JSON would never have had them.
 */
import type { Cursor } from '../../wire/protobuf/read.ts'
import {
  BYTES,
  cursorOf,
  ProtobufError,
  readBase64,
  readBytes,
  readDouble,
  readInt64,
  readTag,
  readText,
  skip,
  VARINT,
} from '../../wire/protobuf/read.ts'
import type { FieldType, Message, Scalar } from '../field.ts'
import type { WireField } from './plan.ts'
import { wirePlan } from './plan.ts'
import { readSpecial } from './special.ts'

type Draft = Record<string, unknown>

const MAX_DEPTH = 64

/** Unknown tags are skipped: newer clients have more fields. Throws ProtobufError where the bytes are no message. */
export function decodeProtobuf(message: Message, bytes: Uint8Array): Readonly<Record<string, unknown>> {
  return readMessage(message, cursorOf(bytes), 0) as Draft
}

function readMessage(message: Message, cursor: Cursor, depth: number): unknown {
  if (depth > MAX_DEPTH) throw new ProtobufError('nested too deeply')
  const draft: Draft = {}
  readInto(draft, message, cursor, depth)
  return message.choice ? chosen(draft) : draft
}

function readInto(draft: Draft, message: Message, cursor: Cursor, depth: number): void {
  const { byTag } = wirePlan(message)
  while (cursor.at < cursor.end) {
    const { field: tag, wire } = readTag(cursor)
    const field = byTag.get(tag)
    if (!field || !accepts(field.type, wire)) skip(cursor, wire)
    else if (field.inline && field.type.is === 'message') {
      readInto(draft, field.type.message(), readBytes(cursor), depth + 1)
    } else readField(draft, field, cursor, wire, depth)
  }
}

/** A schema is the value itself where one is set; false is a value too, and comes with every choice Go writes. */
function chosen(draft: Draft): unknown {
  const set = Object.values(draft)
  return set.find(value => typeof value === 'object') ?? set[0] ?? null
}

function accepts(type: FieldType, wire: number): boolean {
  if (type.is === 'list') return accepts(type.of, wire) || wire === BYTES
  if (type.is !== 'scalar') return wire === BYTES
  if (isVarint(type.scalar)) return wire === VARINT
  return type.scalar === 'double' ? wire === 1 : wire === BYTES
}

const isVarint = (scalar: Scalar): boolean => scalar === 'int32' || scalar === 'int64' || scalar === 'boolean'

function readField(draft: Draft, { name, type }: WireField, cursor: Cursor, wire: number, depth: number): void {
  if (type.is === 'list') {
    draft[name] ??= []
    const list = draft[name] as unknown[]
    if (type.of.is === 'scalar' && isVarint(type.of.scalar) && wire === BYTES) {
      const packed = readBytes(cursor)
      while (packed.at < packed.end) list.push(readValue(type.of, packed, depth))
    } else list.push(readValue(type.of, cursor, depth))
  } else if (type.is === 'map') {
    draft[name] ??= {}
    readEntry(draft[name] as Draft, type.of, readBytes(cursor), depth)
  } else draft[name] = readValue(type, cursor, depth)
}

function readEntry(map: Draft, type: FieldType, cursor: Cursor, depth: number): void {
  let key = ''
  let value: unknown = null
  while (cursor.at < cursor.end) {
    const { field, wire } = readTag(cursor)
    if (field === 1 && wire === BYTES) key = readText(cursor)
    else if (field === 2 && accepts(type, wire)) value = readValue(type, cursor, depth)
    else skip(cursor, wire)
  }
  if (key === '__proto__') throw new ProtobufError('this name is not supported: __proto__')
  map[key] = value
}

function readValue(type: FieldType, cursor: Cursor, depth: number): unknown {
  switch (type.is) {
    case 'message':
      return readMessage(type.message(), readBytes(cursor), depth + 1)
    case 'scalar':
      return readScalar(type.scalar, cursor)
    case 'list':
      return readItems(type.of, readBytes(cursor), depth + 1)
    case 'map':
      throw new ProtobufError('a map in a list has no wire form')
  }
}

/** A list in a map or list is a message with the items under 1. */
function readItems(type: FieldType, cursor: Cursor, depth: number): unknown {
  const items: unknown[] = []
  while (cursor.at < cursor.end) {
    const { field, wire } = readTag(cursor)
    if (field === 1 && accepts(type, wire)) items.push(readValue(type, cursor, depth))
    else skip(cursor, wire)
  }
  return items
}

function readScalar(scalar: Scalar, cursor: Cursor): unknown {
  switch (scalar) {
    case 'string':
      return readText(cursor)
    case 'boolean':
      return readInt64(cursor) !== 0
    case 'int32':
      return readInt64(cursor) | 0
    case 'int64':
      return readInt64(cursor)
    case 'double':
      return readDouble(cursor)
    case 'bytes':
      return readBase64(cursor)
    default:
      return readSpecial(scalar, readBytes(cursor))
  }
}
