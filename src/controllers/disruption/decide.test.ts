import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Pod } from '../../api/core/pod.ts'
import type { PodDisruptionBudget } from '../../api/policy/pod-disruption-budget.ts'
import { podOf } from '../shared/testing.ts'
import { decide } from './decide.ts'

const NOW_MS = Date.parse('2026-01-01T00:10:00Z')
const budget = (
  spec: PodDisruptionBudget['spec'],
  disruptedPods: Record<string, string> = {},
): PodDisruptionBudget => ({
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: { namespace: 'shop', name: 'b', uid: 'b', resourceVersion: '1', creationTimestamp: '', generation: 2 },
  spec: { selector: { matchLabels: { app: 'web' } }, ...spec },
  status: { disruptedPods, disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 },
})
const pods = (ready: number, broken = 0): Pod[] => [
  ...Array.from({ length: ready }, (_, i) => podOf({ name: `r${i}`, ip: '10.0.0.1' })),
  ...Array.from({ length: broken }, (_, i) => podOf({ name: `b${i}` })),
]
const run = (of: PodDisruptionBudget, some: readonly Pod[], replicas = some.length) =>
  decide(of, some, () => ({ uid: 'rs', replicas }), NOW_MS)
const numbers = ({ status }: ReturnType<typeof decide>): number[] => [
  status.disruptionsAllowed,
  status.currentHealthy,
  status.desiredHealthy,
  status.expectedPods,
]

describe('allowed, healthy, desired, expected', () => {
  it.each<[string, PodDisruptionBudget['spec'], Pod[], number | undefined, number[]]>([
    ['a number that must stay', { minAvailable: 2 }, pods(3), undefined, [1, 3, 2, 3]],
    ['of which some are broken', { minAvailable: 2 }, pods(1, 2), undefined, [0, 1, 2, 3]],
    ['a percentage, rounded up', { minAvailable: '50%' }, pods(3), 3, [1, 3, 2, 3]],
    ['a percentage of what should be', { minAvailable: '50%' }, pods(3), 5, [0, 3, 3, 5]],
    ['a number that may be missing', { maxUnavailable: 1 }, pods(3), 3, [1, 3, 2, 3]],
    ['while one is missing', { maxUnavailable: 1 }, pods(2), 3, [0, 2, 2, 3]],
    ['a percentage that may be missing', { maxUnavailable: '30%' }, pods(3), 3, [1, 3, 2, 3]],
    ['none may be missing', { maxUnavailable: 0 }, pods(3), 3, [0, 3, 3, 3]],
    ['no pods', { minAvailable: 0 }, [], undefined, [0, 0, 0, 0]],
  ])('%s', (_, spec, some, replicas, expected) => {
    expect(numbers(run(budget(spec), some, replicas))).toEqual(expected)
    expect(numbers(run(budget(spec), [...some].reverse(), replicas))).toEqual(expected)
  })
  it('ended pods and those that end do not count as healthy', () => {
    const some = [...pods(2), podOf({ name: 'x', ip: '10.0.0.2', ending: true }), podOf({ name: 'y', phase: 'Failed' })]
    expect(numbers(run(budget({ minAvailable: 1 }), some))).toEqual([1, 2, 1, 3])
  })
  it('an evicted pod is gone already, for two minutes', () => {
    const evicted = (at: string) => run(budget({ minAvailable: 1 }, { r0: at }), pods(3))
    const fresh = evicted('2026-01-01T00:09:00Z')
    expect([numbers(fresh)[0], fresh.recheckMs, fresh.status.disruptedPods]).toEqual([
      1,
      60_000,
      { r0: '2026-01-01T00:09:00Z' },
    ])
    const over = evicted('2026-01-01T00:08:00Z')
    expect([numbers(over)[0], over.status.disruptedPods]).toEqual([2, undefined])
  })
  it('never more than there are, nor less than none', () => {
    fc.assert(
      fc.property(fc.nat(6), fc.nat(6), fc.nat(12), fc.boolean(), (ready, broken, limit, isMin) => {
        const spec = isMin ? { minAvailable: limit } : { maxUnavailable: limit }
        const [allowed = 0, healthy = 0, desired = 0] = numbers(run(budget(spec), pods(ready, broken)))
        expect(allowed).toBe(ready + broken === 0 ? 0 : Math.max(0, healthy - desired))
      }),
    )
  })
})

it('says whether anything may go', () => {
  const [condition] = run(budget({ minAvailable: 3 }), pods(3)).status.conditions ?? []
  expect(condition).toMatchObject({ type: 'DisruptionAllowed', status: 'False', reason: 'InsufficientPods' })
  expect(run(budget({ minAvailable: 2 }), pods(3)).status).toMatchObject({
    observedGeneration: 2,
    conditions: [{ status: 'True', reason: 'SufficientPods', observedGeneration: 2 }],
  })
})

it('tells of pods that nobody manages where it needs to know how many there should be', () => {
  const nobody = (spec: PodDisruptionBudget['spec']) => decide(budget(spec), pods(2), () => undefined, NOW_MS)
  expect(nobody({ maxUnavailable: 1 })).toMatchObject({ unmanaged: [{}, {}], status: { disruptionsAllowed: 0 } })
  expect(nobody({ minAvailable: 1 })).toMatchObject({ unmanaged: [], status: { disruptionsAllowed: 1 } })
})
