import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Node } from '../../api/core/node.ts'
import { Service } from '../../api/core/service.ts'
import { createEventRecorder } from '../../client/events.ts'
import type { TestBench } from '../../client/testing.ts'
import { eventually, settled, testBench } from '../../client/testing.ts'
import { kernelArp } from '../../host/arp/real.ts'
import { silence, slowness } from '../../host/clock/testing.ts'
import type { Ip } from '../../lib/ip.ts'
import { ip } from '../../lib/ip.ts'
import type { World } from '../network/testing.ts'
import { createWorld, OUTSIDE, putNode, putService, putSlice, underlayOf } from '../network/testing.ts'
import { FENCE, FENCE6 } from './fence.ts'
import { startAnnouncer } from './role.ts'

const VIP = ip('172.18.0.240')
let world: World
let benches: Map<number, TestBench>
let first: TestBench

beforeAll(async () => {
  world = createWorld(2)
  first = testBench()
  benches = new Map()
  for (const number of [1, 2]) {
    const bench = testBench({}, first.api)
    benches.set(number, bench)
    putNode(first.api, number)
    const role = await world.start(bench, number)
    await role.ready
    await announce(bench, number)
  }
})
afterAll(() => {
  for (const bench of benches.values()) bench.close()
  first.close()
  world.close()
})

const announce = (bench: TestBench, number: number) =>
  startAnnouncer(
    {
      ...bench,
      nft: world.nft,
      link: world.link,
      sockets: world.sockets,
      arp: kernelArp(world.netns),
      events: createEventRecorder({ ...bench, client: bench.api.client }, { component: 'speaker' }),
    },
    { node: `node-${number}`, netns: world.node(number), address: underlayOf(number) },
    bench.signal,
  )
const holders = (): readonly number[] =>
  [1, 2].filter(number => world.link.addresses(world.node(number)).some(({ address }) => address === VIP))
const claims = (number: number, table = FENCE): number => {
  const nft = world.nft.open(world.node(number))
  const count = nft.elements(table.family, table.name, 'claimed')?.length ?? 0
  nft.close()
  return count
}
const ask = () => world.ask(world.outside, VIP, 80)

test('one node answers for a load balancer address; when its agent dies the kernel stops answering and the other takes over', async () => {
  const pods = [await world.pod(1, 3), await world.pod(2, 3)]
  const service = putService(first.api, 'web', '172.30.1.1', { type: 'LoadBalancer' })
  putSlice(
    first.api,
    'web',
    pods.map(({ address }, i) => ({ address, node: `node-${i + 1}` })),
  )
  expect(await ask()).toMatch(/^(timeout|EHOSTUNREACH)$/)
  first.api.put(Service, { ...service, status: { loadBalancer: { ingress: [{ ip: VIP, ipMode: 'VIP' }] } } })
  for (const bench of benches.values()) await settled(bench)
  expect(holders()).toHaveLength(1)
  expect(await ask()).toMatch(/^pod-/)
  const [owner] = holders() as [number]
  const heir = 3 - owner
  expect([claims(owner), claims(heir)]).toEqual([1, 0])

  benches.get(owner)!.close()
  await eventually(() => holders().includes(heir) && claims(heir) === 1)
  await eventually(() => claims(owner) === 0)
  expect(await ask()).toMatch(/^pod-/)

  // The one that comes back lets go of what it had, and takes nothing from the other.
  const again = testBench({}, first.api)
  benches.set(owner, again)
  await (await world.start(again, owner)).ready
  await announce(again, owner)
  await settled(again)
  expect(holders()).toEqual([heir])
  expect(await ask()).toMatch(/^pod-/)
})

test('under externalTrafficPolicy Local the address is where an endpoint is, and the pod sees the client', async () => {
  const pods = { 1: ip('10.128.0.3'), 2: ip('10.128.2.3') }
  const put = (node: 1 | 2) => putSlice(first.api, 'web', [{ address: pods[node], node: `node-${node}` }])
  const spec = { type: 'LoadBalancer' as const, externalTrafficPolicy: 'Local' as const }
  const service = putService(first.api, 'web', '172.30.1.1', spec)
  put(1)
  first.api.put(Service, { ...service, status: { loadBalancer: { ingress: [{ ip: VIP, ipMode: 'VIP' }] } } })
  for (const node of [1, 2, 1] as const) {
    put(node)
    for (const bench of benches.values()) await settled(bench)
    await eventually(() => holders().join() === String(node))
    expect(await ask()).toBe(`pod-${node}-3 ${OUTSIDE}`)
  }
  first.api.drop(Service, { namespace: 'shop', name: 'web' })
  await eventually(() => holders().length === 0)
})

