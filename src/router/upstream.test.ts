import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROUTER_SCENARIOS } from '../../test/router-mutants.ts'

const table = (file: string): readonly (readonly string[])[] =>
  readFileSync(join(import.meta.dirname, 'testdata', file), 'utf8')
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('#'))
    .map(line => line.split(' | '))
const rows = table('upstream.txt') as readonly [upstream: string, file: string, name: string][]

test.each(rows)('%s', (upstream, file, name) => {
  const path = join(import.meta.dirname, file)
  expect([upstream, existsSync(path)]).toEqual([upstream, true])
  expect(readFileSync(path, 'utf8')).toContain(name)
})

test('nothing upstream stands twice', () => {
  const ids = rows.map(([upstream]) => upstream)
  expect(new Set(ids).size).toBe(ids.length)
  expect(ids.length).toBeGreaterThan(30)
})

test.each(table('safety.txt'))('%s: %s: %s', (_, file, name, fault) => {
  const path = join(import.meta.dirname, file!)
  expect(readFileSync(path, 'utf8')).toContain(name)
  if (fault === 'HAProxy') return
  const finders = ROUTER_SCENARIOS.find(({ mutant }) => mutant === fault)?.tests ?? []
  expect(finders.map(([finder]) => join(import.meta.dirname, '../..', finder))).toContain(path)
})

test('each of the twelve things that a router must withstand has a test', () => {
  const numbers = new Set(table('safety.txt').map(([subject]) => Number.parseInt(subject!, 10)))
  expect([...numbers].toSorted((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, index) => index + 1))
})
