/** The corners of NetworkPolicy, each with what is still allowed beside it. */
import { spawnSync } from 'node:child_process'
import { createServer } from 'node:net'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { Event } from '../../../api/core/event.ts'
import { Pod } from '../../../api/core/pod.ts'
import { NetworkPolicy } from '../../../api/networking/network-policy.ts'
import { EgressFirewall } from '../../../api/ovn/egress-firewall.ts'
import { createEventRecorder } from '../../../client/events.ts'
import type { TestBench } from '../../../client/testing.ts'
import { eventually, settled, testBench } from '../../../client/testing.ts'
import type { Netns } from '../../../host/netns/mod.ts'
import type { Ip } from '../../../lib/ip.ts'
import type { World } from '../testing.ts'
import { createWorld, OUTSIDE, putNode, underlayOf } from '../testing.ts'
import { policyOn, putNamespace, putPod, putPolicy } from './testing.ts'

let world: World
let bench: TestBench
type Name = 'a' | 'b' | 'c'
let pods: Record<Name, { readonly netns: Netns; readonly address: Ip }>
const HTTP = [{ name: 'http', containerPort: 8080 }]

beforeAll(async () => {
  world = createWorld(2)
  bench = testBench()
  for (const number of [1, 2]) putNode(bench.api, number)
  for (const number of [1, 2]) {
    await (await world.start(bench, number)).ready
    const events = createEventRecorder({ ...bench, client: bench.api.client }, { component: 'network-policy' })
    await (await policyOn(world, bench, number, bench.signal, { events })).ready
  }
  pods = { a: await world.pod(1, 3), b: await world.pod(2, 3), c: await world.pod(1, 4) }
  putNamespace(bench.api, 'shop', { team: 'shop' })
  putNamespace(bench.api, 'other', { team: 'other' })
  for (const name of ['a', 'b', 'c'] as const) put(name)
  await settled(bench)
})
afterEach(async () => {
  for (const { metadata } of bench.api.all(NetworkPolicy)) bench.api.drop(NetworkPolicy, metadata)
  for (const name of ['a', 'b', 'c'] as const) put(name)
  await settled(bench)
})
afterAll(() => {
  bench.close()
  world.close()
})

function put(name: Name, more: object = {}): Pod {
  const node = name === 'b' ? 'node-2' : 'node-1'
  return putPod(bench.api, { name, node, address: pods[name].address, ports: HTTP, ...more })
}
const only = (app: string) => ({ podSelector: { matchLabels: { app } } })
const onB = async (ingress: readonly object[]): Promise<void> => {
  putPolicy(bench.api, 'on-b', { ...only('b'), policyTypes: ['Ingress'], ingress: ingress as never })
  await settled(bench)
}
const ask = (from: Name, to: Name, port = 8080): Promise<string> => world.ask(pods[from].netns, pods[to].address, port)

test('a named port that the destination does not have opens nothing; one that it has opens that one alone', async () => {
  const server = createServer(socket => socket.end('other'))
  await world.sockets.listen(server, { netns: pods.b.netns, port: 8081 })
  expect(await ask('a', 'b', 8081)).toBe('other')
  await onB([{ ports: [{ port: 'https' }] }])
  expect(await ask('a', 'b')).toBe('timeout')
  expect(await ask('a', 'b', 8081)).toBe('timeout')
  await onB([{ ports: [{ port: 'http' }] }])
  expect(await ask('a', 'b')).toContain('pod-2-3')
  expect(await ask('a', 'b', 8081)).toBe('timeout')
  put('b', { ports: [{ name: 'http', containerPort: 8081 }] })
  await settled(bench)
  expect(await ask('a', 'b', 8081)).toBe('other')
  expect(await ask('a', 'b')).toBe('timeout')
  server.close()
})

const ping = (from: Name, to: Name): number | null => {
  const args = ['netns', 'exec', pods[from].netns.name, 'busybox', 'ping', '-c', '1', '-W', '1', pods[to].address]
  return spawnSync('ip', args).status
}

