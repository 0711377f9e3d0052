import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TestBench } from '../../client/testing.ts'
import { settled, testBench } from '../../client/testing.ts'
import { ip } from '../../lib/ip.ts'
import type { World } from './testing.ts'
import { createWorld, OUTSIDE, putNode, putService, putSlice, underlayOf } from './testing.ts'

let world: World
let bench: TestBench
let pods: { readonly a: Awaited<ReturnType<World['pod']>>; readonly b: Awaited<ReturnType<World['pod']>> }

const API = ip('172.30.1.1')

beforeAll(async () => {
  world = createWorld(3)
  bench = testBench()
  for (const number of [1, 2, 3]) putNode(bench.api, number)
  const roles = await Promise.all([1, 2, 3].map(number => world.start(bench, number)))
  await Promise.all(roles.map(role => role.ready))
  pods = { a: await world.pod(1, 3), b: await world.pod(2, 3) }
  putService(bench.api, 'api', API, { type: 'NodePort', ports: [{ port: 80, protocol: 'TCP', nodePort: 30080 }] })
  putSlice(bench.api, 'api', [
    { address: pods.a.address, node: 'node-1' },
    { address: pods.b.address, node: 'node-2' },
  ])
  await settled(bench)
})
afterAll(() => {
  bench.close()
  world.close()
})

/** Who answers, and which client address they see, over enough connections that each endpoint has its turn. */
async function answers(ask: () => Promise<string>): Promise<ReadonlySet<string>> {
  const seen = new Set<string>()
  for (let i = 0; i < 40 && (seen.size < 2 || i < 8); i++) seen.add(await ask())
  return seen
}

test('pods reach pods of other nodes with their own address', async () => {
  expect(await world.ask(pods.a.netns, pods.b.address, 8080)).toBe(`pod-2-3 ${pods.a.address}`)
  expect(await world.ask(pods.b.netns, pods.a.address, 8080)).toBe(`pod-1-3 ${pods.b.address}`)
})

test('a node reaches pods, its own and others, from its management address', async () => {
  expect(await world.ask(world.node(1), pods.a.address, 8080)).toBe('pod-1-3 10.128.0.2')
  expect(await world.ask(world.node(1), pods.b.address, 8080)).toBe('pod-2-3 10.128.0.2')
})

test('a Service leads to each of its endpoints, and a pod reaches itself through it', async () => {
  const c = await world.pod(3, 3)
  expect(await answers(() => world.ask(c.netns, API, 80))).toEqual(
    new Set([`pod-1-3 ${c.address}`, `pod-2-3 ${c.address}`]),
  )
  expect(await answers(() => world.ask(pods.a.netns, API, 80))).toEqual(
    new Set(['pod-1-3 169.254.0.5', `pod-2-3 ${pods.a.address}`]),
  )
  expect(await answers(() => world.ask(world.node(3), API, 80))).toEqual(
    new Set(['pod-1-3 10.128.4.2', 'pod-2-3 10.128.4.2']),
  )
})

test('a node port answers clients outside, whichever node the endpoint is on', async () => {
  for (const [number, join] of [
    [1, '100.64.0.2'],
    [3, '100.64.0.4'],
  ] as const)
    expect(await answers(() => world.ask(world.outside, underlayOf(number), 30080))).toEqual(
      new Set([`pod-1-3 ${join}`, `pod-2-3 ${join}`]),
    )
  expect(await world.ask(pods.b.netns, underlayOf(1), 30080)).toMatch(/^pod-/)
  expect(await world.ask(world.node(1), underlayOf(1), 30080)).toMatch(/^pod-/)
})

test('neither pods nor ClusterIPs can be reached from outside', async () => {
  expect(await world.ask(world.outside, pods.a.address, 8080)).toBe('timeout')
  expect(await world.ask(world.outside, API, 80)).toBe('timeout')
  expect(await world.ask(world.outside, ip('100.64.0.2'), 8080)).toBe('timeout')
  // The same outside host, the same pods, the same Service: by the node port.
  expect(await world.ask(world.outside, underlayOf(1), 30080)).toMatch(/^pod-/)
  expect(await world.ask(world.node(1), pods.a.address, 8080)).toMatch(/^pod-1-3/)
})

test('a pod leaves the cluster with the address of its node', async () => {
  const { createServer } = await import('node:net')
  const seen: string[] = []
  const server = createServer(socket => socket.end(seen.push(socket.remoteAddress ?? '') ? 'ok' : ''))
  await world.sockets.listen(server, { netns: world.outside, port: 9000 })
  expect(await world.ask(pods.b.netns, OUTSIDE, 9000)).toBe('ok')
  expect(seen).toEqual([`::ffff:${underlayOf(2)}`])
  server.close()
})

test('endpoints on the host network answer pods, nodes and clients outside', async () => {
  const { createServer } = await import('node:net')
  const server = createServer(socket => socket.end(`host ${socket.remoteAddress?.replace('::ffff:', '')}`))
  await world.sockets.listen(server, { netns: world.node(1), port: 6443 })
  const address = ip('172.30.0.1')
  putService(bench.api, 'host', address, {
    type: 'NodePort',
    ports: [{ port: 443, protocol: 'TCP', nodePort: 30443 }],
  })
  putSlice(bench.api, 'host', [{ address: underlayOf(1), node: 'node-1' }], { port: 6443 })
  await settled(bench)
  expect(await world.ask(pods.a.netns, address, 443)).toBe(`host ${pods.a.address}`)
  expect(await world.ask(pods.b.netns, address, 443)).toBe(`host ${pods.b.address}`)
  expect(await world.ask(world.node(1), address, 443)).toBe('host 10.128.0.2')
  expect(await world.ask(world.node(2), address, 443)).toBe('host 10.128.2.2')
  expect(await world.ask(world.outside, underlayOf(1), 30443)).toBe(`host ${OUTSIDE}`)
  expect(await world.ask(world.outside, underlayOf(2), 30443)).toBe(`host ${underlayOf(2)}`)
  server.close()
})

test('a Service without endpoints refuses at once, and one that has them again answers', async () => {
  putSlice(bench.api, 'api', [{ address: pods.a.address, node: 'node-1', ready: false }])
  await settled(bench)
  expect(await world.ask(pods.b.netns, API, 80)).toBe('ECONNREFUSED')
  expect(await world.ask(world.node(3), API, 80)).toBe('ECONNREFUSED')
  expect(await world.ask(world.outside, underlayOf(2), 30080)).toBe('ECONNREFUSED')
  // Another port of the address is refused too; an address that is no Service's stays silent.
  expect(await world.ask(pods.b.netns, API, 81)).toBe('ECONNREFUSED')
  expect(await world.ask(pods.b.netns, ip('172.30.9.9'), 80)).toBe('timeout')
  putSlice(bench.api, 'api', [
    { address: pods.a.address, node: 'node-1' },
    { address: pods.b.address, node: 'node-2' },
  ])
  await settled(bench)
  expect(await world.ask(world.node(3), API, 80)).toMatch(/^pod-/)
  expect(await world.ask(world.outside, underlayOf(2), 30080)).toMatch(/^pod-/)
})
