/** Who asks for an idled Service waits, and is told of; TCP and UDP, both families, from a pod, a node and outside. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { Event } from '../../api/core/event.ts'
import { Service } from '../../api/core/service.ts'
import { EndpointSlice } from '../../api/discovery/endpoint-slice.ts'
import type { EventRecorder } from '../../client/events.ts'
import { createEventRecorder } from '../../client/events.ts'
import type { TestBench } from '../../client/testing.ts'
import { eventually, settled, testBench } from '../../client/testing.ts'
import { afterSilence } from '../../host/clock/testing.ts'
import { kernelNetns } from '../../host/netns/real.ts'
import { kernelPacketLog } from '../../host/nflog/real.ts'
import { rfc3339 } from '../../lib/clock.ts'
import type { Ip } from '../../lib/ip.ts'
import { ip } from '../../lib/ip.ts'
import { silent } from '../../lib/log.ts'
import { IDLED_AT, UNIDLED_AT } from '../../model/services/idling.ts'
import type { World } from './testing.ts'
import { createWorld, putDualNode, putService, putSlice, underlayOf } from './testing.ts'

let world: World
let bench: TestBench
let pods: Record<'client' | 'server', Awaited<ReturnType<World['pod']>>>
let heard = 0
/** What the agent is told of time; its timers go by it too. */
let nowMs = Date.now()
const due = new Set<{ atMs: number; f: () => void }>()

const V4 = { idled: ip('172.30.1.1'), empty: ip('172.30.1.2') }
const V6 = { idled: ip('fd02::11'), empty: ip('fd02::12') }
const PORTS = [
  { name: 'tcp', port: 80, protocol: 'TCP', nodePort: 30080 },
  { name: 'udp', port: 53, protocol: 'UDP', nodePort: 30053 },
] as const

beforeAll(async () => {
  world = createWorld(2, true)
  bench = testBench()
  for (const number of [1, 2]) putDualNode(bench.api, number, 'a')
  const clock = {
    ...bench.clock,
    now: () => nowMs,
    after(ms: number, f: () => void) {
      if (ms < 10_000) return bench.clock.after(ms, f)
      const one = { atMs: nowMs + ms, f }
      due.add(one)
      return () => void due.delete(one)
    },
  }
  const events = createEventRecorder({ client: bench.api.client, clock, log: silent }, { component: 'service-proxy' })
  const counting: EventRecorder = {
    record(...told) {
      heard++
      events.record(...told)
    },
    flush: () => events.flush(),
  }
  const idling = { packetLog: kernelPacketLog(kernelNetns()), events: counting }
  for (const number of [1, 2]) await (await world.start({ ...bench, clock, idling } as TestBench, number)).ready
  pods = { client: await world.pod(1, 3), server: await world.pod(2, 3) }
})
afterEach(() => {
  for (const { metadata } of bench.api.all(Event)) bench.api.drop(Event, metadata)
})
afterAll(() => {
  bench.close()
  world.close()
})

/** Both stand beside each other: one is idled, the other only has nobody. */
function put(annotations: Readonly<Record<string, string>>, type = 'ClusterIP'): void {
  for (const name of ['idled', 'empty'] as const) {
    const clusterIPs = [V4[name], V6[name]]
    const ports = PORTS.map(({ nodePort, ...port }) => ({
      ...port,
      ...(type === 'NodePort' ? { nodePort: nodePort + (name === 'idled' ? 0 : 1) } : {}),
    }))
    const { metadata, ...service } = putService(bench.api, name, V4[name], { clusterIPs, ports, type } as never)
    if (name === 'idled') bench.api.put(Service, { ...service, metadata: { ...metadata, annotations } })
  }
}
const isNeeded = (name = 'idled'): boolean =>
  bench.api.all(Event).some(({ reason, involvedObject }) => reason === 'NeedPods' && involvedObject.name === name)

/** What comes back, 'refused' by ICMP, or 'silence' after a while. */
async function send(from: Parameters<World['ask']>[0], address: Ip, port: number): Promise<string> {
  const socket = await world.sockets.udp({ netns: from, port: 0, family: address.includes(':') ? 6 : 4 })
  return new Promise(resolve => {
    const done = (said: string): void => {
      cancel()
      socket.close()
      resolve(said)
    }
    const cancel = afterSilence(500, () => done('silence'))
    socket.on('error', ({ message }) => done(message.includes('ECONNREFUSED') ? 'refused' : message))
    socket.on('message', text => done(String(text)))
    // Only who is connected hears of a refusal.
    socket.connect(port, address, () => socket.send('hello'))
  })
}
/** Of one family, as endpoints of both ports. */
function serve(address: Ip, address6: Ip): void {
  for (const [one, suffix] of [
    [address, '4'],
    [address6, '6'],
  ] as const)
    for (const { name, protocol } of PORTS) {
      const port = { name, protocol, port: protocol === 'TCP' ? 8080 : 5300 }
      const { metadata, ...slice } = putSlice(bench.api, 'idled', [{ address: one, node: 'node-2' }], port)
      bench.api.drop(EndpointSlice, metadata)
      bench.api.put(EndpointSlice, { ...slice, metadata: { ...metadata, name: `idled-${name}${suffix}` } })
    }
}
const dropSlices = (): void => {
  for (const { metadata } of bench.api.all(EndpointSlice)) bench.api.drop(EndpointSlice, metadata)
}

