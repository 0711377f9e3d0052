import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { Node } from '../../api/core/node.ts'
import { Pod } from '../../api/core/pod.ts'
import { fakeApi } from '../../client/fake.ts'
import { eventually, settled } from '../../client/testing.ts'
import { fakeClock } from '../../host/clock/fake.ts'
import { type ControllerBench, controllerBench, nodeOf, nodeSeed, podOf } from '../shared/testing.ts'
import { startPodGarbage } from './controller.ts'
import { DEFAULTS, decide } from './decide.ts'

const NOW_MS = 1_000_000
const nodes = new Map([
  ['node-1', nodeOf('node-1', {}, {}, { conditions: [{ type: 'Ready', status: 'True' }] })],
  ['broken', nodeOf('broken', { taints: [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }] })],
])
const run = (pods: readonly Pod[], missingForMs = 0, threshold = 12_500) => {
  const missing = new Map([['gone', NOW_MS - missingForMs]])
  const plan = decide(pods, nodes, missing, { ...DEFAULTS, threshold }, NOW_MS)
  return { ...plan, names: plan.remove.map(({ pod }) => pod.metadata.name).toSorted() }
}

describe('what goes', () => {
  it('pods of a node that is gone, but not at once', () => {
    const pods = [podOf({ name: 'lost', node: 'gone' }), podOf({ name: 'safe', node: 'node-1' })]
    expect(run(pods, 10_000)).toMatchObject({ names: [], recheckMs: 30_000 })
    expect(run(pods, 40_000).names).toEqual(['lost'])
  })
  it('pods that end and never had a node', () => {
    const pods = [
      podOf({ name: 'a', ending: true }),
      podOf({ name: 'b' }),
      podOf({ name: 'c', node: 'node-1', ending: true }),
    ]
    expect(run(pods).names).toEqual(['a'])
  })
  it('pods that end on a node that is out of service', () => {
    expect(
      run([podOf({ name: 'a', node: 'broken', ending: true }), podOf({ name: 'b', node: 'broken' })]).names,
    ).toEqual(['a'])
  })
  it('the oldest of too many that have ended, in whatever order they come', () => {
    const ended = [1, 2, 3, 4].map(n =>
      podOf({
        name: `p${n}`,
        node: 'node-1',
        phase: 'Succeeded',
        meta: { creationTimestamp: `2026-01-0${n}T00:00:00Z` },
      }),
    )
    fc.assert(
      fc.property(fc.shuffledSubarray(ended, { minLength: 4 }), pods => {
        expect(run(pods, 0, 2).names).toEqual(['p1', 'p2'])
        expect(run(pods, 0, 4).names).toEqual([])
      }),
    )
  })
})

let bench: ControllerBench
afterEach(() => bench?.close())
it('removes by force what no node will end', async () => {
  const clock = fakeClock()
  bench = controllerBench({}, fakeApi(clock), clock)
  const { api } = bench
  api.put(Node, nodeSeed('node-1'))
  api.put(Pod, podOf({ name: 'lost', node: 'gone', ip: '10.0.0.1' }))
  api.put(Pod, podOf({ name: 'safe', node: 'node-1', ip: '10.0.0.2' }))
  await startPodGarbage(bench.deps, {}, bench.signal)
  await settled(bench)
  expect(api.all(Pod)).toHaveLength(2)
  await clock.advance(41_000)
  await eventually(
    () => api.all(Pod).length === 1,
    () => api.all(Pod),
  )
  expect(api.all(Pod)[0]?.metadata.name).toBe('safe')
})