describe('when the node that has an address dies', () => {
  /** The longest silence of a client that asks every 20 ms, from the moment in which the node dies to the heir's first answers. */
  async function silenceMs(vip: Ip): Promise<number> {
    const client = await world.sockets.udp({
      netns: world.outside,
      port: 0,
      ...(vip.includes(':') ? { address: ip('::') } : {}),
    })
    let heardMs = performance.now()
    let longest = 0
    let heard = ''
    client.on('error', () => {})
    client.on('message', data => {
      longest = Math.max(longest, performance.now() - heardMs)
      heardMs = performance.now()
      heard = String(data)
    })
    const asking = setInterval(() => client.send('?', PORT, vip, () => {}), 20)
    await eventually(() => heard !== '')
    const owner = Number(heard)
    longest = 0
    world.link.apply(world.node(owner), [{ op: 'down', name: 'eth0' }])
    benches.get(owner)!.close()
    await eventually(() => heard === String(3 - owner))
    clearInterval(asking)
    client.close()
    // For the next one.
    world.link.apply(world.node(owner), [
      { op: 'up', name: 'eth0' },
      { op: 'address', name: 'eth0', address: ip(`fd18::1${owner}`), bits: 64 },
    ])
    const again = testBench({}, first.api)
    benches.set(owner, again)
    await announce(again, owner)
    await settled(again)
    return longest
  }
  const PORT = 7777

  test.each([
    ['IPv4', ip('172.18.0.241'), '172.30.1.9'],
    ['IPv6', ip('fd18::f0'), '172.30.1.10'],
  ])('another answers for its %s address within a second', async (_, vip, clusterIP) => {
    const servers = []
    for (const number of [1, 2]) {
      const at = world.node(number)
      const own = ip(`fd18::1${number}`)
      world.link.apply(at, [{ op: 'address', name: 'eth0', address: own, bits: 64 }])
      const node = putNode(first.api, number)
      const addresses = [...node.status!.addresses!, { type: 'InternalIP', address: own }]
      first.api.put(Node, { ...node, status: { ...node.status, addresses } })
      for (const address of [ip('::'), ip('0.0.0.0')]) {
        if (address.includes(':') !== vip.includes(':')) continue
        const server = await world.sockets.udp({ netns: at, port: PORT, address })
        server.on('message', (_bytes, { address: to, port }) => server.send(String(number), port, to, () => {}))
        servers.push(server)
      }
    }
    world.link.apply(world.outside, [{ op: 'address', name: 'eth0', address: ip('fd18::100'), bits: 64 }])
    const service = putService(first.api, `at-${vip.length}`, clusterIP, {
      type: 'LoadBalancer',
      ports: [{ port: 1, protocol: 'TCP' }],
    })
    first.api.put(Service, { ...service, status: { loadBalancer: { ingress: [{ ip: vip, ipMode: 'VIP' }] } } })
    for (const bench of benches.values()) await settled(bench)
    const silences: number[] = []
    const limitMs = 1000 * slowness()
    // A loaded machine may stop everybody for a while: one of three has to be undisturbed.
    for (let i = 0; i < 3 && Math.min(...silences) >= limitMs; i++) silences.push(await silenceMs(vip))
    console.log(`${vip}: silent for ${silences.map(Math.round).join(', ')} ms`)
    expect(Math.min(...silences)).toBeLessThan(limitMs)
    // The node really was gone.
    expect(Math.max(...silences)).toBeGreaterThan(100)

    // All agents dead, the nodes up: the kernel itself stops telling who has the address.
    const isAnswered = async (): Promise<boolean> => {
      execFileSync('nsenter', [`--net=${world.outside.path}`, 'ip', 'neighbour', 'flush', 'dev', 'eth0'])
      const probe = await world.sockets.udp({
        netns: world.outside,
        port: 0,
        ...(vip.includes(':') ? { address: ip('::') } : {}),
      })
      probe.on('error', () => {})
      const answer = once(probe, 'message', { signal: silence(300) })
      probe.send('?', PORT, vip, () => {})
      return answer
        .then(
          () => true,
          () => false,
        )
        .finally(() => probe.close())
    }
    expect(await isAnswered()).toBe(true)
    for (const bench of benches.values()) bench.close()
    const table = vip.includes(':') ? FENCE6 : FENCE
    await eventually(() => claims(1, table) + claims(2, table) === 0)
    expect(await isAnswered()).toBe(false)
    for (const number of [1, 2]) {
      const bench = testBench({}, first.api)
      benches.set(number, bench)
      await announce(bench, number)
    }
    for (const server of servers) server.close()
  })
})