test('ICMP passes where a rule has no ports, and not where it has', async () => {
  expect(ping('a', 'b')).toBe(0)
  await onB([{ from: [only('a')], ports: [{ protocol: 'TCP' }, { protocol: 'UDP' }] }])
  expect(ping('a', 'b')).toBe(1)
  expect(await ask('a', 'b')).toContain('pod-2-3')
  await onB([{ from: [only('a')] }])
  expect(ping('a', 'b')).toBe(0)
  expect(ping('c', 'b')).toBe(1)
})

/** The first chunk of an association: kernels without SCTP sockets can send and count it all the same. */
function sendSctp(from: Name, to: Name, port: number): void {
  const program = `
    use Socket;
    socket(my $s, AF_INET, SOCK_RAW, 132) or die;
    my $init = pack("nnNN CCn NNnnN", ${40_000 + port}, ${port}, 0, 0, 1, 0, 20, 7, 65535, 1, 1, 1);
    send($s, $init, 0, sockaddr_in(0, inet_aton("${pods[to].address}"))) or die;`
  const { status, stderr } = spawnSync('ip', ['netns', 'exec', pods[from].netns.name, 'perl', '-e', program])
  expect(status, String(stderr)).toBe(0)
}

test('SCTP is a protocol of its own: a rule for it opens neither TCP nor other ports', async () => {
  for (const node of [1, 2].map(number => world.node(number).name)) {
    // The packets have no checksum; connections are tracked without looking at it.
    const quiet = 'echo 0 > /proc/sys/net/netfilter/nf_conntrack_checksum'
    expect(spawnSync('ip', ['netns', 'exec', node, 'sh', '-c', quiet]).status).toBe(0)
  }
  const nft = world.nft.open(pods.b.netns)
  nft.run(`add table inet seen
add counter inet seen arrived
add chain inet seen in { type filter hook input priority 0; }
add rule inet seen in meta l4proto sctp counter name arrived
`)
  const seen = (): number => nft.counter('inet', 'seen', 'arrived')!.packets
  sendSctp('a', 'b', 81)
  expect(seen()).toBe(1)
  await onB([{ ports: [{ protocol: 'SCTP', port: 82 }] }])
  sendSctp('a', 'b', 82)
  expect(seen()).toBe(2)
  sendSctp('a', 'b', 83)
  expect(seen()).toBe(2)
  expect(await ask('a', 'b')).toBe('timeout')
  await onB([{ ports: [{ protocol: 'TCP', port: 84 }] }])
  sendSctp('a', 'b', 84)
  expect(seen()).toBe(2)
  nft.close()
})

test('pods of the host network are meant by a namespaceSelector with a podSelector, and not by one alone', async () => {
  putPod(bench.api, { name: 'host', namespace: 'other', node: 'node-2', address: underlayOf(2), hostNetwork: true })
  const server = createServer(socket => socket.end('host'))
  await world.sockets.listen(server, { netns: world.node(2), port: 9000 })
  const toHost = () => world.ask(pods.a.netns, underlayOf(2), 9000)
  const onA = async (peer: object): Promise<void> => {
    putPolicy(bench.api, 'on-a', { ...only('a'), policyTypes: ['Egress'], egress: [{ to: [peer] }] })
    await settled(bench)
  }
  const other = { matchLabels: { team: 'other' } }
  expect(await toHost()).toBe('host')
  await onA({ namespaceSelector: other })
  expect(await toHost()).toBe('timeout')
  await onA({ namespaceSelector: other, podSelector: {} })
  expect(await toHost()).toBe('host')
  bench.api.drop(Pod, { namespace: 'other', name: 'host' })
  await settled(bench)
  expect(await toHost()).toBe('timeout')
  server.close()
})

