import fc from 'fast-check'
import { afterEach, expect, it } from 'vitest'
import type { Taint } from '../../api/core/node.ts'
import { Node } from '../../api/core/node.ts'
import type { Toleration } from '../../api/core/pod/parts.ts'
import { Pod } from '../../api/core/pod.ts'
import { fakeApi } from '../../client/fake.ts'
import { eventually, settled } from '../../client/testing.ts'
import { fakeClock } from '../../host/clock/fake.ts'
import { type ControllerBench, controllerBench, nodeOf, nodeSeed, podOf } from '../shared/testing.ts'
import { startTaintEviction } from './controller.ts'
import { msUntilEviction } from './decide.ts'

const ADDED = '2026-01-01T00:00:00Z'
const NOW_MS = Date.parse(ADDED) + 10_000
const lost: Taint = { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute', timeAdded: ADDED }
const soft: Taint = { key: 'dedicated', effect: 'NoSchedule' }
const forSeconds = (tolerationSeconds?: number, key = lost.key): Toleration => ({
  key,
  operator: 'Exists',
  effect: 'NoExecute',
  ...(tolerationSeconds === undefined ? {} : { tolerationSeconds }),
})

it.each<[string, Taint[], Toleration[], number | undefined]>([
  ['no taint', [], [], undefined],
  ['a taint for new pods only', [soft], [], undefined],
  ['not tolerated', [lost], [], 0],
  ['tolerated for ever', [lost], [forSeconds()], undefined],
  ['tolerated for a while', [lost], [forSeconds(300)], 290_000],
  ['tolerated until now', [lost], [forSeconds(10)], 0],
  ['the shortest of several counts', [lost], [forSeconds(300), forSeconds(60)], 50_000],
  ['for ever beside a while', [lost], [forSeconds(), forSeconds(60)], 50_000],
  ['every taint must be tolerated', [lost, { ...lost, key: 'other' }], [forSeconds(300)], 0],
  ['less than nothing is nothing', [lost], [forSeconds(-5)], 0],
])('%s', (_, taints, tolerations, expected) => {
  const pod = podOf({ name: 'p', spec: { tolerations } })
  expect(msUntilEviction(pod, nodeOf('n', { taints }), NOW_MS)).toBe(expected)
  expect(msUntilEviction(pod, nodeOf('n', { taints: [...taints].reverse() }), NOW_MS)).toBe(expected)
  expect(msUntilEviction(podOf({ name: 'p', ending: true }), nodeOf('n', { taints }), NOW_MS)).toBeUndefined()
})

let bench: ControllerBench
afterEach(() => bench?.close())
const key = (name: string) => ({ namespace: 'shop', name })
const going = (name: string): boolean => {
  const pod = bench.api.get(Pod, key(name))
  return !pod || pod.metadata.deletionTimestamp !== undefined
}

it('takes each pod away when its time is over, and none whose node came back', async () => {
  const clock = fakeClock()
  bench = controllerBench({}, fakeApi(clock), clock)
  const { api } = bench
  const timeAdded = new Date(clock.now()).toISOString()
  const taint = (name: string, taints: Taint[]) => {
    const node = api.get(Node, { name }) ?? nodeSeed(name)
    api.put(Node, { ...node, spec: { taints } })
  }
  for (const name of ['node-1', 'node-2']) taint(name, [])
  const pod = (name: string, node: string, tolerations: Toleration[]) =>
    api.put(Pod, podOf({ name, node, spec: { tolerations } }))
  pod('brave', 'node-1', [forSeconds()])
  pod('patient', 'node-1', [forSeconds(60)])
  pod('timid', 'node-1', [])
  pod('saved', 'node-2', [forSeconds(60)])
  await startTaintEviction(bench.deps, bench.signal)
  await settled(bench)
  expect(['brave', 'patient', 'timid', 'saved'].map(going)).toEqual([false, false, false, false])
  taint('node-1', [{ ...lost, timeAdded }])
  taint('node-2', [{ ...lost, timeAdded }])
  await eventually(() => going('timid'))
  await settled(bench)
  taint('node-2', [])
  await settled(bench)
  expect(['brave', 'patient', 'saved'].map(going)).toEqual([false, false, false])
  await clock.advance(61_000)
  await eventually(() => going('patient'))
  await settled(bench)
  expect(['brave', 'saved'].map(going)).toEqual([false, false])
  expect(await bench.eventsOf('timid')).toEqual(['TaintManagerEviction: Marking for deletion Pod shop/timid'])
})

it('ends alike in whatever order nodes and pods are heard of', async () => {
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray(['node', 'taint', 'pod', 'pod again'], { minLength: 4 }), async order => {
      bench = controllerBench()
      const { api } = bench
      await startTaintEviction(bench.deps, bench.signal)
      for (const step of order) {
        if (step === 'node') api.put(Node, { ...nodeSeed('node-1'), spec: { taints: [lost] } })
        else if (step === 'taint') api.put(Node, { ...nodeSeed('node-1'), spec: { taints: [lost, soft] } })
        else if (!api.get(Pod, key('p'))) api.put(Pod, podOf({ name: 'p', node: 'node-1' }))
        await new Promise(resolve => setImmediate(resolve))
      }
      await settled(bench)
      expect(going('p')).toBe(true)
      bench.close()
    }),
    { numRuns: 12 },
  )
})
