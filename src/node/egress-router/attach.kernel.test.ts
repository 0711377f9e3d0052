import { createServer } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TestBench } from '../../client/testing.ts'
import { testBench } from '../../client/testing.ts'
import { cidr } from '../../lib/cidr.ts'
import { ip } from '../../lib/ip.ts'
import type { World } from '../network/testing.ts'
import { createWorld, OUTSIDE, OUTSIDE6, putDualNode, underlay6Of, underlayOf } from '../network/testing.ts'
import { attachRouter } from './attach.ts'

const INSIDE = [cidr('10.128.0.0/14'), cidr('fd01::/48')]
let world: World
let bench: TestBench
let server: ReturnType<typeof createServer>

beforeAll(async () => {
  world = createWorld(1, true)
  bench = testBench()
  putDualNode(bench.api, 1, 'a')
  await (await world.start(bench, 1)).ready
  // It says whom it sees.
  server = createServer(socket => socket.on('error', () => {}).end((socket.remoteAddress ?? '').replace('::ffff:', '')))
  await world.sockets.listen(server, { netns: world.outside, port: 8099 })
})
afterAll(() => {
  server?.close()
  bench?.close()
  world?.close()
})

test.each([
  [4, ip('172.18.0.70'), 24, underlayOf(1), OUTSIDE, 21],
  [6, ip('fd18::70'), 64, underlay6Of(1), OUTSIDE6, 22],
] as const)('IPv%i: the outside host sees the router, by its ports alone; pods reach each other', async (...shape) => {
  const [family, address, bits, gateway, target, index] = shape
  const [router, client] = [await world.pod(1, index), await world.pod(1, index + 10)]
  const own = family === 4 ? router.address : router.address6
  const rules = [{ protocol: 'tcp', port: 80, to: target, targetPort: 8099 }] as const
  const attach = () =>
    attachRouter(
      world,
      { node: world.node(1), pod: router.netns, inside: INSIDE },
      { name: 'net1', mode: 'bridge', parent: 'eth0', settings: { address, bits, gateway, rules } },
    )
  expect(await world.ask(client.netns, own, 80)).toBe('ECONNREFUSED')
  attach()
  // Once more changes nothing.
  attach()
  await expect.poll(() => world.ask(client.netns, own, 80), { timeout: 30_000 }).toBe(address)
  expect(await world.ask(client.netns, own, 81)).toBe('ECONNREFUSED')
  expect(await world.ask(client.netns, own, 8080)).toContain(`pod-1-${index}`)
})

test('without a route of the family the pod is no router, and the link goes again', async () => {
  const pod = await world.pod(1, 41)
  const everywhere = cidr('::/0')
  world.link.apply(pod.netns, [{ op: 'route-delete', dev: 'eth0', family: 6, to: everywhere }])
  const settings = { address: ip('fd18::71'), bits: 64, gateway: underlay6Of(1), rules: [] }
  const at = { node: world.node(1), pod: pod.netns, inside: INSIDE }
  expect(() => attachRouter(world, at, { name: 'net1', mode: 'bridge', parent: 'eth0', settings })).toThrow(
    'no IPv6 route',
  )
  expect(world.link.links(pod.netns).map(({ name }) => name)).not.toContain('net1')
})
