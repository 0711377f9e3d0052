import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isTimeZone, nextAfter, parseSchedule } from './schedule.ts'

interface Case {
  readonly schedule: string
  readonly zone: string
  readonly from: string
  readonly next?: readonly string[]
  readonly error?: string
}
/** Written by github.com/robfig/cron/v3 v3.0.1, the parser of upstream's CronJob controller. */
const CASES: readonly Case[] = JSON.parse(readFileSync(new URL('./testdata/cron.json', import.meta.url), 'utf8'))
const iso = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z')

describe('as robfig/cron has it', () => {
  it.each(CASES.map(one => [`${one.schedule} ${one.zone} ${one.from}`, one] as const))('%s', (_, one) => {
    const parsed = parseSchedule(one.schedule)
    if (typeof parsed === 'string') return expect(parsed).toBe(one.error)
    expect(one.error).toBeUndefined()
    const found: string[] = []
    let ms = Date.parse(one.from)
    for (let n = 0; n < 4; n++) {
      const next = nextAfter(parsed, ms, one.zone)
      if (next === undefined) break
      found.push(iso(next))
      ms = next
    }
    expect(found).toEqual(one.next ?? [])
  })
})

it('knows time zones', () => {
  expect(['UTC', 'Europe/Berlin', 'Etc/Nowhere', '../etc/passwd'].map(isTimeZone)).toEqual([true, true, false, false])
})

it('takes no name of an object for a schedule', () => {
  for (const text of ['toString', '@constructor', '__proto__']) expect(typeof parseSchedule(text)).toBe('string')
})

it('refuses any other text with a sentence, and finds no time in the past', () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 0, max: 4e12 }), (text, ms) => {
      const parsed = parseSchedule(text)
      if (typeof parsed === 'string') return parsed.length > 0
      return (nextAfter(parsed, ms) ?? Number.POSITIVE_INFINITY) > ms
    }),
  )
})
