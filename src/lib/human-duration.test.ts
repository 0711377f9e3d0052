import { expect, it } from 'vitest'
import { age, humanDuration } from './human-duration.ts'

// Cases of k8s.io/apimachinery/pkg/util/duration's rule, one on each side of every boundary.
it.each([
  [-3, '<invalid>'],
  [-1, '0s'],
  [0, '0s'],
  [1, '1s'],
  [119, '119s'],
  [120, '2m'],
  [125, '2m5s'],
  [599, '9m59s'],
  [600, '10m'],
  [10_799, '179m'],
  [10_800, '3h'],
  [13_380, '3h43m'],
  [28_799, '7h59m'],
  [28_800, '8h'],
  [172_799, '47h'],
  [172_800, '2d'],
  [176_400, '2d1h'],
  [691_200, '8d'],
  [63_072_000, '2y'],
  [66_528_000, '2y40d'],
  [252_288_000, '8y'],
])('%d seconds: %s', (seconds, text) => expect(humanDuration(seconds * 1000)).toBe(text))

it('counts from the time of an object', () => {
  expect(age('2026-01-01T00:00:00Z', Date.UTC(2026, 0, 1, 0, 3))).toBe('3m')
  expect(age(undefined, 0)).toBe('<unknown>')
  expect(age('yesterday', 0)).toBe('<invalid>')
})
