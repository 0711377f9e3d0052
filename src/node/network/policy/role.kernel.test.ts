import { once } from 'node:events'
import type { Socket } from 'node:net'
import { createServer } from 'node:net'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { AdminNetworkPolicy } from '../../../api/cluster-policy/admin-network-policy.ts'
import { BaselineAdminNetworkPolicy } from '../../../api/cluster-policy/baseline-admin-network-policy.ts'
import { NetworkPolicy } from '../../../api/networking/network-policy.ts'
import { EgressFirewall } from '../../../api/ovn/egress-firewall.ts'
import type { TestBench } from '../../../client/testing.ts'
import { settled, testBench } from '../../../client/testing.ts'
import { POLICY_TABLES } from '../../../datapath/policy/skeleton.ts'
import type { Netns } from '../../../host/netns/mod.ts'
import type { Ip } from '../../../lib/ip.ts'
import { ip } from '../../../lib/ip.ts'
import type { World } from '../testing.ts'
import { createWorld, OUTSIDE, putNode, putService, putSlice, underlayOf } from '../testing.ts'
import type { PolicyRole } from './role.ts'
import { dropAll, echo, policyOn, putNamespace, putPod, putPolicy } from './testing.ts'

let world: World
let bench: TestBench
let pods: Record<'a' | 'b' | 'c', { readonly netns: Netns; readonly address: Ip }>
const HTTP = [{ name: 'http', containerPort: 8080 }]

const roles = new Map<number, PolicyRole>()

beforeAll(async () => {
  world = createWorld(2)
  bench = testBench()
  for (const number of [1, 2]) putNode(bench.api, number)
  for (const number of [1, 2]) {
    await (await world.start(bench, number)).ready
    const role = await policyOn(world, bench, number)
    await role.ready
    roles.set(number, role)
  }
  pods = { a: await world.pod(1, 3), b: await world.pod(2, 3), c: await world.pod(1, 4) }
  putNamespace(bench.api, 'shop', { team: 'shop' })
  putNamespace(bench.api, 'openshift-host-network', { 'policy-group.network.openshift.io/host-network': '' })
  putPod(bench.api, { name: 'a', node: 'node-1', address: pods.a.address, ports: HTTP })
  putPod(bench.api, { name: 'b', node: 'node-2', address: pods.b.address, ports: HTTP })
  putPod(bench.api, { name: 'c', node: 'node-1', address: pods.c.address, ports: HTTP })
})
afterEach(async () => {
  dropAll(bench.api, NetworkPolicy)
  dropAll(bench.api, AdminNetworkPolicy)
  dropAll(bench.api, BaselineAdminNetworkPolicy)
  dropAll(bench.api, EgressFirewall)
  await settled(bench)
})
afterAll(() => {
  bench.close()
  world.close()
})

const ask = (from: 'a' | 'b' | 'c', to: 'a' | 'b' | 'c', port = 8080): Promise<string> =>
  world.ask(pods[from].netns, pods[to].address, port)
const allow = async (name: string, spec: Parameters<typeof putPolicy>[2]): Promise<void> => {
  putPolicy(bench.api, name, spec)
  await settled(bench)
}

test('a pod that is isolated hears nobody but those who are let in, on its node and from others', async () => {
  expect(await ask('a', 'b')).toContain('pod-2-3')
  await allow('deny', { podSelector: {}, policyTypes: ['Ingress'] })
  expect(await ask('a', 'b')).toBe('timeout')
  expect(await ask('c', 'a')).toBe('timeout')
  await allow('allow', {
    podSelector: { matchLabels: { app: 'b' } },
    policyTypes: ['Ingress'],
    ingress: [{ from: [{ podSelector: { matchLabels: { app: 'a' } } }], ports: [{ protocol: 'TCP', port: 'http' }] }],
  })
  expect(await ask('a', 'b')).toContain('pod-2-3')
  expect(await ask('c', 'b')).toBe('timeout')
  expect(await ask('a', 'b', 8081)).toBe('timeout')
})

