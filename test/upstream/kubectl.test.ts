import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createBed, SCENARIOS } from './kubectl/bed.ts'
import type { Difference } from './kubectl/differences.ts'
import { expectedOf, parseDifferences } from './kubectl/differences.ts'
import type { Part } from './kubectl/script.ts'
import { partsOf } from './kubectl/script.ts'
import { GOLDEN, RECORDED, scenariosOf, sideBySide } from './kubectl/versions.ts'
import type { OurServer } from './ours.ts'
import { startOurs } from './ours.ts'

const read = (...path: string[]): string => readFileSync(resolve(import.meta.dirname, ...path), 'utf8')
const DIFFERENCES = parseDifferences(read('kubectl/differences.txt'))
const used = new Set<Difference>()

if (RECORDED.length === 0)
  console.warn(
    'What a real server says was recorded for kubectl 1.27, 1.30 and 1.33, none of which is here: not compared.',
  )

const shown = ({ command, said }: Part): string => `$ ${command}\n${said}`

describe.each(RECORDED)('our server, asked by kubectl $minor, says what a real one says', ({ minor, path }) => {
  const scenarios = scenariosOf(minor, SCENARIOS)
  const said = new Map<string, string>()
  let ours: OurServer
  beforeAll(async () => {
    ours = await startOurs()
    const bed = createBed(path, ours.access)
    await bed.prepare()
    await sideBySide(scenarios, async scenario => {
      said.set(scenario, await bed.play(scenario))
    })
  }, 600_000)
  afterAll(() => ours?.close())

  it.each(scenarios)('%s', scenario => {
    const expected = partsOf(expectedOf(read(GOLDEN, minor, `${scenario}.txt`), DIFFERENCES, used))
    expect(partsOf(said.get(scenario)!).map(shown)).toEqual(expected.map(shown))
  })
})

describe.skipIf(RECORDED.length === 0)('differences', () => {
  it('are rows of docs/divergences.md', () => {
    const rows = read('../../docs/divergences.md')
      .split('\n')
      .map(row => row.split('|')[1]?.trim())
    expect(DIFFERENCES.map(({ heading }) => heading).filter(heading => !rows.includes(heading))).toEqual([])
  })
  it('are still there', () => {
    const others = RECORDED.flatMap(({ minor }) => SCENARIOS.map(scenario => read(GOLDEN, minor, `${scenario}.txt`)))
    for (const golden of others) expectedOf(golden, DIFFERENCES, used)
    const unused = DIFFERENCES.filter(difference => !used.has(difference))
    expect(unused.map(({ upstream }) => upstream.source)).toEqual([])
  })
})
