import { expect, test } from 'vitest'
import { settled, testBench } from '../../client/testing.ts'
import { ip } from '../../lib/ip.ts'
import { createWorld, OPTIONS, putNode, putService, putSlice, underlayOf } from './testing.ts'

test('without a tunnel packets travel as they are, and outside still stays outside', async () => {
  const world = createWorld(2)
  const bench = testBench()
  for (const number of [1, 2]) putNode(bench.api, number)
  const options = { ...OPTIONS, transport: 'host-gw' as const, mtu: 1500 }
  const roles = await Promise.all([1, 2].map(number => world.start(bench, number, bench.signal, options)))
  await Promise.all(roles.map(role => role.ready))
  const [a, b] = [await world.pod(1, 3), await world.pod(2, 3)]
  putService(bench.api, 'api', '172.30.1.1', { type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }] })
  putSlice(bench.api, 'api', [{ address: b.address, node: 'node-2' }])
  await settled(bench)
  expect(world.link.links(world.node(1)).map(({ name }) => name)).not.toContain('vxlan0')
  expect(await world.ask(a.netns, b.address, 8080)).toBe(`pod-2-3 ${a.address}`)
  expect(await world.ask(a.netns, ip('172.30.1.1'), 80)).toBe(`pod-2-3 ${a.address}`)
  expect(await world.ask(world.node(1), b.address, 8080)).toBe('pod-2-3 10.128.0.2')
  expect(await world.ask(world.outside, underlayOf(1), 30080)).toBe('pod-2-3 100.64.0.2')
  expect(await world.ask(world.outside, b.address, 8080)).toBe('timeout')
  bench.close()
  world.close()
})