test('probes of the own node arrive; other nodes and clients outside are the host network’s', async () => {
  putService(bench.api, 'b', '172.30.1.9', { type: 'NodePort', ports: [{ port: 80, nodePort: 30090 }] })
  putSlice(bench.api, 'b', [{ address: pods.b.address, node: 'node-2' }])
  await allow('deny', { podSelector: {}, policyTypes: ['Ingress'] })
  expect(await world.ask(world.node(2), pods.b.address, 8080)).toContain('pod-2-3')
  expect(await world.ask(world.node(1), pods.b.address, 8080)).toBe('timeout')
  expect(await world.ask(world.outside, underlayOf(1), 30090)).toBe('timeout')
  expect(await world.ask(world.outside, underlayOf(2), 30090)).toBe('timeout')
  const hosts = { matchLabels: { 'policy-group.network.openshift.io/host-network': '' } }
  await allow('hosts', {
    podSelector: {},
    policyTypes: ['Ingress'],
    ingress: [{ from: [{ namespaceSelector: hosts }] }],
  })
  expect(await world.ask(world.node(1), pods.b.address, 8080)).toContain('pod-2-3')
  expect(await world.ask(world.outside, underlayOf(1), 30090)).toContain('pod-2-3 100.64')
  expect(await world.ask(world.outside, underlayOf(2), 30090)).toContain('pod-2-3 100.64')
  expect(await ask('a', 'b')).toBe('timeout')
})

test('egress is judged by where a packet really goes: behind the Service, and on the own node', async () => {
  putService(bench.api, 'b', '172.30.1.9')
  putSlice(bench.api, 'b', [{ address: pods.b.address, node: 'node-2' }])
  const server = createServer(socket => socket.end('node'))
  await world.sockets.listen(server, { netns: world.node(1), port: 9000 })
  await settled(bench)
  expect(await world.ask(pods.a.netns, underlayOf(1), 9000)).toBe('node')
  await allow('egress', {
    podSelector: { matchLabels: { app: 'a' } },
    policyTypes: ['Egress'],
    egress: [{ to: [{ podSelector: { matchLabels: { app: 'b' } } }], ports: [{ port: 'http' }] }],
  })
  expect(await world.ask(pods.a.netns, ip('172.30.1.9'), 80)).toContain('pod-2-3')
  expect(await ask('a', 'c')).toBe('timeout')
  expect(await world.ask(pods.a.netns, underlayOf(1), 9000)).toBe('timeout')
  expect(await world.ask(pods.c.netns, underlayOf(1), 9000)).toBe('node')
  await allow('blocks', {
    podSelector: { matchLabels: { app: 'a' } },
    policyTypes: ['Egress'],
    egress: [{ to: [{ ipBlock: { cidr: '172.18.0.0/24', except: [`${OUTSIDE}/32`] } }] }],
  })
  expect(await world.ask(pods.a.netns, underlayOf(1), 9000)).toBe('node')
  server.close()
})

test('a pod reaches itself through a Service, though nobody else reaches it', async () => {
  putService(bench.api, 'a', '172.30.1.8')
  putSlice(bench.api, 'a', [{ address: pods.a.address, node: 'node-1' }])
  await allow('deny', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] })
  expect(await world.ask(pods.a.netns, ip('172.30.1.8'), 80)).toContain('pod-1-3')
  expect(await ask('a', 'c')).toBe('timeout')
})

test('administrators decide before NetworkPolicies, and the baseline after them', async () => {
  const podsOf = (app: string) => ({ namespaceSelector: {}, podSelector: { matchLabels: { app } } })
  const put = (priority: number, action: 'Allow' | 'Deny' | 'Pass') =>
    bench.api.put(AdminNetworkPolicy, {
      metadata: { name: `admin-${priority}`, generation: 1 },
      spec: { priority, subject: { pods: podsOf('b') }, ingress: [{ action, from: [{ pods: podsOf('a') }] }] },
    } as never)
  bench.api.put(BaselineAdminNetworkPolicy, {
    metadata: { name: 'default', generation: 1 },
    spec: { subject: { namespaces: {} }, ingress: [{ action: 'Deny', from: [{ namespaces: {} }] }] },
  } as never)
  await settled(bench)
  expect(await ask('a', 'b')).toBe('timeout')
  expect(await world.ask(world.node(1), pods.b.address, 8080)).toContain('pod-2-3')
  put(50, 'Allow')
  await settled(bench)
  expect(await ask('a', 'b')).toContain('pod-2-3')
  expect(await ask('c', 'b')).toBe('timeout')
  put(40, 'Deny')
  await settled(bench)
  expect(await ask('a', 'b')).toBe('timeout')
  put(30, 'Pass')
  await allow('all', { podSelector: {}, policyTypes: ['Ingress'], ingress: [{}] })
  expect(await ask('a', 'b')).toContain('pod-2-3')
})

