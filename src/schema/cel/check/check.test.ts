import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { structuralErrors } from '../../structural/errors.ts'
import { RULES, schemaWith } from './testing.ts'

const TESTDATA = join(import.meta.dirname, 'testdata')
const read = (name: string): string => readFileSync(join(TESTDATA, name), 'utf8')

describe('what a real API server says of rules when their definition is stored', () => {
  const { answers } = JSON.parse(read('answers.json')) as {
    readonly answers: Readonly<Record<string, readonly string[]>>
  }
  it.each(RULES)('%s', rule => {
    expect(structuralErrors(schemaWith(rule), 'schema').map(({ field, detail }) => `${field}: ${detail}`)).toEqual(
      answers[rule],
    )
  })
})

describe('rules that nobody would write', () => {
  const said = (rule: string) => structuralErrors(schemaWith(rule), 'schema').map(({ detail }) => detail)

  it('are refused in words', () => {
    expect(said('self.int + 1 > 1')).toEqual([])
    expect(said(`self.int${' + 1'.repeat(8000)} > 1`)).toEqual([expect.stringContaining('nested too deeply')])
    expect(said(`[1]${'.map(a, {a: a})'.repeat(5)}.size() > 0`)).toEqual([])
    expect(said(`[1]${'.map(a, {a: a})'.repeat(100)}.size() > 0`)).toEqual([expect.stringContaining('too large')])
    expect(said(`${'['.repeat(100)}1${']'.repeat(100)}.size() > 0`)).toEqual([])
  })

  it('never break the check', () => {
    const words =
      "self .int .text .list .either .?text [0] [?0] . ( ) [ ] { } , : ? && || ! - + == < in 1 'a' x all exists map filter has optMap size format (x, .all(x, .map(x, null b'a' 1u".split(
        ' ',
      )
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...words), { maxLength: 14 }), parts => {
        expect(Array.isArray(said(parts.join(' ')))).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })
})
