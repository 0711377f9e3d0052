import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jsonEqual } from '../../wire/json/value.ts'
import { int32, list, map, message, one, ref, STRING, string } from '../field.ts'
import { mergeTypeOf } from '../merge-type.ts'
import { checkTyped, problemsText } from './check.ts'
import { compare } from './compare.ts'
import { fieldPath, fieldSetOf, isEmpty } from './field-set.ts'
import { encodeFieldsV1 } from './fields-v1.ts'
import { merge } from './merge.ts'
import { toFieldSet } from './to-field-set.ts'
import type { Owners, Write } from './update.ts'
import { applyConfig, ownersAfterUpdate } from './update.ts'

const Port = message('Port', 'A port.', {
  port: int32(1, 'Number.', { required: true }),
  protocol: string(2, 'Protocol.', { default: 'TCP' }),
  name: string(3, 'Name.'),
})
const Whole = message('Whole', 'One value.', { x: string(1, 'X.'), y: string(2, 'Y.') }, { atomic: true })
const Thing = message('Thing', 'A thing.', {
  ports: list(
    1,
    ref(() => Port),
    'Keyed.',
    { listType: 'map', listKeys: ['port', 'protocol'] },
  ),
  tags: list(2, STRING, 'A set.', { listType: 'set' }),
  args: list(3, STRING, 'Atomic.'),
  labels: map(4, STRING, 'Granular.'),
  selector: map(5, STRING, 'Atomic.', { atomic: true }),
  whole: one(
    6,
    ref(() => Whole),
    'Atomic.',
  ),
  text: string(7, 'Scalar.'),
})
const type = mergeTypeOf(Thing)
const write = (manager: string): Write => ({ manager, apiVersion: 'v1', typeOf: () => type, ignored: new Map() })

const port = fc.record(
  { port: fc.integer({ min: 1, max: 3 }), protocol: fc.constantFrom('TCP', 'UDP'), name: fc.constantFrom('a', 'b') },
  { requiredKeys: ['port'] },
)
const thing = fc.record(
  {
    ports: fc.uniqueArray(port, { maxLength: 3, selector: ({ port, protocol }) => `${port}${protocol ?? 'TCP'}` }),
    tags: fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { maxLength: 3 }),
    args: fc.array(fc.constantFrom('a', 'b'), { maxLength: 3 }),
    labels: fc.dictionary(fc.constantFrom('a', 'b'), fc.constantFrom('1', '2')),
    selector: fc.dictionary(fc.constantFrom('a', 'b'), fc.constantFrom('1', '2')),
    whole: fc.record({ x: fc.constantFrom('1', '2'), y: fc.constantFrom('1', '2') }, { requiredKeys: [] }),
    text: fc.constantFrom('1', '2'),
  },
  { requiredKeys: [] },
)

describe('compare', () => {
  it('finds nothing between equals, and everything against nothing', () => {
    fc.assert(
      fc.property(thing, thing, (a, b) => {
        const none = compare(type, a, structuredClone(a))
        expect([none.added, none.modified, none.removed].every(isEmpty)).toBe(true)
        const forth = compare(type, a, b)
        const back = compare(type, b, a)
        expect(encodeFieldsV1(forth.added)).toEqual(encodeFieldsV1(back.removed))
        expect(encodeFieldsV1(forth.modified)).toEqual(encodeFieldsV1(back.modified))
      }),
    )
  })
})

describe('merge', () => {
  it('is idempotent, keeps what config leaves out, and never changes its arguments', () => {
    fc.assert(
      fc.property(thing, thing, (live, config) => {
        const was = JSON.stringify([live, config])
        const once = merge(type, live, config)
        expect(jsonEqual(merge(type, once, config), once)).toBe(true)
        expect(isEmpty(compare(type, live, once).removed)).toBe(true)
        expect(JSON.stringify([live, config])).toBe(was)
      }),
    )
  })

  it('orders items as config does, and keeps the others near their neighbours', () => {
    const tags = (live: string[], config: string[]): unknown =>
      (merge(type, { tags: live }, { tags: config }) as { tags: unknown }).tags
    expect(tags(['a', 'b', 'c'], ['c', 'a'])).toEqual(['b', 'c', 'a'])
    expect(tags(['a', 'x', 'b'], ['a', 'b', 'c'])).toEqual(['a', 'x', 'b', 'c'])
    expect(tags([], ['c', 'a'])).toEqual(['c', 'a'])
  })

  it('takes an absent protocol for its default', () => {
    expect(
      merge(type, { ports: [{ port: 80, protocol: 'TCP', name: 'a' }] }, { ports: [{ port: 80, name: 'b' }] }),
    ).toEqual({
      ports: [{ port: 80, protocol: 'TCP', name: 'b' }],
    })
  })
})

