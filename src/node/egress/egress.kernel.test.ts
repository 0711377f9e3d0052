import { once } from 'node:events'
import { createServer } from 'node:net'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { Event } from '../../api/core/event.ts'
import { Node } from '../../api/core/node.ts'
import { Pod } from '../../api/core/pod.ts'
import { Service } from '../../api/core/service.ts'
import { EndpointSlice } from '../../api/discovery/endpoint-slice.ts'
import { EgressIP } from '../../api/ovn/egress-ip.ts'
import { EgressService } from '../../api/ovn/egress-service.ts'
import { createEventRecorder } from '../../client/events.ts'
import type { TestBench } from '../../client/testing.ts'
import { eventually, settled, testBench } from '../../client/testing.ts'
import { fakeFs } from '../../host/fs/fake.ts'
import type { LinkDriver } from '../../host/link/mod.ts'
import { cidr } from '../../lib/cidr.ts'
import type { Ip } from '../../lib/ip.ts'
import { ip } from '../../lib/ip.ts'
import type { World } from '../network/testing.ts'
import { createWorld, DUAL_OPTIONS, OUTSIDE, OUTSIDE6, underlay6Of, underlayOf } from '../network/testing.ts'
import {
  listenOutside,
  OUTSIDE_PORT,
  putEgressIP,
  putEgressNode,
  putNamespace,
  putPod,
  SILENCE_MS,
  seenOutside,
  startEgressOn,
} from './testing.ts'

const EIP = '172.18.0.50'
const OTHER = '172.18.0.51'
const EIP6 = 'fd18::50'
const ALL = [1, 2, 3] as const
let world: World
let first: TestBench
let benches: TestBench[]
let roles: Awaited<ReturnType<typeof startEgressOn>>[]
let server: { close(): void }
let pods: Awaited<ReturnType<World['pod']>>[]
/** What there is beside the kernel's own links: those of a VRF, which not every kernel has. */
let vrf: { readonly link: string; readonly table: number } | undefined
let drawn: LinkDriver

