import { spawnSync } from 'node:child_process'
import { createServer } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TestBench } from '../../client/testing.ts'
import { settled, testBench } from '../../client/testing.ts'
import { afterSilence } from '../../host/clock/testing.ts'
import type { Netns } from '../../host/netns/mod.ts'
import { cidr } from '../../lib/cidr.ts'
import type { Ip } from '../../lib/ip.ts'
import { ip } from '../../lib/ip.ts'
import type { World } from './testing.ts'
import { createWorld, OUTSIDE, putNode, putService, putSlice, underlayOf } from './testing.ts'

let world: World
let bench: TestBench
let pods: Record<'a' | 'near' | 'far', Awaited<ReturnType<World['pod']>>>
/** Behind a link of 1200 bytes, though it says that it takes more. */
let beyond: Netns
const BEYOND = ip('192.0.2.9')
const VIP = ip('172.30.0.50')
const BULK = 2_000_000
const PORT = 9100

beforeAll(async () => {
  world = createWorld(2)
  bench = testBench()
  for (const number of [1, 2]) putNode(bench.api, number)
  for (const number of [1, 2]) await (await world.start(bench, number)).ready
  pods = { a: await world.pod(1, 3), near: await world.pod(1, 4), far: await world.pod(2, 3) }
  beyond = world.netns.create('beyond')
  world.link.sysctl(world.outside, 'net/ipv4/ip_forward', '1')
  world.link.apply(world.outside, [
    { op: 'veth', name: 'narrow', mtu: 1200, peer: { name: 'eth0', netns: beyond } },
    { op: 'address', name: 'narrow', address: ip('192.0.2.1'), bits: 24 },
    { op: 'up', name: 'narrow' },
  ])
  world.link.apply(beyond, [
    { op: 'up', name: 'lo' },
    { op: 'address', name: 'eth0', address: BEYOND, bits: 24 },
    { op: 'up', name: 'eth0' },
  ])
  route(beyond.name, 'add', 'default', 'via', '192.0.2.1', 'advmss', '1460')
  for (const number of [1, 2])
    world.link.apply(world.node(number), [{ op: 'route', to: cidr('192.0.2.0/24'), via: OUTSIDE }])
  putService(bench.api, 'bulk', VIP, {
    type: 'NodePort',
    ports: [{ port: PORT, targetPort: PORT, nodePort: 30_100, protocol: 'TCP' }],
  } as never)
  putSlice(bench.api, 'bulk', [{ address: pods.far.address, node: 'node-2' }], { port: PORT })
  await settled(bench)
  for (const at of [...Object.values(pods).map(({ netns }) => netns), world.node(2), world.outside, beyond])
    await serveBulk(at)
})
afterAll(() => {
  for (const server of servers) server.close()
  bench.close()
  world.netns.remove(beyond)
  world.close()
})

const servers: { close(): void }[] = []

/** Sends back as much as it was sent, once the sender has ended. */
async function serveBulk(netns: Netns): Promise<void> {
  const server = createServer({ allowHalfOpen: true }, socket => {
    let bytes = 0
    socket
      .on('data', chunk => {
        bytes += chunk.length
      })
      .on('end', () => socket.end(Buffer.alloc(bytes, 'x')))
      .on('error', () => {})
  })
  await world.sockets.listen(server, { netns, port: PORT })
  const udp = await world.sockets.udp({ netns, port: PORT, family: 4 })
  udp.on('message', (text, from) => udp.send(text, from.port, from.address)).on('error', () => {})
  servers.push(server, udp)
}

const route = (at: string, ...args: string[]): string => {
  const { status, stdout, stderr } = spawnSync('ip', ['-n', at, 'route', ...args], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`ip route ${args.join(' ')} in ${at}: ${stderr}`)
  return stdout
}

