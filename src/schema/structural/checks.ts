import type { Checks } from '../node.ts'
import type { JsonSchema } from './schema.ts'
import { isSchema } from './schema.ts'

const PLAIN = [
  'enum',
  'pattern',
  'format',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'uniqueItems',
  'minProperties',
  'maxProperties',
] as const

const LISTS = ['allOf', 'anyOf', 'oneOf'] as const

/** The checks of a node itself; undefined where there are none, as for most. */
export function checksOf(schema: JsonSchema): Checks | undefined {
  const checks: Record<string, unknown> = plainChecks(schema)
  const unnamed = schema.required?.filter(name => !schema.properties?.[name])
  if (unnamed && unnamed.length > 0) checks.required = unnamed
  return Object.keys(checks).length === 0 ? undefined : checks
}

function plainChecks(schema: JsonSchema): Record<string, unknown> {
  const checks: Record<string, unknown> = {}
  for (const name of PLAIN) if (schema[name] !== undefined) checks[name] = schema[name]
  for (const name of LISTS) if (schema[name]) checks[name] = schema[name].map(nestedChecks)
  if (schema.not) checks.not = nestedChecks(schema.not)
  return checks
}

/** Within allOf, anyOf, oneOf and not a schema says only what else must hold of the value and its fields. */
function nestedChecks(schema: JsonSchema): Checks {
  const { type, required, properties, items, additionalProperties } = schema
  return {
    ...plainChecks(schema),
    ...(type ? { type } : {}),
    ...(required ? { required } : {}),
    ...(isSchema(items) ? { items: nestedChecks(items) } : {}),
    ...(isSchema(additionalProperties) ? { additionalProperties: nestedChecks(additionalProperties) } : {}),
    ...(properties
      ? { properties: Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, nestedChecks(one)])) }
      : {}),
  }
}
