/**
 * What went wrong with EgressIPs upstream, each with the tests that would notice it here: `testdata/upstream-failures.json`. A test
 * that is named and not there fails.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

interface Failure {
  readonly id: string
  readonly what: string
  readonly tests: readonly string[]
}
const ROOT = join(import.meta.dirname, '../../..')
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8').replaceAll('\\', '')
const { failures } = JSON.parse(read('src/node/egress/testdata/upstream-failures.json')) as { failures: Failure[] }

test('the table is whole', () => {
  expect(failures).toHaveLength(17)
  expect(new Set(failures.map(({ id }) => id)).size).toBe(failures.length)
})

test.each(failures.map(one => [`${one.id}: ${one.what}`, one.tests] as const))('%s', (_, tests) => {
  expect(tests.length).toBeGreaterThan(0)
  for (const named of tests) {
    const [path = '', name = ''] = named.split(' > ')
    expect(read(path), named).toContain(name)
  }
})
