import { expect, test } from 'vitest'
import { ip } from '../../lib/ip.ts'
import { INTERVAL_MS, nextStanding, type Standing } from './election.ts'

const self = { router: 51, priority: 100, address: ip('172.18.0.98') }
const from = (priority: number, source = '172.18.0.99', router = 51) => ({
  router,
  priority,
  interval: 10,
  addresses: [],
  source: ip(source),
})
const HOLDER: Standing = { is: 'holder' }
const backup = (deadlineMs: number): Standing => ({ is: 'backup', deadlineMs })
const at = (nowMs: number, heard: ReturnType<typeof from>[] = [], isLinked = true) => ({ nowMs, heard, isLinked })

test('a backup waits for three advertisements and a little, then takes over', () => {
  const waiting = nextStanding(self, { is: 'faulty' }, at(1000))
  expect(waiting.is).toBe('backup')
  const { deadlineMs } = waiting as { deadlineMs: number }
  expect(deadlineMs - 1000).toBeGreaterThan(3 * INTERVAL_MS)
  expect(deadlineMs - 1000).toBeLessThan(4 * INTERVAL_MS)
  expect(nextStanding(self, waiting, at(deadlineMs - 1))).toEqual(waiting)
  expect(nextStanding(self, waiting, at(deadlineMs))).toEqual(HOLDER)
})

test('while a holder is heard, whatever its priority, a backup waits: what works is not moved', () => {
  for (const priority of [1, 100, 254])
    expect(nextStanding(self, backup(0), at(5000, [from(priority)]))).toMatchObject({ is: 'backup' })
  expect(nextStanding(self, backup(0), at(5000, [from(254, '172.18.0.99', 52)]))).toEqual(HOLDER)
})

test('a holder that says it goes is followed almost at once', () => {
  const next = nextStanding(self, backup(9999), at(1000, [from(0)])) as { deadlineMs: number }
  expect(next.deadlineMs).toBeLessThan(1000 + INTERVAL_MS)
})

test('of two holders one gives way: priority, then address', () => {
  expect(nextStanding(self, HOLDER, at(0, [from(150)])).is).toBe('backup')
  expect(nextStanding(self, HOLDER, at(0, [from(50)])).is).toBe('holder')
  expect(nextStanding(self, HOLDER, at(0, [from(100, '172.18.0.99')])).is).toBe('backup')
  expect(nextStanding(self, HOLDER, at(0, [from(100, '172.18.0.97')])).is).toBe('holder')
})

test('who has lost its link holds nothing, and begins as backup when it is back', () => {
  expect(nextStanding(self, HOLDER, at(0, [], false))).toEqual({ is: 'faulty' })
  expect(nextStanding(self, { is: 'faulty' }, at(1000)).is).toBe('backup')
})