beforeAll(async () => {
  world = createWorld(3, true)
  drawn = {
    ...world.link,
    links(at) {
      const all = world.link.links(at)
      if (!vrf) return all
      const own = { ...all[0]!, name: 'blue', index: 99_999, kind: 'vrf', table: vrf.table }
      return [...all.map(one => (one.name === vrf!.link ? { ...one, master: own.index } : one)), own]
    },
  }
  first = testBench()
  benches = []
  roles = []
  server = await listenOutside(world)
  putNamespace(first.api, 'shop', { leaves: 'web' })
  for (const number of ALL) putEgressNode(first.api, number)
  for (const number of ALL) {
    const bench = testBench({}, first.api)
    benches.push(bench)
    await (await world.start(bench, number)).ready
    roles.push(await egressOn(bench, number))
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

function egressOn(bench: TestBench, number: number) {
  const events = createEventRecorder({ ...bench, client: bench.api.client }, { component: 'egress' })
  const fs = fakeFs(number < 3 ? { '/etc/iproute2/rt_tables': '100 blue\n' } : {})
  return startEgressOn(world, bench, number, DUAL_OPTIONS, { fs, events, link: drawn })
}
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

test('of several addresses a connection has one, and keeps it; pods of one family alone are served where there is only that', async () => {
  putEgressIP(first.api, { [EIP]: 2, [OTHER]: 3 })
  await everybody()
  await isHeldBy(2, EIP)
  await isHeldBy(3, OTHER)
  const found = new Set<string>()
  for (let i = 0; i < 24; i++) found.add(await seenOutside(world, pods[i % 3]!))
  expect([...found].toSorted()).toEqual([EIP, OTHER])
  const connection = await connect(pods[0]!)
  const once = await connection.ask()
  for (let i = 0; i < 8; i++) expect(await connection.ask()).toBe(once)
  connection.close()
  expect(await seen(6)).toEqual(ALL.map(underlay6Of))
})

test('a connection that was there before keeps the node’s address; one whose address goes is cut', async () => {
  const before = await connect(pods[0]!)
  expect(await before.ask()).toBe(underlayOf(1))
  putEgressIP(first.api, { [EIP]: 2 })
  await everybody()
  await isHeldBy(2, EIP)
  const later = await connect(pods[0]!)
  expect([await before.ask(), await later.ask()]).toEqual([underlayOf(1), EIP])
  first.api.drop(EgressIP, { name: 'web' })
  await everybody()
  expect([await before.ask(), await later.ask()]).toEqual([underlayOf(1), 'cut'])
  before.close()
})

test('the address moves to another node by a decision alone: a connection goes on, in both families', async () => {
  putEgressIP(first.api, { [EIP]: 2, [EIP6]: 2 })
  await everybody()
  await isHeldBy(2, EIP, EIP6)
  const connections = await Promise.all([
    connect(pods[0]!),
    connect(pods[1]!),
    connect(pods[0]!, 6),
    connect(pods[2]!, 6),
  ])
  const all = () => Promise.all(connections.map(one => one.ask()))
  expect(await all()).toEqual([EIP, EIP, EIP6, EIP6])
  for (const number of [3, 1, 2]) {
    putEgressIP(first.api, { [EIP]: number, [EIP6]: number })
    await everybody()
    await isHeldBy(number, EIP, EIP6)
    expect(await all()).toEqual([EIP, EIP, EIP6, EIP6])
  }
  for (const one of connections) one.close()
})

test('an address that another EgressIP takes over is its pods’, and no connection of the others goes on with it', async () => {
  putEgressIP(first.api, { [EIP]: 2 })
  await everybody()
  await isHeldBy(2, EIP)
  const connection = await connect(pods[0]!)
  expect(await connection.ask()).toBe(EIP)
  putPod(first.api, 3, 'pod-3', [pods[2]!.address, pods[2]!.address6], { app: 'db' })
  putEgressIP(first.api, { [EIP]: 2 }, { podSelector: { matchLabels: { app: 'db' } } })
  await everybody()
  expect(await connection.ask()).toBe('cut')
  expect(await seen()).toEqual([underlayOf(1), underlayOf(2), EIP])
  putPod(first.api, 3, 'pod-3', [pods[2]!.address, pods[2]!.address6])
})

test('a pod’s first connection has the address, before the API shows the pod’s own', async () => {
  putEgressIP(first.api, { [EIP]: 1 })
  await everybody()
  await isHeldBy(1, EIP)
  const late = await world.pod(1, 9)
  const pod = putPod(first.api, 1, 'late', [])
  await everybody()
  expect(await seenOutside(world, late)).toBe(underlayOf(1))
  await roles[0]!.secure(pod, [late.address, late.address6])
  expect(await seenOutside(world, late)).toBe(EIP)
  // Its address goes with it.
  first.api.drop(Pod, { namespace: 'shop', name: 'late' })
  roles[0]!.forget(pod.metadata.uid)
  await everybody()
  expect(await seenOutside(world, late)).toBe(underlayOf(1))
})

test('nothing talks to the address itself: the node’s own servers are not behind it', async () => {
  putEgressIP(first.api, { [EIP]: 2 })
  await everybody()
  await isHeldBy(2, EIP)
  const server = createServer(socket => socket.end('the node'))
  await world.sockets.listen(server, { netns: world.node(2), port: 7070 })
  expect(await world.ask(world.outside, underlayOf(2), 7070)).toBe('the node')
  expect(await world.ask(world.outside, ip(EIP), 7070)).toBe('timeout')
  server.close()
})

test('an agent that comes anew takes over what is in the kernel', async () => {
  putEgressIP(first.api, { [EIP]: 3 })
  await everybody()
  await isHeldBy(3, EIP)
  const connection = await connect(pods[0]!)
  expect(await connection.ask()).toBe(EIP)
  benches[0]!.close()
  expect(await connection.ask()).toBe(EIP)
  const bench = testBench({}, first.api)
  benches[0] = bench
  await (await world.start(bench, 1)).ready
  roles[0] = await egressOn(bench, 1)
  await everybody()
  expect(await connection.ask()).toBe(EIP)
  connection.close()
})

test('an EgressService with a network: what leaves takes that routing table, with its Service’s address or a link’s', async () => {
  // Nothing but the table knows the way.
  const [far, table, balancer] = [ip('198.51.100.9'), 100, ip('172.18.0.60')]
  world.link.apply(world.outside, [{ op: 'address', name: 'lo', address: far, bits: 32 }])
  const way = { to: cidr('198.51.100.0/24'), via: OUTSIDE, table } as const
  for (const number of [1, 2]) world.link.apply(world.node(number), [{ op: 'route', ...way }])
  const target = { name: 'web', namespace: 'shop' }
  first.api.put(Service, {
    metadata: target,
    spec: { type: 'LoadBalancer', clusterIP: '172.30.9.9', clusterIPs: ['172.30.9.9'], ports: [{ port: 80 }] },
    status: { loadBalancer: { ingress: [{ ip: balancer, ipMode: 'VIP' }] } },
  } as unknown as Service)
  first.api.put(EndpointSlice, {
    metadata: { ...target, labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    ports: [{ port: 8080, protocol: 'TCP' }],
    endpoints: pods.map(({ address }, i) => ({
      addresses: [address],
      nodeName: `node-${i + 1}`,
      conditions: { ready: true },
    })),
  } as unknown as EndpointSlice)
  const put = (sourceIPBy: 'LoadBalancerIP' | 'Network', network: string | undefined, host: string): Promise<void> => {
    first.api.put(EgressService, {
      metadata: target,
      spec: { sourceIPBy, ...(network ? { network } : {}) },
      status: { host },
    } as EgressService)
    return everybody()
  }
  // Load balancers' addresses are the announcer's to have.
  const held = { op: 'address', name: 'lo', address: balancer, bits: 32 } as const
  world.link.apply(world.node(2), [held])
  const found = () => Promise.all(pods.map(pod => seenOutside(world, pod, 4, far)))
  const answered = (): Promise<string> =>
    new Promise(resolve => {
      const target = { netns: world.outside, address: balancer, port: 80, localAddress: far }
      const socket = world.sockets.connect(target).setEncoding('utf8').setTimeout(SILENCE_MS)
      const done = (what: string): void => {
        resolve(what)
        socket.destroy()
      }
      socket.on('data', done).on('timeout', () => done('silence'))
      socket.on('error', error => done(error.message))
    })
  await put('LoadBalancerIP', undefined, 'node-2')
  expect(await answered()).toBe('silence')
  expect(await seen()).toEqual([balancer, balancer, balancer])
  expect(await found()).not.toContain(balancer)
  await put('LoadBalancerIP', '100', 'node-2')
  expect(await found()).toEqual([balancer, balancer, balancer])
  // Each pod once or more: those of this node and those of others.
  for (let i = 0; i < 9; i++) expect(await answered()).toMatch(/^pod-\d-3 /)
  expect(await world.ask(pods[0]!.netns, pods[2]!.address, 8080)).toBe(`pod-3-3 ${pods[0]!.address}`)
  // node-3 has no such table: its main one leads nowhere.
  await put('Network', '100', 'ALL')
  expect((await found()).slice(0, 2)).toEqual([underlayOf(1), underlayOf(2)])
  expect(await seenOutside(world, pods[2]!, 4, far)).not.toBe(underlayOf(3))
  // Two nodes call it blue. The third knows no such table, and says so.
  await put('Network', undefined, 'ALL')
  expect(await found()).not.toContain(underlayOf(1))
  await put('Network', 'blue', 'ALL')
  expect((await found()).slice(0, 2)).toEqual([underlayOf(1), underlayOf(2)])
  const told = () => first.api.all(Event).filter(({ reason }) => reason === 'InvalidNetwork')
  await eventually(() => told().length > 0, told)
  expect(told().map(({ involvedObject, message }) => [involvedObject.name, message])).toEqual([
    [
      'web',
      'node-3 has no routing table "blue" (a number, a VRF, or a name in rt_tables): what its pods send leaves there by the main one',
    ],
  ])
  first.api.drop(EgressService, target)
  await everybody()
  expect(await found()).not.toContain(underlayOf(1))
  world.link.apply(world.node(2), [{ ...held, op: 'address-delete' }])
  for (const number of [1, 2]) world.link.apply(world.node(number), [{ op: 'route-delete', ...way }])
})

test('an EgressIP of a second link’s network is answered for there, and what has it leaves by that link and its routes', async () => {
  const far = world.netns.create(`far-${process.pid}`)
  const [near, own, address, beyond] = [ip('10.77.0.9'), ip('10.77.0.2'), ip('10.77.0.50'), ip('198.51.100.9')]
  world.link.apply(world.node(2), [
    { op: 'veth', name: 'eth1', peer: { name: 'eth0', netns: far } },
    { op: 'address', name: 'eth1', address: own, bits: 24 },
    { op: 'up', name: 'eth1' },
  ])
  world.link.apply(far, [
    { op: 'address', name: 'eth0', address: near, bits: 24 },
    { op: 'up', name: 'eth0' },
    { op: 'up', name: 'lo' },
    { op: 'address', name: 'lo', address: beyond, bits: 32 },
  ])
  // By the main table it is behind the machine network, where nobody has it.
  world.link.apply(world.node(2), [
    { op: 'route', to: cidr('0.0.0.0/0'), via: near, dev: 'eth1' },
    { op: 'route', to: cidr('198.51.100.0/24'), via: OUTSIDE },
  ])
  const server = createServer(socket => {
    const from = (socket.remoteAddress ?? '').replace(/^::ffff:/, '')
    socket.on('error', () => {}).on('data', () => socket.write(`${from}\n`))
  })
  await world.sockets.listen(server, { netns: far, port: OUTSIDE_PORT })
  const found = (to: Ip) => Promise.all(pods.map(pod => seenOutside(world, pod, 4, to)))
  try {
    expect((await found(beyond)).every(from => from !== own)).toBe(true)
    putEgressIP(first.api, { [address]: 2 })
    await everybody()
    await isHeldBy(2, address)
    expect(await found(near)).toEqual([address, address, address])
    expect(await found(beyond)).toEqual([address, address, address])
    const annotations = () => first.api.get(Node, { name: 'node-2' })!.metadata.annotations!
    await eventually(() => annotations()['k8s.ovn.org/host-cidrs']!.includes('"10.77.0.2/24"'), annotations)
    first.api.drop(EgressIP, { name: 'web' })
    await everybody()
    expect((await found(near)).includes(address)).toBe(false)
  } finally {
    server.close()
    world.link.apply(world.node(2), [{ op: 'delete', name: 'eth1' }])
    world.link.apply(world.node(2), [{ op: 'route-delete', to: cidr('198.51.100.0/24'), via: OUTSIDE }])
    world.netns.remove(far)
  }
})

test('of both families by two links of one node, each by its own; a link of a VRF by the routes of that', async () => {
  const far = world.netns.create(`far-${process.pid}`)
  const [own, near, address, beyond] = [ip('10.77.0.2'), ip('10.77.0.9'), ip('10.77.0.50'), ip('198.51.100.9')]
  const [own6, near6, address6, beyond6] = [ip('fd78::2'), ip('fd78::9'), ip('fd78::50'), ip('2001:db8:9::9')]
  const node = world.node(2)
  world.link.apply(node, [
    { op: 'veth', name: 'eth1', peer: { name: 'eth0', netns: far } },
    { op: 'veth', name: 'eth2', peer: { name: 'eth1', netns: far } },
    { op: 'address', name: 'eth1', address: own, bits: 24 },
    { op: 'address', name: 'eth2', address: own6, bits: 64 },
    { op: 'up', name: 'eth1' },
    { op: 'up', name: 'eth2' },
  ])
  world.link.apply(far, [
    { op: 'address', name: 'eth0', address: near, bits: 24 },
    { op: 'address', name: 'eth1', address: near6, bits: 64 },
    { op: 'up', name: 'eth0' },
    { op: 'up', name: 'eth1' },
    { op: 'up', name: 'lo' },
    { op: 'address', name: 'lo', address: beyond, bits: 32 },
    { op: 'address', name: 'lo', address: beyond6, bits: 128 },
  ])
  const ways = [
    // By the main table it is behind the machine network, where nobody has it.
    { to: cidr('::/0'), via: near6, dev: 'eth2' },
    { to: cidr('2001:db8:9::/64'), via: OUTSIDE6 },
    // Only the VRF knows these.
    { to: cidr('10.77.0.0/24'), dev: 'eth1', table: 1077 },
    { to: cidr('198.51.100.0/24'), via: near, dev: 'eth1', onlink: true, table: 1077 },
    { to: cidr('10.77.0.2/32'), dev: 'eth1', table: 1077, type: 'local' },
  ] as const
  world.link.apply(
    node,
    ways.map(way => ({ op: 'route', ...way })),
  )
  const server = createServer(socket => {
    const from = (socket.remoteAddress ?? '').replace(/^::ffff:/, '')
    socket.on('error', () => {}).on('data', () => socket.write(`${from}\n`))
  })
  await world.sockets.listen(server, { netns: far, port: OUTSIDE_PORT })
  const found = (to: Ip, family: 4 | 6) => Promise.all(pods.map(pod => seenOutside(world, pod, family, to)))
  try {
    putEgressIP(first.api, { [address]: 2, [address6]: 2 })
    await everybody()
    await isHeldBy(2, address, address6)
    expect(await found(near, 4)).toEqual([address, address, address])
    // Neighbours are found while duplicates of a new address are looked for.
    for (let i = 0; i < 5 && (await seenOutside(world, pods[0]!, 6, near6)) !== address6; i++);
    expect(await found(beyond6, 6)).toEqual([address6, address6, address6])
    expect(await seenOutside(world, pods[1]!, 4, beyond)).not.toBe(address)
    vrf = { link: 'eth1', table: 1077 }
    putEgressIP(first.api, { [address]: 2, [address6]: 2 }, { annotations: { now: 'in a VRF' } })
    await everybody()
    expect(await found(beyond, 4)).toEqual([address, address, address])
    expect(await found(near, 4)).toEqual([address, address, address])
    expect(await found(beyond6, 6)).toEqual([address6, address6, address6])
  } finally {
    vrf = undefined
    server.close()
    world.link.apply(
      node,
      ways.map(way => ({ op: 'route-delete', ...way })),
    )
    for (const name of ['eth1', 'eth2']) world.link.apply(node, [{ op: 'delete', name }])
    world.netns.remove(far)
  }
})

/** A connection that stays, from a pod to the server outside. */
async function connect(from: { readonly netns: Parameters<World['ask']>[0] }, family: 4 | 6 = 4) {
  const socket = world.sockets.connect({
    netns: from.netns,
    address: family === 4 ? OUTSIDE : OUTSIDE6,
    port: OUTSIDE_PORT,
  })
  socket.on('error', () => {}).setEncoding('utf8')
  await once(socket, 'connect')
  return {
    async ask(): Promise<string> {
      socket.write('?')
      const said = once(socket, 'data').then(
        ([text]) => String(text).trim(),
        () => 'cut',
      )
      const ended = new Promise<string>(resolve => {
        socket.once('close', () => resolve('cut'))
        setTimeout(() => resolve('cut'), SILENCE_MS).unref()
      })
      return await Promise.race([said, ended])
    },
    close: () => socket.destroy(),
  }
}
