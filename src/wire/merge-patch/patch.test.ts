import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jsonEqual } from '../json/value.ts'
import { applyMergePatch } from './patch.ts'

/** The examples of RFC 7396, appendix A, where Kubernetes follows it. */
describe('examples', () => {
  it.each([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
    [{}, { a: [{ b: null, c: 1 }] }, { a: [{ c: 1 }] }],
  ])('%j + %j', (document, patch, expected) => expect(applyMergePatch(document, patch)).toEqual(expected))
})

describe('laws', () => {
  const json = fc.jsonValue({ maxDepth: 4 })
  const object = fc.dictionary(
    fc.string({ maxLength: 2 }).filter(key => key !== '__proto__'),
    json,
    { maxKeys: 4 },
  )

  // Nulls inside lists are dropped where the list is new and kept where it replaces something: so is upstream.
  it('is idempotent, but for nulls inside lists', () => {
    fc.assert(
      fc.property(object, object, (document, patch) => {
        fc.pre(!/\[.*null/.test(JSON.stringify(patch)))
        const once = applyMergePatch(document, patch)
        expect(jsonEqual(applyMergePatch(once, patch), once)).toBe(true)
      }),
    )
  })

  it('an empty patch changes nothing, and no argument ever changes', () => {
    fc.assert(
      fc.property(object, object, (document, patch) => {
        const was = JSON.stringify([document, patch])
        applyMergePatch(document, patch)
        expect(JSON.stringify([document, patch])).toBe(was)
        expect(applyMergePatch(document, {})).toEqual(document)
      }),
    )
  })
})
