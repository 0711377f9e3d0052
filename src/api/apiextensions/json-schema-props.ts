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
export const ExternalDocumentation = message(`${GROUP}.ExternalDocumentation`, 'Where to read more.', {
  description: string(1, 'What the value is for.'),
  url: string(2, 'The address.'),
})

export interface ValidationRule extends InferMessage<typeof ValidationRule> {}
export const ValidationRule = message(`${GROUP}.ValidationRule`, 'A rule in CEL.', {
  rule: string(1, 'The expression; it must be true.', { required: true }),
  message: string(2, 'What to say when it is not.'),
  messageExpression: string(3, 'An expression that says it.'),
  reason: string(4, 'The reason, in a word.', { explicit: true }),
  fieldPath: string(5, 'The field that is wrong.'),
  optionalOldSelf: boolean(6, 'It also runs where there is no old value.', { explicit: true }),
})

const schema = ref<JSONSchemaProps>((): Message => JSONSchemaProps)
const schemaOrArray = ref<Json>((): Message => JSONSchemaPropsOrArray)
const schemaOrBool = ref<Json>((): Message => JSONSchemaPropsOrBool)
const schemaOrStrings = ref<Json>((): Message => JSONSchemaPropsOrStringArray)

export interface JSONSchemaProps extends InferMessage<typeof JSONSchemaProps> {}
export const JSONSchemaProps = message(`${GROUP}.JSONSchemaProps`, 'A structural schema.', {
  id: string(1, 'Unused.'),
  $schema: string(2, 'Unused.'),
  $ref: string(3, 'Not allowed.', { explicit: true }),
  description: string(4, 'What the value is for.'),
  type: string(5, 'object, array, string, integer, number or boolean.'),
  format: string(6, 'A format the value must have.'),
  title: string(7, 'A heading.'),
  default: json(8, 'What counts where nothing is given.'),
  maximum: double(9, 'The most a number may be.', { explicit: true }),
  exclusiveMaximum: boolean(10, 'It must be less than maximum.'),
  minimum: double(11, 'The least a number may be.', { explicit: true }),
  exclusiveMinimum: boolean(12, 'It must be more than minimum.'),
  maxLength: int64(13, 'The most characters.', { explicit: true }),
  minLength: int64(14, 'The least characters.', { explicit: true }),
  pattern: string(15, 'A regular expression the text must match.'),
  maxItems: int64(16, 'The most items.', { explicit: true }),
  minItems: int64(17, 'The least items.', { explicit: true }),
  uniqueItems: boolean(18, 'Not allowed.'),
  multipleOf: double(19, 'What a number must be a multiple of.', { explicit: true }),
  enum: list(20, JSON_VALUE, 'The values allowed.'),
  maxProperties: int64(21, 'The most fields.', { explicit: true }),
  minProperties: int64(22, 'The least fields.', { explicit: true }),
  required: list(23, STRING, 'Fields that must be there.'),
  items: one(24, schemaOrArray, 'The schema of items.'),
  allOf: list(25, schema, 'All of these must hold.'),
  oneOf: list(26, schema, 'Exactly one of these must hold.'),
  anyOf: list(27, schema, 'One of these must hold.'),
  not: one(28, schema, 'This must not hold.'),
  properties: map(29, schema, 'The schemas of fields.'),
  additionalProperties: one(30, schemaOrBool, 'The schema of other fields.'),
  patternProperties: map(31, schema, 'Not allowed.'),
  dependencies: map(32, schemaOrStrings, 'Not allowed.'),
  additionalItems: one(33, schemaOrBool, 'Not allowed.'),
  definitions: map(34, schema, 'Not allowed.'),
  externalDocs: one(35, ref<ExternalDocumentation>(ExternalDocumentation), 'Where to read more.'),
  example: json(36, 'An example.'),
  nullable: boolean(37, 'null is allowed.'),
  'x-kubernetes-preserve-unknown-fields': boolean(38, 'Fields without a schema are kept.', { explicit: true }),
  'x-kubernetes-embedded-resource': boolean(39, 'The value is an object with apiVersion, kind and metadata.'),
  'x-kubernetes-int-or-string': boolean(40, 'An integer or text.'),
  'x-kubernetes-list-map-keys': list(41, STRING, 'The fields that tell items apart.'),
  'x-kubernetes-list-type': string(42, 'atomic, set or map.', { explicit: true }),
  'x-kubernetes-map-type': string(43, 'granular or atomic.', { explicit: true }),
  'x-kubernetes-validations': list(44, ref<ValidationRule>(ValidationRule), 'Rules in CEL.', {
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
