import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Rule } from '../../node.ts'
import { roomOf } from '../../structural/cel-room.ts'
import { celType } from '../../structural/cel-type.ts'
import { structuralErrors } from '../../structural/errors.ts'
import type { JsonSchema } from '../../structural/schema.ts'
import { checkSource } from './source.ts'
import { RULES, schemaWith, withoutLimits } from './testing.ts'
import { BOOL, isSame, optionalOf } from './type.ts'

const TESTDATA = join(import.meta.dirname, 'testdata')
const read = (name: string): string => readFileSync(join(TESTDATA, name), 'utf8')

interface Answer {
  /** Steps, in a schema with limits and in one without. */
  readonly costs: readonly number[]
  readonly limited: readonly string[]
  readonly unlimited: readonly string[]
}

describe('what a real API server says of rules when their definition is stored', () => {
  const { answers } = JSON.parse(read('answers.json')) as { readonly answers: Readonly<Record<string, Answer>> }
  const said = (schema: JsonSchema) =>
    structuralErrors(schema, 'schema').map(({ field, detail }) => `${field}: ${detail}`)
  it.each(RULES)('%s', text => {
    const schema = schemaWith(text)
    expect(said(schema)).toEqual(answers[text]!.limited)
    expect(said(withoutLimits(schema))).toEqual(answers[text]!.unlimited)
    expect([schema, withoutLimits(schema)].map(costOf)).toEqual(answers[text]!.costs)
  })
})

/** Of the rule of its spec; none where it cannot be compiled. */
function costOf({ properties }: JsonSchema): number {
  const spec = properties!.spec!
  const [rule] = spec['x-kubernetes-validations'] as readonly [Rule]
  const self = celType(spec, false)!
  const names = new Map([
    ['self', self],
    ['oldSelf', rule.optionalOldSelf ? optionalOf(self) : self],
  ])
  const { type, problem, cost } = checkSource(rule.rule, names)
  return problem === undefined && isSame(type, BOOL) ? cost(roomOf(spec)!) : 0
}

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
