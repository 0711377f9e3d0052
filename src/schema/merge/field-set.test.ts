import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareElements, fieldElement, formatPath, keyElement, parseElement, valueElement } from './element.ts'
import type { FieldSet, Path } from './field-set.ts'
import {
  difference,
  fieldSetOf,
  fieldSetsEqual,
  has,
  intersection,
  isEmpty,
  pathsOf,
  recursiveDifference,
  union,
} from './field-set.ts'
import { decodeFieldsV1, encodeFieldsV1 } from './fields-v1.ts'

const element = fc.oneof(
  fc.constantFrom('a', 'b', 'c').map(fieldElement),
  fc.constantFrom('x', 1).map(valueElement),
  fc.constantFrom('c', 'd').map(name => keyElement([['name', name]])),
  fc.constantFrom(80, 443).map(port =>
    keyElement([
      ['protocol', 'TCP'],
      ['port', port],
    ]),
  ),
)
const paths = fc.array(fc.array(element, { minLength: 1, maxLength: 3 }), { maxLength: 8 })
const sets = paths.map(fieldSetOf)
const textsOf = (set: FieldSet): string[] => [...pathsOf(set)].map(path => path.join(' ')).sort()
const startsWith = (path: Path, prefix: Path): boolean => prefix.every((step, i) => path[i] === step)

describe('set operations do what they do to the sets of their paths', () => {
  const same = (set: FieldSet, expected: readonly string[]): void => {
    expect(textsOf(set)).toEqual([...expected].sort())
    expect(fieldSetsEqual(set, fieldSetOf([...pathsOf(set)]))).toBe(true)
  }

  it('union, intersection, difference', () => {
    fc.assert(
      fc.property(sets, sets, (a, b) => {
        const [left, right] = [textsOf(a), textsOf(b)]
        same(union(a, b), [...new Set([...left, ...right])])
        same(
          intersection(a, b),
          left.filter(text => right.includes(text)),
        )
        same(
          difference(a, b),
          left.filter(text => !right.includes(text)),
        )
      }),
    )
  })

  it('recursive difference takes the children too', () => {
    fc.assert(
      fc.property(sets, paths, (a, gone) => {
        const kept = [...pathsOf(a)].filter(path => !gone.some(prefix => startsWith(path, prefix)))
        same(
          recursiveDifference(a, fieldSetOf(gone)),
          kept.map(path => path.join(' ')),
        )
      }),
    )
  })

  it('has, isEmpty', () => {
    fc.assert(
      fc.property(paths, list => {
        const set = fieldSetOf(list)
        expect(list.every(path => has(set, path))).toBe(true)
        expect(isEmpty(set)).toBe(list.length === 0)
        expect(has(set, [fieldElement('nowhere')])).toBe(false)
      }),
    )
  })
})

describe('FieldsV1', () => {
  it('comes back as it went', () => {
    fc.assert(
      fc.property(sets, set => {
        const back = decodeFieldsV1(JSON.parse(JSON.stringify(encodeFieldsV1(set))))
        expect(back && fieldSetsEqual(back, set)).toBe(true)
      }),
    )
  })

  it('is written as Kubernetes writes it', () => {
    const set = fieldSetOf([
      [
        fieldElement('spec'),
        fieldElement('ports'),
        keyElement([
          ['protocol', 'TCP'],
          ['port', 80],
        ]),
      ],
      [
        fieldElement('spec'),
        fieldElement('ports'),
        keyElement([
          ['protocol', 'TCP'],
          ['port', 80],
        ]),
        fieldElement('port'),
      ],
      [fieldElement('metadata'), fieldElement('finalizers'), valueElement('x')],
      [fieldElement('metadata'), fieldElement('labels')],
      [fieldElement('metadata'), fieldElement('labels'), fieldElement('app')],
    ])
    expect(JSON.stringify(encodeFieldsV1(set))).toBe(
      '{"f:metadata":{"f:finalizers":{"v:\\"x\\"":{}},"f:labels":{".":{},"f:app":{}}},"f:spec":{"f:ports":{"k:{\\"port\\":80,\\"protocol\\":\\"TCP\\"}":{".":{},"f:port":{}}}}}',
    )
  })

  it.each([[null], [1], [[]], [{ x: {} }], [{ 'k:[]': {} }], [{ 'v:': {} }], [{ 'i:-1': {} }], [{ 'f:a': 1 }]])(
    'refuses %j',
    value => expect(decodeFieldsV1(value)).toBeUndefined(),
  )

  it('ends on bombs', () => {
    let deep: object = {}
    for (let i = 0; i < 5000; i++) deep = { 'f:a': deep }
    expect(decodeFieldsV1(deep)).toBeUndefined()
  })
})

describe('elements', () => {
  it('have one spelling', () => {
    expect(parseElement('k:{"protocol":"TCP", "port":80}')).toBe('k:{"port":80,"protocol":"TCP"}')
    expect(parseElement('v: "x"')).toBe('v:"x"')
  })

  it('have a total order', () => {
    fc.assert(
      fc.property(element, element, element, (a, b, c) => {
        expect(Math.sign(compareElements(a, b))).toBe(-Math.sign(compareElements(b, a)) || 0)
        expect(compareElements(a, b) === 0).toBe(a === b)
        if (compareElements(a, b) <= 0 && compareElements(b, c) <= 0)
          expect(compareElements(a, c)).toBeLessThanOrEqual(0)
      }),
    )
  })

  it('are shown as conflicts show them', () => {
    const path = [
      fieldElement('spec'),
      fieldElement('ports'),
      keyElement([
        ['port', 80],
        ['protocol', 'TCP'],
      ]),
      fieldElement('name'),
    ]
    expect(formatPath(path)).toBe('.spec.ports[port=80,protocol="TCP"].name')
    expect(formatPath([fieldElement('finalizers'), valueElement('a"b')])).toBe('.finalizers[="a\\"b"]')
  })

  it('never throw on any text', () => {
    fc.assert(fc.property(fc.string(), text => void parseElement(text)))
    fc.assert(
      fc.property(fc.constantFrom('k:', 'v:', 'f:', 'i:'), fc.json(), (kind, text) => void parseElement(kind + text)),
    )
  })
})
