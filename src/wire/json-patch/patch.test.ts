import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { applyJsonPatch, checkJsonPatch, JsonPatchError } from './patch.ts'

interface Recorded {
  readonly document: object
  readonly patch: readonly { readonly [member: string]: unknown }[]
  readonly object?: object
  readonly error?: string
}

/** Inputs drawn at random; outcomes recorded from the library that Kubernetes 1.32 uses. */
const recorded = JSON.parse(readFileSync(new URL('testdata/recorded.json', import.meta.url), 'utf8')) as Recorded[]

const outcome = (document: unknown, patch: readonly { readonly [member: string]: unknown }[]): object => {
  try {
    return { object: applyJsonPatch(document, patch) }
  } catch (error) {
    if (error instanceof JsonPatchError) return { error: error.message }
    throw error
  }
}

it('does what Kubernetes does, error texts included', () => {
  expect(recorded.length).toBeGreaterThan(100)
  for (const { document, patch, ...expected } of recorded) {
    expect({ document, patch, ...outcome(document, patch) }).toEqual({ document, patch, ...expected })
  }
})

describe('limits', () => {
  const double = { op: 'copy', from: '/a', path: '/a/-' }

  it('bounds what copies of copies add', () => {
    expect(outcome({ a: ['x'.repeat(1000)] }, Array(40).fill(double))).toEqual({
      error: expect.stringContaining('exceeding the limit 3145728'),
    })
    expect(outcome({ a: ['x'] }, [double])).toEqual({ object: { a: ['x', ['x']] } })
  })

  it('does not let a path reach a prototype', () => {
    expect(outcome({}, [{ op: 'add', path: '/__proto__/x', value: 1 }])).toHaveProperty('error')
    expect(outcome({}, [{ op: 'add', path: '/__proto__', value: {} }])).toHaveProperty('error')
    expect(outcome({}, [{ op: 'constructor', path: '/x', value: 1 }])).toEqual({
      error: 'Unexpected kind: constructor',
    })
    expect(outcome({}, [{ op: 'test', path: '/constructor/name', value: 'Object' }])).toHaveProperty('error')
    expect(({} as { x?: number }).x).toBeUndefined()
  })

  it.each([[{}], [[1]], ['x'], [null]])('%j is no patch', value => {
    expect(() => checkJsonPatch(value)).toThrow(JsonPatchError)
    expect(checkJsonPatch([{ op: 'test' }])).toHaveLength(1)
  })
})

describe('properties', () => {
  const json = fc.jsonValue({ maxDepth: 3 })
  const path = fc
    .array(fc.constantFrom('a', 'b', '0', '1', '-', 'x~1y'), { maxLength: 3 })
    .map(steps => steps.map(step => `/${step}`).join(''))
  const operation = fc.record(
    { op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test'), path, from: path, value: json },
    { requiredKeys: ['op', 'path'] },
  )
  const document = fc.dictionary(fc.constantFrom('a', 'b', 'x/y'), json)

  it('never crashes, and never changes its arguments', () => {
    fc.assert(
      fc.property(document, fc.array(operation, { maxLength: 6 }), (before, patch) => {
        const was = JSON.stringify([before, patch])
        outcome(before, patch)
        expect(JSON.stringify([before, patch])).toBe(was)
      }),
      { numRuns: 1000 },
    )
  })

  it('an add is undone by a remove, and seen by a test', () => {
    fc.assert(
      fc.property(document, json, (before, value) => {
        const add = { op: 'add', path: '/new', value }
        expect(outcome(before, [add, { op: 'test', path: '/new', value }, { op: 'remove', path: '/new' }])).toEqual({
          object: before,
        })
      }),
    )
  })
})
