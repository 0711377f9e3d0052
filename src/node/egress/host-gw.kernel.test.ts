import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TestBench } from '../../client/testing.ts'
import { eventually, settled, testBench } from '../../client/testing.ts'
import type { World } from '../network/testing.ts'
import { createWorld, DUAL_OPTIONS, underlayOf } from '../network/testing.ts'
import {
  listenOutside,
  putEgressIP,
  putEgressNode,
  putNamespace,
  putPod,
  seenOutside,
  startEgressOn,
} from './testing.ts'

const OPTIONS = { ...DUAL_OPTIONS, transport: 'host-gw' } as const
const [EIP, EIP6] = ['172.18.0.50', 'fd18::50'] as const
let world: World
let first: TestBench
let benches: TestBench[]
let server: { close(): void }

beforeAll(async () => {
  world = createWorld(2, true)
  first = testBench()
  benches = [1, 2].map(() => testBench({}, first.api))
  server = await listenOutside(world)
  putNamespace(first.api, 'shop', { leaves: 'web' })
  for (const number of [1, 2]) putEgressNode(first.api, number)
  for (const [i, bench] of benches.entries()) {
    await (await world.start(bench, i + 1, bench.signal, OPTIONS)).ready
    await startEgressOn(world, bench, i + 1, OPTIONS)
  }
})
afterAll(() => {
  for (const bench of benches ?? []) bench.close()
  first?.close()
  server?.close()
  world?.close()
})

test('without a tunnel pods reach the node that has their address by the machine network', async () => {
  const pods = [await world.pod(1, 3), await world.pod(2, 3)]
  for (const [i, pod] of pods.entries()) putPod(first.api, i + 1, `pod-${i + 1}`, [pod.address, pod.address6])
  for (const bench of benches) await settled(bench)
  const seen = (family: 4 | 6 = 4) => Promise.all(pods.map(pod => seenOutside(world, pod, family)))
  expect(await seen()).toEqual([underlayOf(1), underlayOf(2)])
  putEgressIP(first.api, { [EIP]: 2, [EIP6]: 1 })
  for (const bench of benches) await settled(bench)
  const has = (number: number, address: string) =>
    world.link.addresses(world.node(number)).some(one => one.address === address)
  await eventually(() => has(2, EIP) && has(1, EIP6))
  expect(await seen()).toEqual([EIP, EIP])
  // Neighbours may still be asking for an address of IPv6 that has just come.
  await expect.poll(() => seen(6), { timeout: 5000 }).toEqual([EIP6, EIP6])
})
