import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { EgressIP } from '../../api/ovn/egress-ip.ts'
import type { TestBench } from '../../client/testing.ts'
import { eventually, settled, testBench } from '../../client/testing.ts'
import type { World } from '../network/testing.ts'
import { createWorld, underlay6Of, underlayOf } from '../network/testing.ts'
import {
  listenOutside,
  putEgressIP,
  putEgressNode,
  putNamespace,
  putPod,
  seenOutside,
  startEgressOn,
} from './testing.ts'

const EIP = '172.18.0.50'
const EIP6 = 'fd18::50'
const ALL = [1, 2, 3] as const
let world: World
let first: TestBench
let benches: TestBench[]
let server: { close(): void }
let pods: Awaited<ReturnType<World['pod']>>[]

beforeAll(async () => {
  world = createWorld(3, true)
  first = testBench()
  benches = []
  server = await listenOutside(world)
  putNamespace(first.api, 'shop', { leaves: 'web' })
  for (const number of ALL) putEgressNode(first.api, number)
  for (const number of ALL) {
    const bench = testBench({}, first.api)
    benches.push(bench)
    await (await world.start(bench, number)).ready
    await startEgressOn(world, bench, number)
  }
  pods = [await world.pod(1, 3), await world.pod(2, 3), await world.pod(3, 3)]
  for (const [i, pod] of pods.entries()) putPod(first.api, i + 1, `pod-${i + 1}`, [pod.address, pod.address6])
})
afterAll(() => {
  for (const bench of benches ?? []) bench.close()
  first?.close()
  server?.close()
  world?.close()
})
afterEach(async () => {
  for (const one of first.api.all(EgressIP)) first.api.drop(EgressIP, { name: one.metadata.name })
  await everybody()
})

const everybody = async (): Promise<void> => {
  for (const bench of benches) await settled(bench)
}
const holders = (address: string): readonly number[] =>
  ALL.filter(number => world.link.addresses(world.node(number)).some(one => one.address === address))
const isHeldBy = (number: number, ...addresses: string[]) =>
  eventually(
    () => addresses.every(address => holders(address).join() === String(number)),
    () => addresses.map(holders),
  )
const seen = (family: 4 | 6 = 4) => Promise.all(pods.map(pod => seenOutside(world, pod, family)))

test('pods leave with the address of their EgressIP, whichever node they are on; others do not', async () => {
  expect(await seen()).toEqual(ALL.map(underlayOf))
  putEgressIP(first.api, { [EIP]: 2, [EIP6]: 3 })
  await everybody()
  await isHeldBy(2, EIP)
  await isHeldBy(3, EIP6)
  expect(await seen()).toEqual([EIP, EIP, EIP])
  expect(await seen(6)).toEqual([EIP6, EIP6, EIP6])
  // What stays inside is not touched: pods of other nodes and nodes themselves see the pod's own address.
  expect(await world.ask(pods[0]!.netns, pods[2]!.address, 8080)).toBe(`pod-3-3 ${pods[0]!.address}`)
  putEgressIP(first.api, { [EIP]: 2, [EIP6]: 3 }, { podSelector: { matchLabels: { none: 'such' } } })
  await everybody()
  expect(await seen()).toEqual(ALL.map(underlayOf))
  expect(await seen(6)).toEqual(ALL.map(underlay6Of))
})
