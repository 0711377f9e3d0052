/** The table of scenarios has no gap, names tests that exist, and faults that have a place. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { MUTANTS, SCENARIOS } from './all.ts'
import { ROOT } from './plugin.ts'

const CONFORMANCE = 47
const texts = new Map<string, string>()
const textOf = (file: string): string => {
  if (!texts.has(file)) texts.set(file, readFileSync(join(ROOT, file), 'utf8'))
  return texts.get(file)!
}

describe('scenarios', () => {
  test('of conformance are all there, and none is there twice', () => {
    const ids = SCENARIOS.map(({ id }) => id)
    const wanted = Array.from({ length: CONFORMANCE }, (_, i) => `C${String(i + 1).padStart(2, '0')}`)
    expect(ids.filter(id => id.startsWith('C'))).toEqual(wanted)
    expect(new Set(ids).size).toBe(ids.length)
  })

  test.each(SCENARIOS.map(one => [one.id, one] as const))(
    '%s has tests that exist, and a fault',
    (_, { tests, mutant }) => {
      expect(tests.length).toBeGreaterThan(0)
      for (const [file, title] of tests) expect(textOf(file)).toContain(title)
      expect(Object.keys(MUTANTS)).toContain(mutant)
    },
  )
})

test.each(Object.entries(MUTANTS))(
  'the fault "%s" has one place, and a scenario that finds it',
  (name, { file, from, to }) => {
    expect(textOf(file).split(from)).toHaveLength(2)
    expect(to).not.toBe(from)
    expect(SCENARIOS.map(({ mutant }) => mutant)).toContain(name)
  },
)