describe('owners', () => {
  it('of an object that one manager applied are exactly its leaves; a second apply changes nothing', () => {
    fc.assert(
      fc.property(thing, config => {
        const first = applyConfig({}, config, new Map(), write('a'), false)
        if (!first.ok) throw new Error('conflict with nobody')
        expect(jsonEqual(first.object, config)).toBe(true)
        const again = applyConfig(first.object, config, first.owners, write('a'), false)
        expect(again.ok && !again.changed && jsonEqual(again.object, first.object)).toBe(true)
      }),
    )
  })

  it('two appliers: forced, the last one has its way in full', () => {
    fc.assert(
      fc.property(thing, thing, (a, b) => {
        const first = applyConfig({}, a, new Map(), write('a'), false)
        if (!first.ok) throw new Error('conflict with nobody')
        const second = applyConfig(first.object, b, first.owners, write('b'), true)
        expect(second.ok && jsonEqual(merge(type, second.object, b), second.object)).toBe(true)
      }),
    )
  })

  it('an apply that leaves everything out removes what only it owned', () => {
    fc.assert(
      fc.property(thing, thing, (a, b) => {
        const first = applyConfig({}, a, new Map(), write('a'), false)
        const second = first.ok ? applyConfig(first.object, b, first.owners, write('b'), true) : first
        if (!second.ok) throw new Error('conflict')
        const third = applyConfig(second.object, {}, second.owners, write('b'), true)
        if (!third.ok) throw new Error('conflict')
        expect(third.owners.has('b')).toBe(false)
        const left = toFieldSet(type, third.object)
        expect(isEmpty(left) || third.owners.has('a')).toBe(true)
      }),
    )
  })

  it('an update takes what it changes from whoever had it', () => {
    const before: Owners = new Map([
      ['a', { fields: fieldSetOf([fieldPath('text'), fieldPath('labels', 'x')]), apiVersion: 'v1', applied: true }],
    ])
    const after = ownersAfterUpdate(
      { text: '1', labels: { x: '1' } },
      { text: '2', labels: { x: '1' } },
      before,
      write('b'),
    )
    expect(encodeFieldsV1(after.get('a')!.fields)).toEqual({ 'f:labels': { 'f:x': {} } })
    expect(encodeFieldsV1(after.get('b')!.fields)).toEqual({ 'f:text': {} })
  })

  it('entries in versions that are gone go too, others stay', () => {
    const fields = fieldSetOf([fieldPath('labels', 'x')])
    const before: Owners = new Map([
      ['old', { fields, apiVersion: 'v0', applied: true }],
      ['kept', { fields, apiVersion: 'v1', applied: true }],
    ])
    const typeOf = (version: string): typeof type | undefined => (version === 'v1' ? type : undefined)
    const after = ownersAfterUpdate({ labels: { x: '1' } }, { labels: { x: '1' } }, before, { ...write('b'), typeOf })
    expect([...after.keys()]).toEqual(['kept'])
  })

  it('parts of what has become atomic since are owned as a whole', () => {
    const before: Owners = new Map([
      [
        'a',
        { fields: fieldSetOf([fieldPath('selector', 'x'), fieldPath('whole', 'y')]), apiVersion: 'v1', applied: true },
      ],
    ])
    const object = { selector: { x: '1' }, whole: { y: '1' } }
    const after = ownersAfterUpdate(object, object, before, write('b'))
    expect(encodeFieldsV1(after.get('a')!.fields)).toEqual({ 'f:selector': {}, 'f:whole': {} })
  })
})

describe('checkTyped', () => {
  it.each([
    [{ nope: 1 }, '.nope: field not declared in schema'],
    [
      { ports: [{ port: 80 }, { port: 80, protocol: 'TCP' }] },
      '.ports: duplicate entries for key [port=80,protocol="TCP"]',
    ],
    [{ tags: ['a', 'a'] }, '.tags: duplicate entries for key [="a"]'],
    [{ tags: [null] }, ".tags: element 0: associative list without keys has an element that's an explicit null"],
    [{ ports: ['x'] }, '.ports: element 0: associative list with keys may not have non-map elements'],
    [{ labels: [] }, '.labels: expected map, got []'],
    [{ ports: {} }, '.ports: expected list, got {}'],
    [{ ports: [{ port: 80, x: 1 }] }, '.ports[port=80,protocol="TCP"].x: field not declared in schema'],
    [{ whole: { z: 1 } }, '.whole.z: field not declared in schema'],
  ])('%j', (value, expected) => expect(problemsText(checkTyped(type, value))).toBe(expected))

  it('has nothing to say of what is right, and never throws', () => {
    fc.assert(fc.property(thing, value => void expect(checkTyped(type, value)).toEqual([])))
    fc.assert(fc.property(fc.jsonValue(), value => void checkTyped(type, value)))
  })
})

it('nothing throws, whatever the values are', () => {
  const json = fc.jsonValue({ maxDepth: 4 })
  const any = fc.dictionary(fc.constantFrom('ports', 'tags', 'args', 'labels', 'selector', 'whole', 'text', 'x'), json)
  fc.assert(
    fc.property(any, any, (a, b) => {
      compare(type, a, b)
      toFieldSet(type, a)
      applyConfig(a, b, new Map(), write('m'), true)
      ownersAfterUpdate(a, b, new Map(), write('m'))
    }),
    { numRuns: 500 },
  )
})
