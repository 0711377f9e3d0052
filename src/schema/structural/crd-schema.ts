/** A message of ours as the schema of a CustomResourceDefinition. */
import type { Field, FieldType, Message, Scalar } from '../field.ts'

export type JsonSchema = Readonly<Record<string, unknown>>

const SCALARS: Readonly<Record<Scalar, JsonSchema>> = {
  string: { type: 'string' },
  boolean: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  double: { type: 'number' },
  bytes: { type: 'string', format: 'byte' },
  quantity: { 'x-kubernetes-int-or-string': true },
  intOrString: { 'x-kubernetes-int-or-string': true },
  time: { type: 'string', format: 'date-time' },
  microTime: { type: 'string', format: 'date-time' },
  json: { 'x-kubernetes-preserve-unknown-fields': true },
}

/** The message and all below it, in place: custom resources have no references. */
export const crdSchema = ({ doc, fields, atomic }: Message): JsonSchema => {
  const required = Object.keys(fields).filter(name => fields[name]!.options.required)
  return {
    description: doc,
    type: 'object',
    ...(required.length > 0 ? { required } : {}),
    ...(atomic ? { 'x-kubernetes-map-type': 'atomic' } : {}),
    properties: Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, fieldSchema(field)])),
  }
}

export const fieldSchema = ({ type, doc, options }: Field): JsonSchema => ({
  ...typeSchema(type),
  description: doc,
  ...(options.default === undefined ? {} : { default: options.default }),
  ...(options.enum ? { enum: options.enum } : {}),
  ...(options.minimum === undefined ? {} : { minimum: options.minimum }),
  ...(options.maximum === undefined ? {} : { maximum: options.maximum }),
  ...(type.is === 'list' ? { 'x-kubernetes-list-type': options.listType ?? 'atomic' } : {}),
  ...(options.listKeys ? { 'x-kubernetes-list-map-keys': options.listKeys } : {}),
})

function typeSchema(type: FieldType): JsonSchema {
  if (type.is === 'scalar') return SCALARS[type.scalar]
  if (type.is === 'list') return { type: 'array', items: typeSchema(type.of) }
  if (type.is === 'map') return { type: 'object', additionalProperties: typeSchema(type.of) }
  return crdSchema(type.message())
}