test.each([
  ['IPv4', V4],
  ['IPv6', V6],
])(
  '%s: a new connection to an idled Service is dropped and told of; one to a Service without endpoints is refused',
  async (_, { idled, empty }) => {
    put({ [IDLED_AT]: '2026-03-01T12:00:00Z' })
    await settled(bench)
    expect(await world.ask(pods.client.netns, empty, 80)).toBe('ECONNREFUSED')
    expect(await send(pods.client.netns, empty, 53)).toBe('refused')
    expect([isNeeded('empty'), isNeeded()]).toEqual([false, false])
    expect(await world.ask(pods.client.netns, idled, 80)).toBe('timeout')
    await eventually(() => isNeeded())
    for (const { metadata } of bench.api.all(Event)) bench.api.drop(Event, metadata)
    expect(await send(pods.client.netns, idled, 53)).toBe('silence')
    await eventually(() => isNeeded())
    // A port that the Service has not is refused all the same.
    expect(await world.ask(pods.client.netns, idled, 81)).toBe('ECONNREFUSED')
    expect(isNeeded('empty')).toBe(false)
  },
)

test.each([
  ['IPv4', V4, 'address'],
  ['IPv6', V6, 'address6'],
] as const)('%s: who asked is answered once there are pods, without asking again', async (_, { idled }, family) => {
  const { address, address6 } = pods.server
  const udp = await world.sockets.udp({ netns: pods.server.netns, port: 5300, family: family === 'address' ? 4 : 6 })
  udp.on('message', (_, { port, address: from }) => udp.send('pod', port, from))
  put({ [IDLED_AT]: '2026-03-01T12:00:00Z' })
  await settled(bench)
  const socket = world.sockets.connect({ netns: pods.client.netns, address: idled, port: 80 })
  const said = new Promise(resolve => socket.on('data', text => resolve(String(text))).on('error', resolve))
  await eventually(() => isNeeded())
  // Woken: nobody is idled any more, and the pods are not there yet.
  put({ [UNIDLED_AT]: rfc3339(nowMs) })
  await settled(bench)
  expect(await send(pods.client.netns, idled, 53)).toBe('silence')
  serve(address, address6)
  await settled(bench)
  expect(await said).toBe(`pod-2-3 ${pods.client[family]}`)
  expect(await send(pods.client.netns, idled, 53)).toBe('pod')
  udp.close()
  dropSlices()
})

test('a node and a client outside wake it too; they are refused where it is not idled', async () => {
  put({ [IDLED_AT]: '2026-03-01T12:00:00Z' }, 'NodePort')
  await settled(bench)
  expect(await world.ask(world.node(1), V4.empty, 80)).toBe('ECONNREFUSED')
  expect(await world.ask(world.outside, underlayOf(1), 30081)).toBe('ECONNREFUSED')
  expect(isNeeded()).toBe(false)
  expect(await world.ask(world.node(1), V4.idled, 80)).toBe('timeout')
  await eventually(() => isNeeded())
  for (const { metadata } of bench.api.all(Event)) bench.api.drop(Event, metadata)
  expect(await world.ask(world.outside, underlayOf(1), 30080)).toBe('timeout')
  await eventually(() => isNeeded())
})

test('30 s after it was woken it is a Service without endpoints like any other', async () => {
  put({ [UNIDLED_AT]: rfc3339(nowMs) })
  await settled(bench)
  expect(await world.ask(pods.client.netns, V4.idled, 80)).toBe('timeout')
  nowMs += 31_000
  for (const one of due) if (one.atMs <= nowMs && due.delete(one)) one.f()
  await settled(bench)
  expect(await world.ask(pods.client.netns, V4.idled, 80)).toBe('ECONNREFUSED')
  // Whoever starts later does not wait at all.
  put({})
  await settled(bench)
  expect(await world.ask(pods.client.netns, V6.idled, 80)).toBe('ECONNREFUSED')
})

test('however many ask, the agent hears of it about once a second', async () => {
  put({ [IDLED_AT]: '2026-03-01T12:00:00Z' })
  await settled(bench)
  const startMs = bench.clock.monotonic()
  const before = heard
  const socket = await world.sockets.udp({ netns: pods.client.netns, port: 0 })
  for (let i = 0; i < 300; i++) {
    socket.send('hello', 53, V4.idled)
    await bench.clock.sleep(5)
  }
  await eventually(() => heard - before > 1)
  const seconds = (bench.clock.monotonic() - startMs) / 1000
  expect(heard - before).toBeLessThanOrEqual(Math.ceil(seconds) + 1)
  socket.close()
})
