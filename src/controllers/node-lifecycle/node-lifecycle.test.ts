import { afterEach, describe, expect, it } from 'vitest'
import { Lease } from '../../api/coordination/lease.ts'
import { Node } from '../../api/core/node.ts'
import { Pod } from '../../api/core/pod.ts'
import { fakeApi } from '../../client/fake.ts'
import { eventually } from '../../client/testing.ts'
import { type FakeClock, fakeClock } from '../../host/clock/fake.ts'
import { type ControllerBench, controllerBench, nodeOf, nodeSeed, podOf } from '../shared/testing.ts'
import { startNodeLifecycle } from './controller.ts'
import { decide } from './decide.ts'

const ready = (status: string) => ({ conditions: [{ type: 'Ready', status }] })
const taints = (node: Node, silent = false) =>
  (decide(node, silent, 0).taints ?? node.spec.taints ?? []).map(({ key, effect }) => `${key.slice(19)}:${effect}`)
const OWN = { key: 'dedicated', effect: 'NoSchedule' as const }

describe('taints', () => {
  it.each([
    ['ready', nodeOf('a', {}, {}, ready('True')), false, []],
    ['not ready', nodeOf('a', {}, {}, ready('False')), false, ['not-ready:NoSchedule', 'not-ready:NoExecute']],
    ['silent', nodeOf('a', {}, {}, ready('True')), true, ['unreachable:NoSchedule', 'unreachable:NoExecute']],
    ['new, nothing reported yet', nodeOf('a'), false, []],
    ['never heard', nodeOf('a'), true, ['unreachable:NoSchedule', 'unreachable:NoExecute']],
    ['cordoned', nodeOf('a', { unschedulable: true }, {}, ready('True')), false, ['unschedulable:NoSchedule']],
  ])('of a node that is %s', (_, node, silent, expected) => {
    expect(taints(node, silent)).toEqual(expected)
  })
  it('of others stay, and ours go when they are over', () => {
    const node = nodeOf(
      'a',
      { taints: [OWN, { key: 'node.kubernetes.io/unreachable', effect: 'NoSchedule' }] },
      {},
      ready('True'),
    )
    expect(decide(node, false, 0).taints).toEqual([OWN])
    expect(decide({ ...node, spec: { taints: [OWN] } }, false, 0).taints).toBeUndefined()
  })
})

let bench: ControllerBench
let clock: FakeClock
afterEach(() => bench?.close())
const lease = { namespace: 'kube-node-lease', name: 'node-1' }
const readyOf = (): string | undefined =>
  bench.api.get(Node, { name: 'node-1' })?.status?.conditions?.find(one => one.type === 'Ready')?.status
const podReady = (): string | undefined =>
  bench.api.get(Pod, { namespace: 'shop', name: 'p' })?.status?.conditions?.[0]?.status
const renew = (n: number) =>
  bench.api.put(Lease, {
    metadata: lease,
    spec: { holderIdentity: 'node-1', renewTime: `2026-01-01T00:00:${String(n % 60).padStart(2, '0')}.000000Z` },
  })

async function start(): Promise<void> {
  clock = fakeClock()
  bench = controllerBench({}, fakeApi(clock), clock)
  bench.api.put(Node, nodeSeed('node-1'))
  bench.api.put(Pod, podOf({ name: 'p', node: 'node-1', ip: '10.128.0.5' }))
  renew(0)
  await startNodeLifecycle(bench.deps, { graceMs: 4000 }, bench.signal)
}

it('loses a node whose lease falls silent, with its pods, and finds it again', async () => {
  await start()
  for (let second = 1; second <= 10; second++) {
    renew(second)
    await clock.advance(1000)
  }
  expect([readyOf(), podReady()]).toEqual(['True', 'True'])
  await clock.advance(5000)
  await eventually(() => readyOf() === 'Unknown' && podReady() === 'False')
  const node = () => bench.api.get(Node, { name: 'node-1' })!
  await eventually(() => node().spec.taints?.length === 2)
  expect(node().status?.conditions?.[0]).toMatchObject({
    reason: 'NodeStatusUnknown',
    message: 'Kubelet stopped posting node status.',
  })
  expect(await bench.eventsOf('node-1')).toEqual(['NodeNotReady: Node node-1 status is now: NodeNotReady'])
  renew(30)
  bench.api.put(Node, {
    ...node(),
    status: { conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: '2026-01-01T00:00:30Z' }] },
  })
  await eventually(() => (node().spec.taints ?? []).length === 0)
  expect(readyOf()).toBe('True')
})

it('hears a node by its status too', async () => {
  await start()
  for (let second = 1; second <= 10; second++) {
    const lastHeartbeatTime = `2026-01-01T00:00:${String(second).padStart(2, '0')}Z`
    bench.api.put(Node, {
      ...bench.api.get(Node, { name: 'node-1' })!,
      status: { conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime }] },
    })
    await clock.advance(1000)
  }
  expect(readyOf()).toBe('True')
  await clock.advance(5000)
  await eventually(() => readyOf() === 'Unknown')
})
