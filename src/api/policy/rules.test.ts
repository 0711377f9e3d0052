import { expect, it } from 'vitest'
import { errorsOf } from '../testing.ts'
import { PodDisruptionBudget } from './pod-disruption-budget.ts'

it.each<[object, readonly string[]]>([
  [{ minAvailable: 1 }, []],
  [{ maxUnavailable: '50%' }, []],
  [{}, []],
  [{ minAvailable: 1, maxUnavailable: 1 }, ['spec: Invalid: minAvailable and maxUnavailable cannot be both set']],
  [{ minAvailable: -1 }, ['spec.minAvailable: Invalid: must be greater than or equal to 0']],
  [{ maxUnavailable: '101%' }, ['spec.maxUnavailable: Invalid: must not be greater than 100%']],
])('a budget of %o', (spec, expected) => {
  expect(errorsOf(PodDisruptionBudget, { spec: { selector: { matchLabels: { app: 'a' } }, ...spec } })).toEqual(
    expected,
  )
})
