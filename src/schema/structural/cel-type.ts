/** The types of values of a schema in expressions. Source: k8s.io/apiserver/pkg/cel/common/schemas.go and pkg/cel/escaping.go. */
import type { Type } from '../cel/check/type.ts'
import { BOOL, BYTES, DOUBLE, DURATION, DYN, INT, listOf, mapOf, STRING, TIMESTAMP } from '../cel/check/type.ts'
import type { JsonSchema } from './schema.ts'
import { isSchema } from './schema.ts'

/** Undefined for what expressions do not see: values of no known type, and what holds them. `name`: of an object's type. */
export function celType(schema: JsonSchema, isObject: boolean, name = 'selfType'): Type | undefined {
  if (schema['x-kubernetes-int-or-string']) return DYN
  const inner = (one: JsonSchema, more: string) =>
    celType(one, one['x-kubernetes-embedded-resource'] ?? false, `${name}.${more}`)
  const whole = isObject ? withMeta(schema) : schema
  switch (whole.type) {
    case 'array': {
      const item = isSchema(whole.items) ? inner(whole.items, '@idx') : undefined
      return item && listOf(item)
    }
    case 'object': {
      const values = whole.additionalProperties
      if (!isSchema(values)) return objectType(whole.properties ?? {}, name, inner)
      const value = inner(values, '@elem')
      return value && mapOf(STRING, value)
    }
    case 'string':
      return FORMATS[whole.format ?? ''] ?? STRING
    default:
      return SCALARS[whole.type ?? '']
  }
}

const FORMATS: Readonly<Record<string, Type>> = {
  byte: BYTES,
  duration: DURATION,
  date: TIMESTAMP,
  'date-time': TIMESTAMP,
}
const SCALARS: Readonly<Record<string, Type>> = { boolean: BOOL, number: DOUBLE, integer: INT }

const TEXT: JsonSchema = { type: 'string' }
const META: Readonly<Record<string, JsonSchema>> = {
  apiVersion: TEXT,
  kind: TEXT,
  metadata: { type: 'object', properties: { name: TEXT, generateName: TEXT } },
}

/** Of what every object has, expressions see the name; more where the schema itself says it. */
export function withMeta(schema: JsonSchema): JsonSchema {
  const { kind, apiVersion, metadata } = schema.properties ?? {}
  const { name, generateName } = metadata?.properties ?? {}
  if ([kind, apiVersion, name, generateName].every(one => one?.type === 'string')) return { ...schema, type: 'object' }
  return { ...schema, type: 'object', properties: { ...schema.properties, ...META } }
}

function objectType(
  properties: Readonly<Record<string, JsonSchema>>,
  name: string,
  inner: (schema: JsonSchema, more: string) => Type | undefined,
): Type {
  const known = new Map<string, Type | undefined>()
  const schemas = new Map(Object.keys(properties).map(property => [escaped(property), properties[property]!]))
  return {
    is: 'object',
    name,
    field(field) {
      const schema = schemas.get(field)
      if (schema && !known.has(field)) known.set(field, inner(schema, field))
      return known.get(field)
    },
  }
}

const RESERVED = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
)
const ESCAPES: Readonly<Record<string, string>> = {
  __: '__underscores__',
  '.': '__dot__',
  '-': '__dash__',
  '/': '__slash__',
}

/** How expressions write the name of a property; undefined where they cannot. */
export function escaped(name: string): string | undefined {
  if (RESERVED.has(name)) return `__${name}__`
  if (!/^[A-Za-z_./-][\w./-]*$/.test(name)) return undefined
  return name.replace(/__|[./-]/g, found => ESCAPES[found]!)
}
