import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TestApi } from '../../../src/apiserver/testing.ts'
import { testApi } from '../../../src/apiserver/testing.ts'
import { call } from '../../../src/apiserver/testing-call.ts'
import { systemClock } from '../../../src/host/clock/real.ts'
import { cidr } from '../../../src/lib/cidr.ts'
import type { Said } from './corpus.ts'
import { askAll, FAULTS } from './corpus.ts'

const read = (name: string): string => readFileSync(join(import.meta.dirname, name), 'utf8')
const { origin, said } = JSON.parse(read('answers.json')) as { origin: string; said: Record<string, Said> }

/** Lines of corpus.txt, under the rows of docs/divergences.md that tell of them. */
const differences = read('differences.txt').split('\n')
const known = new Set(differences.filter(line => line !== '' && !line.startsWith('#')))

let api: TestApi
let ours: Record<string, Said>
beforeAll(async () => {
  api = await testApi(systemClock, { roles: [], serviceNetworks: [cidr('10.96.0.0/12')] })
  ours = await askAll((method, path, body) => call(api, `${method} ${path}`, { body }))
}, 60_000)
afterAll(() => api.close())

describe(`what is wrong with objects, in the words of ${origin}`, () => {
  it('has an answer for every line', () => {
    expect(FAULTS.map(({ name }) => name)).toEqual(Object.keys(said))
    expect(FAULTS.length).toBeGreaterThan(400)
  })

  it('differs only where docs/divergences.md says so', () => {
    const rows = readFileSync(join(import.meta.dirname, '../../../docs/divergences.md'), 'utf8')
    for (const line of differences) if (line.startsWith('## ')) expect(rows).toContain(`\n| ${line.slice(3)} |`)
    for (const line of known) expect(Object.keys(said)).toContain(line)
  })

  it.each(FAULTS.map(({ name }) => name))('%s', name => {
    if (known.has(name)) expect(ours[name], 'no longer different: take the line away').not.toEqual(said[name])
    else expect(ours[name]).toEqual(said[name])
  })
})
