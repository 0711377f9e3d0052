import type { InferMessage, Json, Message } from '../../schema/field.ts'
import {
  boolean,
  double,
  int64,
  JSON_VALUE,
  json,
  list,
  map,
  message,
  one,
  ref,
  STRING,
  string,
} from '../../schema/field.ts'

const GROUP = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1'

export interface ExternalDocumentation extends InferMessage<typeof ExternalDocumentation> {}
export const ExternalDocumentation = message(`${GROUP}.ExternalDocumentation`, '', {
  description: string(1, ''),
  url: string(2, ''),
})

export interface ValidationRule extends InferMessage<typeof ValidationRule> {}
export const ValidationRule = message(`${GROUP}.ValidationRule`, '', {
  rule: string(1, '', { required: true }),
  message: string(2, ''),
  messageExpression: string(3, ''),
  reason: string(4, '', { explicit: true }),
  fieldPath: string(5, ''),
  optionalOldSelf: boolean(6, '', { explicit: true }),
})

const schema = ref<JSONSchemaProps>((): Message => JSONSchemaProps)
const schemaOrArray = ref<Json>((): Message => JSONSchemaPropsOrArray)
const schemaOrBool = ref<Json>((): Message => JSONSchemaPropsOrBool)
const schemaOrStrings = ref<Json>((): Message => JSONSchemaPropsOrStringArray)

export interface JSONSchemaProps extends InferMessage<typeof JSONSchemaProps> {}
export const JSONSchemaProps = message(`${GROUP}.JSONSchemaProps`, '', {
  id: string(1, ''),
  $schema: string(2, ''),
  $ref: string(3, '', { explicit: true }),
  description: string(4, ''),
  type: string(5, ''),
  format: string(6, ''),
  title: string(7, ''),
  default: json(8, ''),
  maximum: double(9, '', { explicit: true }),
  exclusiveMaximum: boolean(10, ''),
  minimum: double(11, '', { explicit: true }),
  exclusiveMinimum: boolean(12, ''),
  maxLength: int64(13, '', { explicit: true }),
  minLength: int64(14, '', { explicit: true }),
  pattern: string(15, ''),
  maxItems: int64(16, '', { explicit: true }),
  minItems: int64(17, '', { explicit: true }),
  uniqueItems: boolean(18, ''),
  multipleOf: double(19, '', { explicit: true }),
  enum: list(20, JSON_VALUE, ''),
  maxProperties: int64(21, '', { explicit: true }),
  minProperties: int64(22, '', { explicit: true }),
  required: list(23, STRING, ''),
  items: one(24, schemaOrArray, ''),
  allOf: list(25, schema, ''),
  oneOf: list(26, schema, ''),
  anyOf: list(27, schema, ''),
  not: one(28, schema, ''),
  properties: map(29, schema, ''),
  additionalProperties: one(30, schemaOrBool, ''),
  patternProperties: map(31, schema, ''),
  dependencies: map(32, schemaOrStrings, ''),
  additionalItems: one(33, schemaOrBool, ''),
  definitions: map(34, schema, ''),
  externalDocs: one(35, ref<ExternalDocumentation>(ExternalDocumentation), ''),
  example: json(36, ''),
  nullable: boolean(37, ''),
  'x-kubernetes-preserve-unknown-fields': boolean(38, '', { explicit: true }),
  'x-kubernetes-embedded-resource': boolean(39, ''),
  'x-kubernetes-int-or-string': boolean(40, ''),
  'x-kubernetes-list-map-keys': list(41, STRING, ''),
  'x-kubernetes-list-type': string(42, '', { explicit: true }),
  'x-kubernetes-map-type': string(43, '', { explicit: true }),
  'x-kubernetes-validations': list(44, ref<ValidationRule>(ValidationRule), '', {
    listType: 'map',
    listKeys: ['rule'],
    patchKey: 'rule',
  }),
})

export const JSONSchemaPropsOrArray = message(
  `${GROUP}.JSONSchemaPropsOrArray`,
  'One schema for all items, or one for each.',
  { schema: one(1, schema, 'For all items.'), jSONSchemas: list(2, schema, 'For each item.') },
  { choice: true },
)

export const JSONSchemaPropsOrBool = message(
  `${GROUP}.JSONSchemaPropsOrBool`,
  'A schema, or whether anything is allowed.',
  { allows: boolean(1, 'Whether anything is allowed.'), schema: one(2, schema, 'What is allowed.') },
  { choice: true },
)

export const JSONSchemaPropsOrStringArray = message(
  `${GROUP}.JSONSchemaPropsOrStringArray`,
  'A schema, or names of fields.',
  { schema: one(1, schema, 'The schema.'), property: list(2, STRING, 'The names.') },
  { choice: true },
)
