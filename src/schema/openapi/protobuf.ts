/** The version 2 document in protobuf, which older clients read. Source of the tags: OpenAPIv2.proto of gnostic. */
import type { Piece } from '../../wire/protobuf/write.ts'
import { bytesField, doubleField, join, textField, varintField } from '../../wire/protobuf/write.ts'

type Json = Readonly<Record<string, unknown>>
type Encode = (value: unknown) => Uint8Array
type Write = (value: unknown) => Piece
/** How each key of an object is written; keys that begin with x- become extensions. */
interface Shape {
  readonly keys: Readonly<Record<string, Write>>
  readonly extension?: number
}

const text =
  (tag: number): Write =>
  value =>
    textField(tag, String(value))
const truth =
  (tag: number): Write =>
  value =>
    varintField(tag, value ? 1 : 0)
const whole =
  (tag: number): Write =>
  value =>
    varintField(tag, Number(value))
const double =
  (tag: number): Write =>
  value =>
    doubleField(tag, Number(value))
const inner =
  (tag: number, encode: Encode): Write =>
  value =>
    bytesField(tag, encode(value))
const each =
  (write: Write): Write =>
  value =>
    join((value as readonly unknown[]).map(write))

/** Any value stands as YAML, which all JSON is. */
const any: Encode = value => textField(2, JSON.stringify(value))
/** Names and what they stand for. */
const named =
  (tag: number, encode: Encode): Encode =>
  value =>
    join(entriesOf(value).map(([name, item]) => bytesField(tag, pair(name, encode(item)))))
const pair = (name: string, value: Uint8Array): Uint8Array => join([textField(1, name), bytesField(2, value)])

const entriesOf = (value: unknown): readonly (readonly [string, unknown])[] => Object.entries(value as Json)

/** A struct; what the table does not know is left out. */
const struct =
  ({ keys, extension }: Shape): Encode =>
  value =>
    join(
      entriesOf(value).flatMap(([key, item]) => {
        if (item === undefined) return []
        if (extension !== undefined && key.startsWith('x-')) return [bytesField(extension, pair(key, any(item)))]
        const write = Object.hasOwn(keys, key) ? keys[key] : undefined
        return write ? [write(item)] : []
      }),
    )

const schema: Encode = value => schemaStruct(value)
const schemaStruct = struct({
  extension: 31,
  keys: {
    $ref: text(1),
    format: text(2),
    title: text(3),
    description: text(4),
    default: inner(5, any),
    multipleOf: double(6),
    maximum: double(7),
    exclusiveMaximum: truth(8),
    minimum: double(9),
    exclusiveMinimum: truth(10),
    maxLength: whole(11),
    minLength: whole(12),
    pattern: text(13),
    maxItems: whole(14),
    minItems: whole(15),
    uniqueItems: truth(16),
    maxProperties: whole(17),
    minProperties: whole(18),
    required: each(text(19)),
    enum: each(inner(20, any)),
    additionalProperties: value =>
      bytesField(21, typeof value === 'boolean' ? truth(2)(value) : bytesField(1, schema(value))),
    type: value => bytesField(22, join([value].flat().map(text(1)))),
    items: value => bytesField(23, bytesField(1, schema(value))),
    allOf: each(inner(24, schema)),
    properties: inner(25, named(1, schema)),
  },
})

const bodyParameter = struct({
  extension: 6,
  keys: { description: text(1), name: text(2), in: text(3), required: truth(4), schema: inner(5, schema) },
})
const queryParameter = struct({
  extension: 23,
  keys: { required: truth(1), in: text(2), description: text(3), name: text(4), type: text(6), uniqueItems: truth(20) },
})
const pathParameter = struct({
  extension: 22,
  keys: { required: truth(1), in: text(2), description: text(3), name: text(4), type: text(5), uniqueItems: truth(19) },
})

/** Which of the sorts it is follows from where it stands. */
function parameter(value: unknown): Uint8Array {
  const { in: where } = value as { readonly in: string }
  const sort =
    where === 'body'
      ? bytesField(1, bodyParameter(value))
      : bytesField(2, where === 'path' ? bytesField(4, pathParameter(value)) : bytesField(3, queryParameter(value)))
  return bytesField(1, sort)
}

const response = struct({
  extension: 5,
  keys: { description: text(1), schema: value => bytesField(2, bytesField(1, schema(value))) },
})

const operation = struct({
  extension: 13,
  keys: {
    tags: each(text(1)),
    summary: text(2),
    description: text(3),
    operationId: text(5),
    produces: each(text(6)),
    consumes: each(text(7)),
    parameters: each(inner(8, parameter)),
    responses: inner(
      9,
      named(1, value => bytesField(1, response(value))),
    ),
    schemes: each(text(10)),
  },
})

const pathItem = struct({
  extension: 10,
  keys: {
    get: inner(2, operation),
    put: inner(3, operation),
    post: inner(4, operation),
    delete: inner(5, operation),
    options: inner(6, operation),
    head: inner(7, operation),
    patch: inner(8, operation),
    parameters: each(inner(9, parameter)),
  },
})

const documentStruct = struct({
  extension: 16,
  keys: {
    swagger: text(1),
    info: inner(2, struct({ keys: { title: text(1), version: text(2) } })),
    paths: inner(8, named(2, pathItem)),
    definitions: inner(9, named(1, schema)),
  },
})

/** What `openApiV2` made, as bytes. */
export const openApiV2Protobuf = (document: object): Uint8Array => documentStruct(document)
