import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ObjectMeta } from '../../api/meta/meta.ts'
import { decode } from '../decode.ts'
import { applyDefaults } from '../default.ts'
import { mergeType } from '../merge-type.ts'
import { messageNode } from '../message-node.ts'
import { validate } from '../validate/validate.ts'
import { structuralErrors } from './errors.ts'
import { structuralNode } from './node.ts'
import type { JsonSchema } from './schema.ts'

const envelope = { metadata: messageNode(ObjectMeta) }
const specNode = (spec: JsonSchema) => structuralNode({ type: 'object', properties: { spec } }, envelope)

/** What the server does to an object of a custom resource. */
function admit(spec: JsonSchema, value: unknown) {
  const node = specNode(spec)
  const { value: pruned, unknown } = decode(node, {
    apiVersion: 'a/v1',
    kind: 'A',
    metadata: { name: 'a' },
    spec: value,
  })
  const object = applyDefaults(node, pruned) as Record<string, unknown>
  const errors = validate(node, object).map(({ type, field, detail }) => `${field}: ${type}: ${detail}`)
  return { spec: object.spec, unknown, errors }
}

describe('pruning', () => {
  it('drops and reports fields without a schema, except below preserve-unknown-fields', () => {
    const schema: JsonSchema = {
      type: 'object',
      properties: {
        a: { type: 'string' },
        open: {
          type: 'object',
          'x-kubernetes-preserve-unknown-fields': true,
          properties: { strict: { type: 'object', properties: { a: { type: 'integer' } } } },
        },
        list: { type: 'array', items: { type: 'object', properties: { n: { type: 'integer' } } } },
        map: { type: 'object', additionalProperties: { type: 'object', properties: { n: { type: 'integer' } } } },
      },
    }
    const value = {
      a: 'x',
      b: 1,
      open: { any: { thing: [1] }, strict: { a: 1, c: 1 } },
      list: [{ n: 1 }, { n: 2, m: 3 }],
      map: { k: { n: 1, m: 2 } },
    }
    expect(admit(schema, value)).toEqual({
      spec: {
        a: 'x',
        open: { any: { thing: [1] }, strict: { a: 1 } },
        list: [{ n: 1 }, { n: 2 }],
        map: { k: { n: 1 } },
      },
      unknown: ['spec.b', 'spec.open.strict.c', 'spec.list[1].m', 'spec.map.k.m'],
      errors: [],
    })
  })

  it('treats metadata as every object has it', () => {
    const node = specNode({ type: 'object' })
    const good = decode(node, { metadata: { name: 'a', labels: { a: 'b' }, foo: 1 } })
    expect(good).toEqual({ value: { metadata: { name: 'a', labels: { a: 'b' } } }, unknown: ['metadata.foo'] })
    expect(decode(node, { metadata: { labels: { a: 1 } } }).error).toBe(
      'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string',
    )
  })
})

describe('defaulting', () => {
  const schema: JsonSchema = {
    type: 'object',
    properties: {
      replicas: { type: 'integer', default: 1 },
      nested: { type: 'object', default: {}, properties: { x: { type: 'string', default: 'y' } } },
      none: { type: 'object', properties: { x: { type: 'string', default: 'y' } } },
      nullable: { type: 'string', nullable: true, default: 'd' },
      plain: { type: 'string', default: 'd' },
    },
  }
  it('fills in what is absent, and null where null is no value', () => {
    expect(admit(schema, { nullable: null, plain: null })).toEqual({
      spec: { replicas: 1, nested: { x: 'y' }, nullable: null, plain: 'd' },
      unknown: [],
      errors: [],
    })
  })
})

