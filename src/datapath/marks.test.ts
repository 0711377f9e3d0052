import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { MarkField, Place } from './marks.ts'
import { CONNECTION_MARK, PACKET_MARK, PLACES } from './marks.ts'

const architecture = readFileSync(join(import.meta.dirname, '../../ARCHITECTURE.md'), 'utf8')
/** Cells of the table under a heading, without their padding. */
const table = (heading: string): readonly string[] =>
  architecture
    .split(`## ${heading}\n`)[1]!
    .split('\n## ')[0]!
    .split('\n')
    .filter(line => line.startsWith('|'))
    .slice(2)
    .map(line => line.replace(/\s*\|\s*/g, '|').replace(/`/g, ''))

const hex = (mask: number): string => `0x${mask.toString(16).padStart(8, '0')}`

test.each([
  ['packet', Object.values<MarkField>(PACKET_MARK)],
  ['connection', Object.values<MarkField>(CONNECTION_MARK)],
] as const)('fields of the %s mark share no bit, and together are all bits', (mark, fields) => {
  expect(fields.reduce((sum, { mask }) => sum + mask, 0)).toBe(0xffff_ffff)
  expect(fields.reduce((all, { mask }) => (all | mask) >>> 0, 0)).toBe(0xffff_ffff)
  expect(table('Marks of packets and connections').filter(row => row.startsWith(`|${mark}|`))).toEqual(
    fields.map(({ name, mask, use }) => `|${mark}|${hex(mask)}|${name}|${use}|`),
  )
})

test('steering has the same bits in both marks, so that one is copied into the other', () => {
  expect(PACKET_MARK.steering.mask).toBe(CONNECTION_MARK.steering.mask)
})

test('every place stands in the table, in the order in which packets meet them', () => {
  const places = Object.values<Place>(PLACES)
  expect(table('Hooks and priorities')).toEqual(
    places.map(({ hook, priority, type, chain, use, isReserved }) => {
      const shown = isReserved ? `${chain} (reserved)` : chain
      return `|${hook}|${priority}|${type}|${shown}|${use}|`
    }),
  )
  for (const hook of ['prerouting', 'input', 'forward', 'output', 'postrouting']) {
    const priorities = places.filter(place => place.hook === hook).map(place => place.priority)
    expect(priorities).toEqual(priorities.toSorted((a, b) => a - b))
    expect(new Set(priorities).size).toBe(priorities.length)
  }
})
