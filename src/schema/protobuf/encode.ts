/** JSON to protobuf: what clients send us, made here for tests and for answers to clients that ask for it. */
import type { Piece } from '../../wire/protobuf/write.ts'
import { base64Field, bytesField, doubleField, join, textField, varintField } from '../../wire/protobuf/write.ts'
import type { FieldType, Message, Scalar } from '../field.ts'
import { wirePlan } from './plan.ts'
import { writeSpecial } from './special.ts'

type Json = Readonly<Record<string, unknown>>

/** The value must be one that schema/decode.ts returned. Fields without a tag are left out. */
export function encodeProtobuf(message: Message, value: Json): Uint8Array {
  const pieces: Piece[] = []
  for (const { name, tag, type, inline } of wirePlan(message).byTag.values()) {
    if (inline && type.is === 'message') pieces.push(bytesField(tag, encodeProtobuf(type.message(), value)))
    else if (value[name] !== undefined && value[name] !== null) pieces.push(...field(tag, type, value[name]))
  }
  return join(pieces)
}

function field(tag: number, type: FieldType, value: unknown): Piece[] {
  if (type.is === 'list') return (value as readonly unknown[]).map(item => one(tag, type.of, item))
  if (type.is !== 'map') return [one(tag, type, value)]
  return Object.entries(value as Json).map(([key, item]) =>
    bytesField(tag, join([textField(1, key), one(2, type.of, item)])),
  )
}

function one(tag: number, type: FieldType, value: unknown): Piece {
  switch (type.is) {
    case 'message':
      return bytesField(tag, encodeMessage(type.message(), value))
    case 'scalar':
      return scalar(tag, type.scalar, value)
    case 'list':
      return bytesField(tag, join(field(1, type, value)))
    case 'map':
      throw new TypeError('a map in a list has no wire form')
  }
}

function encodeMessage(message: Message, value: unknown): Uint8Array {
  return encodeProtobuf(message, message.choice ? choiceOf(message, value) : (value as Json))
}

/** The field whose type the bare value has. Go always writes `allows` beside a schema. */
function choiceOf(message: Message, value: unknown): Json {
  const wanted = Array.isArray(value) ? 'list' : typeof value === 'boolean' ? 'scalar' : 'message'
  const name = Object.keys(message.fields).find(key => message.fields[key]!.type.is === wanted)
  return name === undefined ? {} : { [name]: value }
}

function scalar(tag: number, type: Scalar, value: unknown): Piece {
  switch (type) {
    case 'string':
      return textField(tag, String(value))
    case 'boolean':
      return varintField(tag, value ? 1 : 0)
    case 'int32':
    case 'int64':
      return varintField(tag, Number(value))
    case 'double':
      return doubleField(tag, Number(value))
    case 'bytes':
      return base64Field(tag, String(value))
    default:
      return bytesField(tag, writeSpecial(type, value))
  }
}
