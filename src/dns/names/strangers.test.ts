import { expect, test } from 'vitest'
import { fakeClock } from '../../host/clock/fake.ts'
import { createStrangers } from './strangers.ts'

test('an address may come four times in ten seconds, unless it is known each time', async () => {
  const clock = fakeClock()
  const { enter, leave } = createStrangers(clock)
  const come = (address: string, isKnown = false): boolean => {
    const isIn = enter(address)
    if (isIn) leave(address, isKnown)
    return isIn
  }
  expect(Array.from({ length: 6 }, () => come('a'))).toEqual([true, true, true, true, false, false])
  expect(Array.from({ length: 6 }, () => come('b', true))).toEqual(Array(6).fill(true))
  await clock.advance(9999)
  expect(come('a')).toBe(false)
  await clock.advance(1)
  expect(come('a')).toBe(true)
})

test('no more than 64 are there at once, whoever they are', () => {
  const { enter, leave } = createStrangers(fakeClock())
  expect(Array.from({ length: 65 }, (_, i) => enter(`${i}`)).filter(Boolean)).toHaveLength(64)
  leave('0', false)
  expect([enter('x'), enter('y')]).toEqual([true, false])
})