/** Bytes that came back of as many that were sent. */
const bulk = (netns: Netns, address: Ip, port = PORT): Promise<number> =>
  new Promise((resolve, reject) => {
    const socket = world.sockets.connect({ netns, address, port, allowHalfOpen: true })
    let bytes = 0
    socket
      .setTimeout(60_000, () => socket.destroy(new Error(`stuck after ${bytes} bytes`)))
      .on('data', chunk => {
        bytes += chunk.length
      })
      .on('error', reject)
      .on('close', () => resolve(bytes))
    socket.end(Buffer.alloc(BULK, 'x'))
  })

/** Bytes of a datagram that came back, said again until one does; 0 after ten. */
async function echoed(netns: Netns, address: Ip, bytes: number): Promise<number> {
  const socket = await world.sockets.udp({ netns, port: 0, family: 4 })
  try {
    for (let attempt = 0; attempt < 10; attempt++) {
      const answer = new Promise<number>(resolve => {
        socket.once('message', text => resolve(text.length)).once('error', () => resolve(-1))
        afterSilence(300, () => resolve(0))
      })
      socket.send(Buffer.alloc(bytes, 'x'), PORT, address, () => {})
      const length = await answer
      if (length > 0) return length
    }
    return 0
  } finally {
    socket.close()
  }
}

const ways = (): readonly (readonly [string, Netns, Ip])[] => [
  ['pod to pod', pods.a.netns, pods.near.address],
  ['pod to pod of another node', pods.a.netns, pods.far.address],
  ['pod to outside', pods.a.netns, OUTSIDE],
  ['pod to beyond the narrow link', pods.a.netns, BEYOND],
  ['pod to another node', pods.a.netns, underlayOf(2)],
  ['node to its pod', world.node(1), pods.a.address],
  ['node to pod of another node', world.node(1), pods.far.address],
]

test('streams fit every path', async () => {
  for (const [way, from, to] of ways()) expect(await bulk(from, to), way).toBe(BULK)
  expect(await bulk(pods.a.netns, VIP)).toBe(BULK)
  expect(await bulk(world.node(1), VIP)).toBe(BULK)
  expect(await bulk(world.outside, underlayOf(1), 30_100)).toBe(BULK)
  expect(await bulk(beyond, underlayOf(1), 30_100)).toBe(BULK)
})

test('datagrams of every size arrive', async () => {
  for (const [way, from, to] of ways())
    for (const bytes of [1300, 1372, 1373, 1472, 9000, 60_000])
      expect(await echoed(from, to, bytes), `${way}: ${bytes}`).toBe(bytes)
})

test('what does not fit beyond the cluster is told to the pod that sent it', async () => {
  const way = () => route(pods.a.netns.name, 'get', BEYOND)
  route(pods.a.netns.name, 'flush', 'cache')
  expect(way()).not.toContain('mtu 1200')
  expect(await echoed(pods.a.netns, BEYOND, 1372)).toBe(1372)
  expect(way()).toContain('mtu 1200')
  // The others are not concerned.
  expect(route(pods.a.netns.name, 'get', OUTSIDE)).not.toContain('mtu 1200')
})

test('what comes by a node port and does not fit the tunnel is told to the client outside', async () => {
  route(world.outside.name, 'flush', 'cache')
  const say = await world.sockets.udp({ netns: world.outside, port: 0, family: 4 })
  putService(bench.api, 'grams', ip('172.30.0.51'), {
    type: 'NodePort',
    ports: [{ port: PORT, targetPort: PORT, nodePort: 30_101, protocol: 'UDP' }],
  } as never)
  putSlice(bench.api, 'grams', [{ address: pods.far.address, node: 'node-2' }], { port: PORT, protocol: 'UDP' })
  await settled(bench)
  const lengths: number[] = []
  say.on('message', text => lengths.push(text.length)).on('error', () => {})
  for (let attempt = 0; attempt < 400 && !lengths.includes(1472); attempt++) {
    say.send(Buffer.alloc(1472, 'x'), 30_101, underlayOf(1))
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  expect(lengths).toContain(1472)
  expect(route(world.outside.name, 'get', underlayOf(1))).toContain('mtu 1400')
  say.close()
})