test('an egress firewall judges what leaves the pod network, by the first rule that matches', async () => {
  const server = createServer(socket => socket.end('outside'))
  const other = createServer(socket => socket.end('other'))
  await world.sockets.listen(server, { netns: world.outside, port: 9000 })
  await world.sockets.listen(other, { netns: world.outside, port: 9001 })
  const put = (egress: readonly object[]) =>
    bench.api.put(EgressFirewall, { metadata: { namespace: 'shop', name: 'default' }, spec: { egress } } as never)
  const out = (port: number) => world.ask(pods.a.netns, OUTSIDE, port)
  expect(await out(9000)).toBe('outside')
  put([
    { type: 'Allow', to: { cidrSelector: `${OUTSIDE}/32` }, ports: [{ protocol: 'TCP', port: 9000 }] },
    { type: 'Deny', to: { cidrSelector: '0.0.0.0/0' } },
  ])
  await settled(bench)
  expect(await out(9000)).toBe('outside')
  expect(await out(9001)).toBe('timeout')
  expect(await ask('a', 'b')).toContain('pod-2-3')
  expect(await world.ask(pods.a.netns, underlayOf(2), 9000)).toBe('timeout')
  put([
    { type: 'Allow', to: { nodeSelector: {} } },
    { type: 'Deny', to: { cidrSelector: '0.0.0.0/0' } },
  ])
  await settled(bench)
  expect(await out(9000)).toBe('timeout')
  expect(await world.ask(pods.a.netns, underlayOf(2), 9000)).not.toBe('timeout')
  bench.api.drop(EgressFirewall, { namespace: 'shop', name: 'default' })
  await settled(bench)
  expect(await out(9001)).toBe('other')
  server.close()
  other.close()
})

test('what was open is cut when it is not allowed any more, in both directions, and goes on when it is again', async () => {
  const peers: Socket[] = []
  const server = createServer(socket => peers.push(socket.on('data', data => socket.write(data)).on('error', () => {})))
  await world.sockets.listen(server, { netns: pods.b.netns, port: 7000 })
  const connection = world.sockets.connect({ netns: pods.a.netns, address: pods.b.address, port: 7000 })
  expect(await echo(connection, 'one')).toBe('one')
  await allow('deny', { podSelector: { matchLabels: { app: 'b' } }, policyTypes: ['Ingress'] })
  expect(await echo(connection, 'two')).toBe('silence')
  // The server's own words do not get out either, now that a packet of the connection was denied.
  peers[0]!.write('three')
  expect(await echo(connection, '')).toBe('silence')
  bench.api.drop(NetworkPolicy, { namespace: 'shop', name: 'deny' })
  await settled(bench)
  const [data] = await once(connection, 'data')
  expect(String(data)).toContain('t')
  connection.destroy()
  for (const peer of peers) peer.destroy()
  server.close()
})

test('a new pod is isolated as soon as it is secured, before the API shows its address', async () => {
  await allow('deny', { podSelector: {}, policyTypes: ['Ingress'] })
  const fresh = await world.pod(2, 9)
  expect(await world.ask(pods.a.netns, fresh.address, 8080)).toContain('pod-2-9')
  const object = putPod(bench.api, { name: 'fresh', node: 'node-2', phase: 'Pending' })
  await roles.get(2)!.secure(object, [fresh.address])
  expect(await world.ask(pods.a.netns, fresh.address, 8080)).toBe('timeout')
})

test('policy stays while no agent runs, and the next one takes over without a gap', async () => {
  const nft = world.nft.open(world.node(2))
  const tables = () => nft.tables().filter(name => POLICY_TABLES.some(table => name === `inet ${table.name}`))
  await allow('deny', { podSelector: {}, policyTypes: ['Ingress'] })
  const [before] = tables()
  const own = testBench({}, bench.api)
  const successor = await policyOn(world, own, 2)
  await successor.ready
  expect(tables()).toHaveLength(1)
  expect(tables()[0]).not.toBe(before)
  expect(await ask('a', 'b')).toBe('timeout')
  own.close()
  await successor.done
  expect(await ask('a', 'b')).toBe('timeout')
  const third = await policyOn(world, testBench({}, bench.api), 2)
  bench.api.drop(NetworkPolicy, { namespace: 'shop', name: 'deny' })
  await third.ready
  await settled(bench)
  nft.close()
})
