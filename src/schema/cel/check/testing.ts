import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { JsonSchema } from '../../structural/schema.ts'

export const RULES: readonly string[] = readFileSync(join(import.meta.dirname, 'testdata', 'rules.txt'), 'utf8')
  .split('\n')
  .filter(line => line !== '' && !line.startsWith('#'))

const text: JsonSchema = { type: 'string' }
const int: JsonSchema = { type: 'integer' }
const listOf = (items: JsonSchema): JsonSchema => ({ type: 'array', items, maxItems: 10 })

/** What the rules of testdata/rules.txt speak of. */
const PROPERTIES: Readonly<Record<string, JsonSchema>> = {
  text: { ...text, maxLength: 20 },
  enum: { ...text, enum: ['fast', 'slow'] },
  int,
  number: { type: 'number' },
  flag: { type: 'boolean' },
  bytes: { ...text, format: 'byte' },
  when: { ...text, format: 'date-time' },
  period: { ...text, format: 'duration' },
  either: { 'x-kubernetes-int-or-string': true },
  anything: { 'x-kubernetes-preserve-unknown-fields': true },
  open: { type: 'object', additionalProperties: { 'x-kubernetes-preserve-unknown-fields': true } },
  preserved: { type: 'object', properties: { known: text }, 'x-kubernetes-preserve-unknown-fields': true },
  embedded: { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true },
  object: { type: 'object', properties: { a: text, b: { type: 'boolean' } } },
  other: { type: 'object', properties: { a: text } },
  map: { type: 'object', additionalProperties: int, maxProperties: 10 },
  list: listOf({ ...text, maxLength: 20 }),
  ints: listOf(int),
  nested: listOf(listOf(int)),
  objects: listOf({ type: 'object', properties: { name: { ...text, maxLength: 20 }, value: int } }),
  namespace: text,
  'a-b': text,
  'a/b.c': text,
}

/** The schema of an object of which the rule must hold: an expression, or all of a rule as JSON. */
export function schemaWith(text: string): JsonSchema {
  const rule = text.startsWith('{"rule"') ? (JSON.parse(text) as object) : { rule: text }
  return {
    type: 'object',
    properties: { spec: { type: 'object', properties: PROPERTIES, 'x-kubernetes-validations': [rule] } },
  }
}

/** The schema without maxItems and the like. */
export const withoutLimits = (schema: JsonSchema): JsonSchema =>
  JSON.parse(JSON.stringify(schema, (key, value) => (/^max[A-Z]/.test(key) ? undefined : value))) as JsonSchema
