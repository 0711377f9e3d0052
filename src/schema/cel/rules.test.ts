import { describe, expect, it } from 'vitest'
import { ObjectMeta } from '../../api/meta/meta.ts'
import { messageNode } from '../message-node.ts'
import { structuralErrors } from '../structural/errors.ts'
import { structuralNode } from '../structural/node.ts'
import type { JsonSchema } from '../structural/schema.ts'
import { ruleErrors } from './rules.ts'

type Properties = Record<string, JsonSchema>
const validations = (...rules: object[]) => ({ 'x-kubernetes-validations': rules })
const specOf = (properties: Properties, more: object = {}): JsonSchema => ({
  type: 'object',
  properties: { spec: { type: 'object', properties, ...more } },
})
const errors = (schema: JsonSchema, spec: object, old?: object): readonly string[] => {
  expect(structuralErrors(schema, 'schema')).toEqual([])
  const node = structuralNode(schema, { metadata: messageNode(ObjectMeta) })
  return ruleErrors(node, { spec }, old && { spec: old }).map(
    ({ type, field, value, detail }) => `${field}: ${type}${value === undefined ? '' : ` ${value}`}: ${detail}`,
  )
}

describe('rules', () => {
  it('say what is wrong, where, in the words they choose', () => {
    const schema = specOf(
      {
        min: { type: 'integer' },
        max: { type: 'integer' },
        host: { type: 'string', ...validations({ rule: "self != 'x'" }) },
      },
      validations(
        { rule: '!has(self.min) || !has(self.max) || self.min <= self.max', message: 'min must not be above max' },
        {
          rule: '!has(self.max) || self.max < 10',
          messageExpression: "'max is %d, which is too much'.format([self.max])",
          fieldPath: '.max',
          reason: 'FieldValueForbidden',
        },
      ),
    )
    expect(errors(schema, { min: 1, max: 2, host: 'y' })).toEqual([])
    expect(errors(schema, { min: 30, max: 20, host: 'x' })).toEqual([
      'spec: Invalid object: min must not be above max',
      'spec.max: Forbidden object: max is 20, which is too much',
      "spec.host: Invalid string: failed rule: self != 'x'",
    ])
  })

  it('read values as the schema types them', () => {
    const schema = specOf(
      {
        ratio: { type: 'number' },
        until: { type: 'string', format: 'date-time' },
        port: { 'x-kubernetes-int-or-string': true },
        map: { type: 'object', additionalProperties: { type: 'integer' } },
      },
      validations({
        rule: "self.ratio * 2.0 == 4.0 && self.until > timestamp('2026-01-01T00:00:00Z') && (type(self.port) == int ? self.port > 0 : self.port != '') && self.map.all(k, self.map[k] > 0)",
      }),
    )
    const good = { ratio: 2, until: '2026-02-01T00:00:00Z', port: 80, map: { a: 1 } }
    expect(errors(schema, good)).toEqual([])
    expect(errors(schema, { ...good, port: 'http' })).toEqual([])
    expect(errors(schema, { ...good, map: { a: 0 } })).toHaveLength(1)
  })

  it('about a change are kept when something was there before', () => {
    const fixed = { rule: 'self == oldSelf', message: 'is fixed' }
    const schema = specOf({
      name: { type: 'string', ...validations(fixed) },
      items: {
        type: 'array',
        maxItems: 10,
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['key'],
        items: {
          type: 'object',
          required: ['key'],
          properties: { key: { type: 'string' }, value: { type: 'string', maxLength: 10, ...validations(fixed) } },
        },
      },
    })
    expect(errors(schema, { name: 'b' })).toEqual([])
    expect(errors(schema, { name: 'b' }, { name: 'a' })).toEqual(['spec.name: Invalid string: is fixed'])
    expect(errors(schema, { name: 'a' }, { name: 'a' })).toEqual([])
    const before = {
      items: [
        { key: 'x', value: '1' },
        { key: 'y', value: '2' },
      ],
    }
    const after = {
      items: [
        { key: 'y', value: '3' },
        { key: 'x', value: '1' },
        { key: 'z', value: '9' },
      ],
    }
    expect(errors(schema, after, before)).toEqual(['spec.items[0].value: Invalid string: is fixed'])
  })

  it('about a change are refused where nobody can tell which value was which', () => {
    const items = { type: 'string', maxLength: 10, ...validations({ rule: 'self == oldSelf' }) }
    const list = { type: 'array', maxItems: 10, items }
    expect(structuralErrors(specOf({ list }), 'schema').map(({ field, detail }) => `${field}: ${detail}`)).toEqual([
      'schema.properties[spec].properties[list].items.x-kubernetes-validations[0].rule: oldSelf cannot be used on the ' +
        'uncorrelatable portion of the schema within schema.properties[spec].properties[list]',
    ])
  })

  it('with an optional state before are kept from the start', () => {
    const rule = { rule: "oldSelf.orValue('') != self", optionalOldSelf: true, message: 'must change' }
    const schema = specOf({ name: { type: 'string', ...validations(rule) } })
    expect(errors(schema, { name: 'a' })).toEqual([])
    expect(errors(schema, { name: '' })).toEqual(['spec.name: Invalid string: must change'])
    expect(errors(schema, { name: 'a' }, { name: 'a' })).toEqual(['spec.name: Invalid string: must change'])
  })

  it('do not refuse what was there before they were', () => {
    const schema = specOf({
      name: { type: 'string', ...validations({ rule: 'size(self) < 3', message: 'is too long' }) },
      other: { type: 'string' },
    })
    const old = { name: 'long', other: 'a' }
    expect(errors(schema, old)).toEqual(['spec.name: Invalid string: is too long'])
    expect(errors(schema, { ...old, other: 'b' }, old)).toEqual([])
    expect(errors(schema, { name: 'longer' }, old)).toEqual(['spec.name: Invalid string: is too long'])
  })

  it('that fail refuse, and say why', () => {
    const schema = specOf({ a: { type: 'integer' } }, validations({ rule: 'self.a / 0 == 1', message: 'never' }))
    expect(errors(schema, { a: 1 })).toEqual(['spec: Invalid object: division by zero evaluating rule: never'])
  })

  it('cannot take more than their share', () => {
    const rule = { rule: 'self.all(a, self.all(b, self.all(c, a + b + c >= 0)))' }
    const listOf = (maxItems: number) =>
      specOf({ list: { type: 'array', maxItems, items: { type: 'integer' }, ...validations(rule) } })
    expect(errors(listOf(50), { list: [1, 2, 3] })).toEqual([])
    expect(structuralErrors(listOf(500), 'schema').map(({ detail }) => detail)).toContainEqual(
      expect.stringContaining('estimated rule cost exceeds budget by factor of more than 100x'),
    )
    // Definitions of before are not asked again.
    expect(structuralErrors(listOf(500), 'schema', 'known')).toEqual([])
    const node = structuralNode(listOf(500), { metadata: messageNode(ObjectMeta) })
    expect(ruleErrors(node, { spec: { list: Array.from({ length: 300 }, (_, index) => index) } })).toMatchObject([
      { detail: `operation cancelled: actual cost limit exceeded evaluating rule: ${rule.rule}` },
    ])
  })

  it('that cannot be compiled are refused with the schema', () => {
    const schema = specOf({}, validations({ rule: 'self.x ==' }, { rule: 'nothing > 1' }, { rule: 'self.ok' }))
    expect(structuralErrors(schema, 'schema').map(({ field, detail }) => `${field}: ${detail}`)).toEqual([
      "schema.properties[spec].x-kubernetes-validations[0].rule: compilation failed: ERROR: <input>:1:10: Syntax error: unexpected '<EOF>'\n | self.x ==\n | .........^",
      "schema.properties[spec].x-kubernetes-validations[1].rule: compilation failed: ERROR: <input>:1:1: undeclared reference to 'nothing' (in container '')\n | nothing > 1\n | ^",
      "schema.properties[spec].x-kubernetes-validations[2].rule: compilation failed: ERROR: <input>:1:5: undefined field 'ok'\n | self.ok\n | ....^",
    ])
  })
})
