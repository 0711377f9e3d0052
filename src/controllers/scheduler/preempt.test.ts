import { afterEach, describe, expect, it } from 'vitest'
import { Node } from '../../api/core/node.ts'
import { Pod } from '../../api/core/pod.ts'
import type { PodDisruptionBudget } from '../../api/policy/pod-disruption-budget.ts'
import { eventually, settled } from '../../client/testing.ts'
import { type ControllerBench, controllerBench, nodeOf, podOf } from '../shared/testing.ts'
import { startScheduler } from './controller.ts'
import { place, type Snapshot } from './decide.ts'

const node = (name: string, cpu = '2') => nodeOf(name, {}, {}, { allocatable: { pods: '110', cpu } })
const pod = (
  name: string,
  priority: number,
  more: Partial<Pod['spec']> = {},
  shape: Partial<Parameters<typeof podOf>[0]> = {},
) =>
  podOf({
    name,
    spec: { priority, containers: [{ name: 'c', image: 'x', resources: { requests: { cpu: '1' } } }], ...more },
    ...shape,
  })
const on = (name: string, ...pods: readonly Pod[]) => pods.map(one => ({ pod: one, node: name }))
const budget = (name: string, allowed: number): PodDisruptionBudget =>
  ({
    metadata: { namespace: 'shop', name, uid: name, resourceVersion: '1' },
    spec: { selector: { matchLabels: { guarded: name } } },
    status: { disruptionsAllowed: allowed, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 },
  }) as never
const outcome = (pending: readonly Pod[], snapshot: Partial<Snapshot>) =>
  place(pending, { nodes: [node('node-1')], placed: [], services: [], ...snapshot }).map(one => {
    if (one.node !== undefined) return one.node
    const { preemption } = one
    return preemption ? [preemption.node, ...preemption.victims.map(({ metadata }) => metadata.name)] : one.message
  })

describe('who goes', () => {
  const full = on('node-1', pod('low', 1), pod('mid', 5))
  it('the least important, and no more than needed', () => {
    expect(outcome([pod('high', 10)], { placed: full })).toEqual([['node-1', 'low']])
    const two = pod('high', 10, { containers: [{ name: 'c', image: 'x', resources: { requests: { cpu: '2' } } }] })
    expect(outcome([two], { placed: full })).toEqual([['node-1', 'mid', 'low']])
  })
  it('nobody who is as important, and for a pod that never preempts nobody at all', () => {
    const reason = '0/1 nodes are available: 1 Insufficient cpu.'
    expect(outcome([pod('same', 1)], { placed: full })).toEqual([
      `${reason} preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.`,
    ])
    expect(outcome([pod('polite', 10, { preemptionPolicy: 'Never' })], { placed: full })).toEqual([
      `${reason} preemption: not eligible due to preemptionPolicy=Never.`,
    ])
  })
  it('nobody where that would not help', () => {
    const large = pod('large', 10, { containers: [{ name: 'c', image: 'x', resources: { requests: { cpu: '2' } } }] })
    const placed = on('node-1', pod('low', 1), pod('equal', 10))
    expect(outcome([large], { placed })).toEqual([
      '0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 Insufficient cpu.',
    ])
    const picky = pod('picky', 10, { nodeSelector: { disk: 'ssd' } })
    expect(outcome([picky], { placed: full })[0]).toContain('1 Preemption is not helpful for scheduling.')
  })
  it('rather those whom no budget guards, though a budget does not save everybody', () => {
    const guarded = pod('guarded', 1, {}, { labels: { guarded: 'b' } })
    const free = pod('free', 2)
    const placed = on('node-1', guarded, free)
    expect(outcome([pod('high', 10)], { placed, budgets: [budget('b', 0)] })).toEqual([['node-1', 'free']])
    expect(outcome([pod('high', 10)], { placed, budgets: [budget('b', 1)] })).toEqual([['node-1', 'guarded']])
    expect(
      outcome([pod('high', 10)], { placed: on('node-1', guarded, pod('vip', 10)), budgets: [budget('b', 0)] }),
    ).toEqual([['node-1', 'guarded']])
  })
  it('on the node where it hurts least', () => {
    const nodes = [node('a', '1'), node('b', '1'), node('c', '1')]
    const placed = [...on('a', pod('p5', 5)), ...on('b', pod('p3', 3)), ...on('c', pod('p4', 4))]
    expect(outcome([pod('high', 10)], { nodes, placed })).toEqual([['b', 'p3']])
    const labels = { guarded: 'b' }
    const two = [...on('a', pod('p3', 3, {}, { labels })), ...on('b', pod('p5', 5)), ...on('c', pod('p6', 6))]
    expect(outcome([pod('high', 10)], { nodes, placed: two, budgets: [budget('b', 0)] })).toEqual([['b', 'p5']])
  })
  it('frees host ports and anti-affinity too', () => {
    const port = { containers: [{ name: 'c', image: 'x', ports: [{ containerPort: 80, hostPort: 80 }] }] }
    const placed = on('node-1', pod('low', 1, port))
    expect(outcome([pod('high', 10, port)], { placed })).toEqual([['node-1', 'low']])
    const away = {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'x' } } },
        ],
      },
    }
    const nodes = [nodeOf('node-1', {}, { 'kubernetes.io/hostname': 'node-1' })]
    const lone = on('node-1', pod('low', 1, {}, { labels: { app: 'x' } }))
    expect(outcome([pod('high', 10, { affinity: away })], { nodes, placed: lone })).toEqual([['node-1', 'low']])
  })
  it('lesser pods do not take the room that is being made', () => {
    const nominated = { ...pod('high', 10), status: { phase: 'Pending' as const, nominatedNodeName: 'node-1' } }
    const leaving = {
      ...pod('leaving', 1),
      metadata: { ...pod('leaving', 1).metadata, deletionTimestamp: '2026-01-01T00:00:00Z' },
    }
    const placed = on('node-1', leaving, pod('stays', 10))
    const [high, low] = outcome([pod('low', 2), nominated], { placed })
    expect(high).toContain('preemption: not eligible due to a terminating pod on the nominated node.')
    expect(low).toContain('1 Insufficient cpu')
    expect(outcome([pod('low', 2), nominated], { placed: on('node-1', pod('stays', 10)) })[0]).toBe('node-1')
  })
})

