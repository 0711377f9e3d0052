import { afterEach, beforeEach, expect, test } from 'vitest'
import { Event } from '../../api/core/event.ts'
import { createEventRecorder } from '../../client/events.ts'
import type { TestBench } from '../../client/testing.ts'
import { testBench } from '../../client/testing.ts'
import { fakeClock } from '../../host/clock/fake.ts'
import { fakeConntrack } from '../../host/conntrack/fake.ts'
import { fakeNetns } from '../../host/netns/fake.ts'
import { createProxyMetrics } from './proxy-metrics.ts'
import { watchRoom } from './room.ts'

let bench: TestBench
beforeEach(() => {
  bench = testBench()
})
afterEach(() => bench.close())

test('the Node has an event when the kernel has no room for connections, and none as long as there is room', async () => {
  const clock = fakeClock()
  const kernel = fakeConntrack()
  const metrics = createProxyMetrics(clock.now, () => ({ services: 0, slices: 0 }))
  const events = createEventRecorder(
    { client: bench.api.client, clock, log: bench.log },
    { component: 'proxy', host: 'n' },
  )
  const conntrack = kernel.open(fakeNetns().create('n'))
  kernel.setRoom({ count: 900, max: 1000, dropped: 3 })
  const stop = watchRoom({ conntrack, metrics, clock, events }, 'node-1')
  const told = async () => {
    await events.flush()
    return bench.api.all(Event).map(({ involvedObject, type, message }) => `${type} ${involvedObject.name} ${message}`)
  }
  await clock.advance(30_000)
  expect(await told()).toEqual([])
  expect(metrics.text('IPv4')).toContain('node_nf_conntrack_entries 900\n')
  expect(metrics.text('IPv4')).toContain('node_nf_conntrack_entries_limit 1000\n')
  kernel.setRoom({ count: 1000, max: 1000, dropped: 45 })
  await clock.advance(10_000)
  expect(await told()).toEqual([
    'Warning node-1 nf_conntrack is full: 1000 connections of at most 1000; 42 packets of new ones were dropped in the last 10 s. Raise net.netfilter.nf_conntrack_max',
  ])
  expect(metrics.text('IPv4')).toContain('node_nf_conntrack_stat_drop 45\n')
  stop()
})
