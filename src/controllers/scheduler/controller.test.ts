import { afterEach, expect, it } from 'vitest'
import { Node } from '../../api/core/node.ts'
import { Pod } from '../../api/core/pod.ts'
import { settled } from '../../client/testing.ts'
import { ConnectionError } from '../../client/transport.ts'
import { type ControllerBench, controllerBench, nodeSeed } from '../shared/testing.ts'
import { startScheduler } from './controller.ts'

let bench: ControllerBench
afterEach(() => bench.close())

const create = (name: string, spec: Partial<Pod['spec']> = {}) =>
  bench.api.client.create(Pod, {
    metadata: { namespace: 'shop', name },
    spec: { containers: [{ name: 'c', image: 'x' }], ...spec },
  })
const nodeOf = (name: string): string | undefined => bench.api.get(Pod, { namespace: 'shop', name })?.spec.nodeName

it('binds what waits, says so, and leaves the rest alone', async () => {
  bench = controllerBench()
  bench.api.put(Node, nodeSeed('node-1'))
  await create('early')
  await startScheduler(bench.deps, {}, bench.signal)
  await create('late')
  await create('elsewhere', { schedulerName: 'mine' })
  await create('gated', { schedulingGates: [{ name: 'hold' }] })
  await create('fixed', { nodeName: 'node-9' })
  await settled(bench)
  expect(['early', 'late', 'elsewhere', 'gated', 'fixed'].map(nodeOf)).toEqual([
    'node-1',
    'node-1',
    undefined,
    undefined,
    'node-9',
  ])
  expect(await bench.eventsOf('early')).toEqual(['Scheduled: Successfully assigned shop/early to node-1'])
  expect(await bench.eventsOf('fixed')).toEqual([])
})

it('says once why a pod waits, and places it when that changes', async () => {
  bench = controllerBench()
  bench.api.put(Node, nodeSeed('node-1'))
  await startScheduler(bench.deps, {}, bench.signal)
  await create('picky', { nodeSelector: { disk: 'ssd' } })
  await settled(bench)
  const message =
    "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."
  const { status } = bench.api.get(Pod, { namespace: 'shop', name: 'picky' })!
  expect(status?.conditions).toMatchObject([
    { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message },
  ])
  await create('other')
  await settled(bench)
  expect(await bench.eventsOf('picky')).toEqual([`FailedScheduling: ${message}`])
  bench.api.put(Node, nodeSeed('node-2', {}, { disk: 'ssd' }))
  await settled(bench)
  expect(nodeOf('picky')).toBe('node-2')
})

it('tries again when a binding could not be written', async () => {
  bench = controllerBench()
  bench.api.put(Node, nodeSeed('node-1'))
  await startScheduler(bench.deps, {}, bench.signal)
  let failures = 2
  bench.api.intercept = request => {
    if (!request.path.endsWith('/binding') || failures-- <= 0) return undefined
    throw new ConnectionError('away')
  }
  await create('a')
  await create('b')
  await settled(bench)
  expect(['a', 'b'].map(nodeOf)).toEqual(['node-1', 'node-1'])
})
