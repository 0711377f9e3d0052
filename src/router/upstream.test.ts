import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const rows = readFileSync(join(import.meta.dirname, 'testdata/upstream.txt'), 'utf8')
  .split('\n')
  .filter(line => line !== '' && !line.startsWith('#'))
  .map(line => line.split(' | ') as [upstream: string, file: string, name: string])

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
