import { afterAll, beforeAll, expect, test } from 'vitest'
import { Service } from '../../api/core/service.ts'
import { createEventRecorder } from '../../client/events.ts'
import type { TestBench } from '../../client/testing.ts'
import { eventually, settled, testBench } from '../../client/testing.ts'
import { kernelArp } from '../../host/arp/real.ts'
import { ip } from '../../lib/ip.ts'
import type { World } from '../network/testing.ts'
import { createWorld, OUTSIDE, putNode, putService, putSlice, underlayOf } from '../network/testing.ts'
import { FENCE } from './fence.ts'
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
const claims = (number: number): number => {
  const nft = world.nft.open(world.node(number))
  const count = nft.elements(FENCE.family, FENCE.name, 'claimed')?.length ?? 0
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