describe('validation', () => {
  const number = (checks: JsonSchema): JsonSchema => ({
    type: 'object',
    properties: { n: { type: 'integer', ...checks } },
  })
  const text = (checks: JsonSchema): JsonSchema => ({
    type: 'object',
    properties: { s: { type: 'string', ...checks } },
  })

  it.each<[string, JsonSchema, unknown, unknown, string]>([
    ['type', number({}), { n: 1 }, { n: 'x' }, 'spec.n: TypeInvalid: spec.n in body must be of type integer: "string"'],
    [
      'whole number',
      number({}),
      { n: 1 },
      { n: 1.5 },
      'spec.n: TypeInvalid: spec.n in body must be of type integer: "number"',
    ],
    [
      'null',
      text({ nullable: true }),
      { s: null },
      { s: 1 },
      'spec.s: TypeInvalid: spec.s in body must be of type string: "integer"',
    ],
    ['no null', text({}), { s: '' }, { s: null }, 'spec.s: TypeInvalid: spec.s in body must be of type string: "null"'],
    [
      'maximum',
      number({ maximum: 10 }),
      { n: 10 },
      { n: 15 },
      'spec.n: Invalid: spec.n in body should be less than or equal to 10',
    ],
    [
      'exclusive',
      number({ minimum: 1, exclusiveMinimum: true }),
      { n: 2 },
      { n: 1 },
      'spec.n: Invalid: spec.n in body should be greater than 1',
    ],
    [
      'multiple',
      number({ multipleOf: 3 }),
      { n: 9 },
      { n: 10 },
      'spec.n: Invalid: spec.n in body should be a multiple of 3',
    ],
    ['enum', text({ enum: ['a', 'b'] }), { s: 'a' }, { s: 'c' }, 'spec.s: NotSupported: supported values: "a", "b"'],
    [
      'pattern',
      text({ pattern: '^a+$' }),
      { s: 'aa' },
      { s: 'b' },
      "spec.s: Invalid: spec.s in body should match '^a+$'",
    ],
    [
      'RE2',
      text({ pattern: '(?i)^[[:alpha:]]+$' }),
      { s: 'aB' },
      { s: '1' },
      "spec.s: Invalid: spec.s in body should match '(?i)^[[:alpha:]]+$'",
    ],
    [
      'length',
      text({ minLength: 2 }),
      { s: 'ab' },
      { s: 'a' },
      'spec.s: Invalid: spec.s in body should be at least 2 chars long',
    ],
    ['too long', text({ maxLength: 2 }), { s: 'äö' }, { s: 'abc' }, 'spec.s: TooLong: may not be more than 2 bytes'],
    [
      'format',
      text({ format: 'ipv4' }),
      { s: '1.2.3.4' },
      { s: '::1' },
      'spec.s: Invalid: spec.s in body must be of type ipv4: "::1"',
    ],
    [
      'required',
      { type: 'object', required: ['a'], properties: { a: { type: 'string' } } },
      { a: '' },
      {},
      'spec.a: Required: ',
    ],
    [
      'set',
      {
        type: 'object',
        properties: { l: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } } },
      },
      { l: ['a', 'b'] },
      { l: ['a', 'a'] },
      'spec.l[1]: Duplicate: ',
    ],
    [
      'map keys',
      {
        type: 'object',
        properties: {
          l: {
            type: 'array',
            'x-kubernetes-list-type': 'map',
            'x-kubernetes-list-map-keys': ['p', 'q'],
            items: { type: 'object', properties: { p: { type: 'integer' }, q: { type: 'string', default: 'TCP' } } },
          },
        },
      },
      { l: [{ p: 1 }, { p: 1, q: 'UDP' }] },
      { l: [{ p: 1 }, { p: 1, q: 'TCP' }] },
      'spec.l[1]: Duplicate: ',
    ],
    [
      'one of',
      {
        type: 'object',
        properties: { a: { type: 'string' }, b: { type: 'string' } },
        oneOf: [{ required: ['a'] }, { required: ['b'] }],
      },
      { a: '' },
      { a: '', b: '' },
      'spec: Invalid: spec in body must validate one and only one schema (oneOf). Found 2 valid alternatives',
    ],
    [
      'integer or text',
      {
        type: 'object',
        properties: { p: { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] } },
      },
      { p: 80 },
      { p: true },
      'spec.p: TypeInvalid: spec.p in body must be of type integer,string: "boolean"',
    ],
  ])('%s', (_, schema, good, bad, error) => {
    expect(admit(schema, good).errors).toEqual([])
    expect(admit(schema, bad).errors).toEqual([error])
  })

  it('never throws', () => {
    const schema: JsonSchema = {
      type: 'object',
      properties: {
        a: { type: 'array', items: { type: 'object', properties: { b: { type: 'string', pattern: '(' } } } },
      },
    }
    fc.assert(fc.property(fc.jsonValue(), value => void admit(schema, value)))
    expect(admit(schema, { a: [{ b: 'x' }] }).errors).toEqual([])
  })
})

describe('structuralErrors', () => {
  const errorsOf = (schema: unknown) =>
    structuralErrors(schema as JsonSchema, 's').map(({ type, field, detail }) => `${field}: ${type}: ${detail}`)

  it.each([
    [{}, ['s.type: Required: must not be empty at the root']],
    [
      { type: 'object', properties: { a: {} } },
      ['s.properties[a].type: Required: must not be empty for specified object fields'],
    ],
    [{ type: 'object', properties: { a: { type: 'array' } } }, ['s.properties[a].items: Required: must be specified']],
    [
      { type: 'object', anyOf: [{ properties: { a: { type: 'string' } } }] },
      ['s.anyOf[0].properties[a].type: Forbidden: must be empty to be structural'],
    ],
    [{ type: 'object', $ref: 'x' }, ['s.$ref: Forbidden: $ref is not supported']],
    [
      { type: 'object', properties: { a: { type: 'string', pattern: '(' } } },
      [
        "s.properties[a].pattern: Invalid: must be a valid regular expression, but isn't: error parsing regexp: missing closing ): `(`",
      ],
    ],
    [{ type: 'object', properties: { a: { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }] } } }, []],
    [{ type: 'object', 'x-kubernetes-preserve-unknown-fields': true }, []],
  ])('%j', (schema, errors) => {
    expect(errorsOf(schema)).toEqual(errors)
  })
})

describe('merge types', () => {
  it('come from the list and map types of the schema', () => {
    const type = mergeType(
      specNode({
        type: 'object',
        properties: {
          ports: {
            type: 'array',
            'x-kubernetes-list-type': 'map',
            'x-kubernetes-list-map-keys': ['port'],
            items: { type: 'object', properties: { port: { type: 'integer' } } },
          },
          plain: { type: 'array', items: { type: 'string' } },
          whole: { type: 'object', 'x-kubernetes-map-type': 'atomic', properties: {} },
        },
      }),
    ).field('spec')!
    expect(type.field('ports')).toMatchObject({ kind: 'list', listType: 'map', listKeys: ['port'], atomic: false })
    expect(type.field('plain')).toMatchObject({ kind: 'list', listType: 'atomic', atomic: true })
    expect(type.field('whole')).toMatchObject({ kind: 'struct', atomic: true })
    expect(type.field('absent')).toBeUndefined()
    expect(type.field('ports')).toBe(type.field('ports'))
  })
})