test('a pod that has run to its end is nobody any more; one that is ending still counts', async () => {
  await onB([{ from: [only('a')] }])
  expect(await ask('a', 'b')).toContain('pod-2-3')
  const ending = put('a')
  bench.api.put(Pod, { ...ending, metadata: { ...ending.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } })
  await settled(bench)
  expect(await ask('a', 'b')).toContain('pod-2-3')
  put('a', { phase: 'Succeeded' })
  await settled(bench)
  expect(await ask('a', 'b')).toBe('timeout')
  put('a')
  put('b', { phase: 'Failed' })
  await settled(bench)
  // Its address may be another's already: what was about it holds for nobody.
  expect(await ask('c', 'b')).toContain('pod-2-3')
})

test('eight thousand rules of a firewall hold in their order, and the rest of policy with them', async () => {
  // Eight thousand rules are seconds of work where others work too.
  const inForce = (): Promise<void> =>
    settled(bench)
      .catch(() => settled(bench))
      .catch(() => settled(bench))
  const server = createServer(socket => socket.end('outside'))
  await world.sockets.listen(server, { netns: world.outside, port: 9000 })
  const out = (from: Name) => world.ask(pods[from].netns, OUTSIDE, 9000)
  const many = Array.from({ length: 7998 }, (_, i) => ({
    type: i % 2 === 0 ? 'Deny' : 'Allow',
    to: { cidrSelector: `198.18.${i >> 8}.${i & 255}/32` },
    ...(i % 3 === 0 ? { ports: [{ protocol: 'TCP', port: 1 + (i % 7) }] } : {}),
  }))
  const rule = (type: string, cidrSelector: string) => ({ type, to: { cidrSelector } })
  const firewall = (egress: readonly object[]) =>
    bench.api.put(EgressFirewall, { metadata: { namespace: 'shop', name: 'default' }, spec: { egress } } as never)
  firewall([...many, rule('Allow', `${OUTSIDE}/32`), rule('Deny', '0.0.0.0/0')])
  await inForce()
  expect(await out('a')).toBe('outside')
  firewall([...many, rule('Deny', '0.0.0.0/0'), rule('Allow', `${OUTSIDE}/32`)])
  await inForce()
  expect(await out('a')).toBe('timeout')
  expect(await ask('a', 'b')).toContain('pod-2-3')
  // As other APIs let it pass: whom the rule means nobody knows.
  const unread = (type: string) => rule(type, 'nonsense')
  firewall([rule('Allow', `${OUTSIDE}/32`), unread('Deny')])
  await inForce()
  expect(await out('a')).toBe('outside')
  firewall([unread('Deny'), rule('Allow', `${OUTSIDE}/32`)])
  await inForce()
  expect(await out('a')).toBe('timeout')
  firewall([unread('Allow'), rule('Deny', '0.0.0.0/0')])
  await inForce()
  expect(await out('a')).toBe('timeout')
  bench.api.drop(EgressFirewall, { namespace: 'shop', name: 'default' })
  await inForce()
  expect(await out('a')).toBe('outside')
  server.close()
})

test('an object that cannot be read counts for nothing, and keeps no other from being in force', async () => {
  bench.api.put(NetworkPolicy, { metadata: { namespace: 'shop', name: 'broken' } } as never)
  bench.api.put(EgressFirewall, { metadata: { namespace: 'other', name: 'default' }, spec: {} } as never)
  await onB([{ from: [only('a')] }])
  expect(await ask('a', 'b')).toContain('pod-2-3')
  expect(await ask('c', 'b')).toBe('timeout')
  await eventually(() => bench.api.all(Event).filter(({ reason }) => reason === 'PolicyUnreadable').length >= 2)
  const told = bench.api.all(Event).map(({ involvedObject: { kind, name } }) => `${kind} ${name}`)
  expect(told).toContain('NetworkPolicy broken')
  expect(told).toContain('EgressFirewall default')
  bench.api.drop(EgressFirewall, { namespace: 'other', name: 'default' })
})
