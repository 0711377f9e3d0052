import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sharesOf } from './shares.ts'

const turnsTaken = (weights: readonly number[], requests: number): number[] => {
  const { total, stride, turns } = sharesOf(weights)
  const taken = weights.map(() => 0)
  for (let n = 0; n < requests; n++) {
    const slot = (n * stride) % total
    const ends = turns.map((_, index) => turns.slice(0, index + 1).reduce((a, b) => a + b))
    taken[ends.findIndex(end => slot < end)]!++
  }
  return taken
}

test.each([
  [[90, 10], 10],
  [[100, 100], 2],
  [[1], 1],
  [[256, 1], 257],
  [[256, 255, 254, 253], 1018],
  [[7, 2, 1], 10],
])('%j takes %i turns', (weights, total) => {
  expect(sharesOf(weights).total).toBe(total)
})

test('every round of turns is exact', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 256 }), { minLength: 1, maxLength: 4 }), weights => {
      const { total } = sharesOf(weights)
      const sum = weights.reduce((a, b) => a + b)
      expect(turnsTaken(weights, total)).toEqual(weights.map(weight => (weight * total) / sum))
    }),
  )
})

test('turns interleave: no window of ten is far from 70/20/10', () => {
  const { total, stride } = sharesOf([7, 2, 1])
  const first = Array.from({ length: 10 }, (_, n) => (n * stride) % total)
  expect(first.slice(0, 5).filter(slot => slot < 7).length).toBeGreaterThanOrEqual(3)
  expect(first.slice(0, 5).filter(slot => slot < 7).length).toBeLessThanOrEqual(4)
})
