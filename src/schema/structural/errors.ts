/** What keeps a schema from being structural, in the words of the API server. */
import { forbidden, invalid, notSupported, required } from '../field-error.ts'
import type { FieldError } from '../kind.ts'
import { patternOf } from '../validate/regexp.ts'
import { ruleErrors } from './rule-errors.ts'
import { ruleTextErrors } from './rule-texts.ts'
import type { JsonSchema } from './schema.ts'
import { isSchema } from './schema.ts'

const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string']

/** path: where the schema stands, as in spec.versions[0].schema.openAPIV3Schema. What rules of a known schema take stays as it is. */
export function structuralErrors(schema: JsonSchema, path: string, is: 'new' | 'known' = 'new'): readonly FieldError[] {
  const root =
    schema.type === 'object'
      ? []
      : schema.type
        ? [invalid(`${path}.type`, schema.type, 'must be object at the root')]
        : [required(`${path}.type`, 'must not be empty at the root')]
  const errors = [...root, ...nodeErrors(schema, path)]
  // Rules of a schema that is wrong have no types to be checked with.
  return errors.length > 0 ? errors : ruleErrors(schema, path, is)
}

function nodeErrors(schema: JsonSchema, path: string): FieldError[] {
  return [
    ...foreignErrors(schema, path),
    ...patternErrors(schema, path),
    ...objectErrors(schema, path),
    ...listErrors(schema, path),
    ...extensionErrors(schema, path),
    ...ruleTextErrors(schema, path),
    ...nestedErrors(schema, path),
  ]
}

/** What JSON Schema has and structural schemas have not. */
function foreignErrors(schema: JsonSchema, path: string): FieldError[] {
  const errors: FieldError[] = []
  if (schema.$ref) errors.push(forbidden(`${path}.$ref`, '$ref is not supported'))
  for (const name of ['definitions', 'dependencies', 'patternProperties', 'additionalItems'] as const)
    if (schema[name] !== undefined) errors.push(forbidden(`${path}.${name}`, `${name} is not supported`))
  if (schema.uniqueItems)
    errors.push(
      forbidden(
        `${path}.uniqueItems`,
        'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
      ),
    )
  if (schema.type && !TYPES.includes(schema.type)) errors.push(notSupported(`${path}.type`, schema.type, TYPES))
  if (schema.additionalProperties === false)
    errors.push(forbidden(`${path}.additionalProperties`, 'additionalProperties cannot be set to false'))
  return errors
}

function patternErrors({ pattern }: JsonSchema, path: string): FieldError[] {
  const found = pattern === undefined ? undefined : patternOf(pattern)
  if (typeof found !== 'string') return []
  return [invalid(`${path}.pattern`, pattern, `must be a valid regular expression, but isn't: ${found}`)]
}

const isTyped = (schema: JsonSchema): boolean =>
  Boolean(schema.type) ||
  schema['x-kubernetes-int-or-string'] === true ||
  schema['x-kubernetes-preserve-unknown-fields'] === true

function objectErrors(schema: JsonSchema, path: string): FieldError[] {
  const errors: FieldError[] = []
  const { properties, additionalProperties } = schema
  if (properties && Object.keys(properties).length > 0 && additionalProperties)
    errors.push(forbidden(`${path}.additionalProperties`, 'additionalProperties and properties are mutual exclusive'))
  for (const [name, property] of Object.entries(properties ?? {}))
    errors.push(...childErrors(property, `${path}.properties[${name}]`, 'object fields'))
  if (isSchema(additionalProperties))
    errors.push(...childErrors(additionalProperties, `${path}.additionalProperties`, 'object fields'))
  return errors
}

function listErrors(schema: JsonSchema, path: string): FieldError[] {
  if (Array.isArray(schema.items)) return [forbidden(`${path}.items`, 'items must be a schema object and not an array')]
  if (schema.type !== 'array') return []
  if (isSchema(schema.items)) return childErrors(schema.items, `${path}.items`, 'array items')
  return [required(`${path}.items`, 'must be specified')]
}

function childErrors(schema: JsonSchema, path: string, of: string): FieldError[] {
  const typed = isTyped(schema) ? [] : [required(`${path}.type`, `must not be empty for specified ${of}`)]
  return [...typed, ...nodeErrors(schema, path)]
}

function extensionErrors(schema: JsonSchema, path: string): FieldError[] {
  const errors: FieldError[] = []
  const listType = schema['x-kubernetes-list-type']
  const keys = schema['x-kubernetes-list-map-keys']
  if (schema['x-kubernetes-int-or-string'] && schema.type)
    errors.push(invalid(`${path}.type`, schema.type, 'must be empty if x-kubernetes-int-or-string is true'))
  if (schema['x-kubernetes-embedded-resource'] && schema.type !== 'object')
    errors.push(invalid(`${path}.type`, schema.type ?? '', 'must be object if x-kubernetes-embedded-resource is true'))
  if (listType !== undefined && !['atomic', 'map', 'set'].includes(listType))
    errors.push(notSupported(`${path}.x-kubernetes-list-type`, listType, ['atomic', 'map', 'set']))
  if (listType === 'map' && !keys?.length)
    errors.push(required(`${path}.x-kubernetes-list-map-keys`, 'must not be empty if x-kubernetes-list-type is map'))
  if (listType === 'map' && isSchema(schema.items)) errors.push(...keyErrors(schema.items, keys ?? [], path))
  return errors
}

function keyErrors(items: JsonSchema, keys: readonly string[], path: string): FieldError[] {
  return keys.flatMap((key, index) => {
    const property = items.properties?.[key]
    if (!property)
      return [
        invalid(`${path}.x-kubernetes-list-map-keys[${index}]`, key, 'entries must all be names of item properties'),
      ]
    if (items.required?.includes(key) || property.default !== undefined) return []
    return [
      required(
        `${path}.items.properties[${key}].default`,
        'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
      ),
    ]
  })
}

/** Within allOf, anyOf, oneOf and not nothing may be said that makes the structure. */
const STRUCTURE = ['description', 'type', 'title', 'default', 'nullable', 'additionalProperties'] as const

function nestedErrors(schema: JsonSchema, path: string): FieldError[] {
  const lists = (['allOf', 'anyOf', 'oneOf'] as const).flatMap(name =>
    (schema[name] ?? []).map((one, index) => [one, `${path}.${name}[${index}]`] as const),
  )
  const all = schema.not ? [...lists, [schema.not, `${path}.not`] as const] : lists
  return all.flatMap(([one, where]) => shadowErrors(one, where, schema['x-kubernetes-int-or-string'] === true))
}

function shadowErrors(schema: JsonSchema, path: string, allowType: boolean): FieldError[] {
  const errors = STRUCTURE.filter(name => schema[name] !== undefined && !(name === 'type' && allowType)).map(name =>
    forbidden(`${path}.${name}`, 'must be empty to be structural'),
  )
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    errors.push(...shadowErrors(property, `${path}.properties[${name}]`, false))
  if (isSchema(schema.items)) errors.push(...shadowErrors(schema.items, `${path}.items`, false))
  return [...errors, ...patternErrors(schema, path), ...nestedTypes(schema, path, allowType)]
}

const nestedTypes = (schema: JsonSchema, path: string, allowType: boolean): FieldError[] =>
  (['allOf', 'anyOf', 'oneOf'] as const).flatMap(name =>
    (schema[name] ?? []).flatMap((one, index) => shadowErrors(one, `${path}.${name}[${index}]`, allowType)),
  )