let bench: ControllerBench | undefined
afterEach(() => bench?.close())

it('ends the victims, says so everywhere, and places the pod once they are gone', async () => {
  bench = controllerBench()
  const { api } = bench
  const spec = (priority: number) => ({
    priority,
    containers: [{ name: 'c', image: 'x', resources: { requests: { cpu: '1' } } }],
  })
  api.put(Node, node('node-1', '1'))
  const low = await api.client.create(Pod, { metadata: { namespace: 'shop', name: 'low' }, spec: spec(1) })
  await startScheduler(bench.deps, {}, bench.signal)
  await settled(bench)
  const get = (name: string) => api.get(Pod, { namespace: 'shop', name })
  expect(get('low')?.spec.nodeName).toBe('node-1')
  // Its node takes a while to end it.
  api.put(Pod, { ...get('low')!, metadata: { ...get('low')!.metadata, finalizers: ['test/holds'] } })
  const high = await api.client.create(Pod, { metadata: { namespace: 'shop', name: 'high' }, spec: spec(10) })
  await settled(bench)
  expect(get('low')).toMatchObject({
    metadata: { deletionTimestamp: expect.anything() },
    status: {
      conditions: expect.arrayContaining([
        expect.objectContaining({
          type: 'DisruptionTarget',
          reason: 'PreemptionByScheduler',
          message: 'default-scheduler: preempting to accommodate a higher priority pod',
        }),
      ]),
    },
  })
  expect(get('high')?.status?.nominatedNodeName).toBe('node-1')
  expect(await bench.eventsOf('low')).toContain(`Preempted: Preempted by pod ${high.metadata.uid} on node node-1`)
  expect(await bench.eventsOf('high')).toContain('FailedScheduling: 0/1 nodes are available: 1 Insufficient cpu.')
  api.drop(Pod, low.metadata as never)
  await eventually(() => get('high')?.spec.nodeName === 'node-1')
})
