import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { AdminNetworkPolicy } from '../../../api/cluster-policy/admin-network-policy.ts'
import { BaselineAdminNetworkPolicy } from '../../../api/cluster-policy/baseline-admin-network-policy.ts'
import { Namespace } from '../../../api/core/namespace.ts'
import { EgressFirewall } from '../../../api/ovn/egress-firewall.ts'
import { createEventRecorder } from '../../../client/events.ts'
import type { TestBench } from '../../../client/testing.ts'
import { eventually, settled, testBench } from '../../../client/testing.ts'
import { unixDoor } from '../../../dns/names/doors.ts'
import type { NameGate } from '../../../dns/names/gate.ts'
import { serveNames } from '../../../dns/names/gate.ts'
import { replyTo } from '../../../dns/zone/respond.ts'
import { afterSilence } from '../../../host/clock/testing.ts'
import type { Netns } from '../../../host/netns/mod.ts'
import { kernelNetns } from '../../../host/netns/real.ts'
import { kernelPacketLog } from '../../../host/nflog/real.ts'
import { cidr, nth } from '../../../lib/cidr.ts'
import type { Ip } from '../../../lib/ip.ts'
import { ip } from '../../../lib/ip.ts'
import type { Logger } from '../../../lib/log.ts'
import { silent } from '../../../lib/log.ts'
import { decode } from '../../../wire/dns/decode.ts'
import type { Message, RecordData } from '../../../wire/dns/message.ts'
import { CLASS, TYPE } from '../../../wire/dns/message.ts'
import type { World } from '../testing.ts'
import { createWorld, OUTSIDE, putNode } from '../testing.ts'
import { echo, policyOn, putNamespace, putPod } from './testing.ts'

const RANGE = cidr('198.51.100.0/22')
let world: World
let bench: TestBench
let gate: NameGate
let pod: { readonly netns: Netns; readonly address: Ip }
const folder = mkdtempSync(`${tmpdir()}/fairlead-names-`)
const path = `${folder}/names.sock`
let policy = new AbortController()
const lines: { readonly verdict?: string; readonly name?: string }[] = []

beforeAll(async () => {
  world = createWorld(1)
  bench = testBench()
  putNode(bench.api, 1)
  await (await world.start(bench, 1)).ready
  gate = await serveNames(bench, unixDoor(world.sockets, path), bench.signal)
  await begin()
  pod = await world.pod(1, 3)
  putNamespace(bench.api, 'shop')
  putPod(bench.api, { name: 'a', node: 'node-1', address: pod.address })
  // Every address of the range is the outside host's.
  world.link.apply(world.node(1), [{ op: 'route', to: RANGE, via: OUTSIDE }])
  world.link.apply(world.outside, [{ op: 'address', name: 'lo', address: nth(RANGE, 1), bits: 22 }])
  const server = createServer(socket => socket.on('error', () => {}).on('data', data => void socket.write(data)))
  await world.sockets.listen(server, { netns: world.outside, port: 9000 })
  const brief = createServer(socket => socket.on('error', () => {}).end('there'))
  await world.sockets.listen(brief, { netns: world.outside, port: 9001 })
})
const begin = async (): Promise<void> => {
  policy = new AbortController()
  const role = await policyOn(world, bench, 1, policy.signal, {
    names: { socket: path },
    packetLog: kernelPacketLog(kernelNetns()),
    events: createEventRecorder({ ...bench, client: bench.api.client }, { component: 'network-policy' }),
    log: { ...silent, info: said => void lines.push(said as (typeof lines)[number]) } as Logger,
  })
  await role.ready
}
afterEach(async () => {
  for (const kind of [EgressFirewall, AdminNetworkPolicy, BaselineAdminNetworkPolicy])
    for (const { metadata } of bench.informers.of(kind as typeof EgressFirewall).list())
      bench.api.drop(kind as typeof EgressFirewall, metadata)
  await settled(bench)
})
afterAll(() => {
  policy.abort()
  bench.close()
  world.close()
  rmSync(folder, { recursive: true })
})

type Answer = readonly (readonly [name: string, data: RecordData, ttl?: number])[]
const reply = (name: string, answers: Answer): Message => ({
  ...replyTo(decode(Buffer.alloc(12)), 0),
  questions: [{ name, type: TYPE.A, class: CLASS.IN }],
  answers: answers.map(([owner, data, ttl = 0]) => ({ name: owner, class: CLASS.IN, ttl, data })),
})
const a = (address: Ip): RecordData => ({ type: 'A', address })
/** The answer is given to the pod: whether anybody had to know. */
const told = async (name: string, answers: Answer): Promise<boolean> => {
  const release = gate.release(pod.address, reply(name, answers))
  expect(await (release ?? true)).toBe(true)
  return release !== undefined
}
const out = (address: Ip): Promise<string> => world.ask(pod.netns, address, 9001)
const firewall = async (...egress: readonly object[]): Promise<void> => {
  const to = { type: 'Deny', to: { cidrSelector: '0.0.0.0/0' } }
  bench.api.put(EgressFirewall, {
    metadata: { namespace: 'shop', name: 'default' },
    spec: { egress: [...egress, to] },
  } as never)
  await settled(bench)
}
/** All addresses of names in the kernel, of both families. */
const admitted = (): string => {
  const list = (...args: string[]): string =>
    execFileSync('nsenter', [`--net=${world.node(1).path}`, 'nft', ...args], { encoding: 'utf8' })
  return list('list', 'sets')
}
const allow = (dnsName: string, more: object = {}): object => ({ type: 'Allow', to: { dnsName }, ...more })

test('what a name leads to is admitted before the answer is given, and nothing else is', async () => {
  const [first, second, third] = [10, 11, 12].map(n => nth(RANGE, n)) as [Ip, Ip, Ip]
  expect(await out(first)).toBe('there')
  await firewall(allow('www.example.com'), allow('*.cdn.example.com', { ports: [{ protocol: 'TCP', port: 9000 }] }))
  expect(await out(first)).toBe('timeout')
  expect(await told('www.Example.com.', [['www.example.com.', a(first)]])).toBe(true)
  expect(await out(first)).toBe('there')
  expect(await out(second)).toBe('timeout')
  await told('www.example.com.', [['www.example.com.', { type: 'AAAA', address: ip('2001:db8::7') }, 60]])
  expect(admitted()).toContain('2001:db8::7')
  expect(await told('other.example.com.', [['other.example.com.', a(second)]])).toBe(false)
  expect(await told('x.y.cdn.example.com.', [['x.y.cdn.example.com.', a(second)]])).toBe(false)
  expect(await told('x.cdn.example.com.', [['x.cdn.example.com.', a(second)]])).toBe(true)
  // The wildcard's rule is for another port.
  expect(await out(second)).toBe('timeout')
  expect(await world.ask(pod.netns, second, 9002)).toBe('timeout')
  // By aliases; what else stands in the answer is not the name's.
  const alias: RecordData = { type: 'CNAME', target: 'b.test.' }
  await told('www.example.com.', [
    ['www.example.com.', alias, 60],
    ['b.test.', a(third), 60],
    ['c.test.', a(nth(RANGE, 13)), 60],
  ])
  expect(await out(third)).toBe('there')
  expect(await out(nth(RANGE, 13))).toBe('timeout')
})

test('the first connection after an answer passes, a thousand times, each with another address that lives for no time', async () => {
  await firewall(allow('*.example.com'))
  const failures: string[] = []
  for (let i = 0; i < 1000; i++) {
    const address = nth(RANGE, 20 + (i % 900))
    const name = `n${i}.example.com.`
    await told(name, [[name, a(address)]])
    const socket = world.sockets.connect({ netns: pod.netns, address, port: 9001 })
    socket.on('error', () => {}).resume()
    const cancel = afterSilence(500, () => socket.destroy())
    await once(socket, 'close')
    cancel()
    if (socket.bytesRead === 0) failures.push(`${i} ${address}`)
  }
  expect(failures).toEqual([])
  expect(await out(nth(RANGE, 1000))).toBe('timeout')
})

test('when its time is over new connections are denied and old ones go on, until the rules change', async () => {
  const address = nth(RANGE, 930)
  await firewall(allow('old.example.com'), allow('more.example.com'))
  await told('old.example.com.', [['old.example.com.', a(address)]])
  const socket = world.sockets.connect({ netns: pod.netns, address, port: 9000 })
  await once(socket, 'connect')
  expect(await echo(socket, 'one')).toBe('one')
  await expect.poll(() => out(address), { timeout: 60_000 }).toBe('timeout')
  expect(await echo(socket, 'two')).toBe('two')
  await firewall(allow('more.example.com'))
  expect(await echo(socket, 'three')).toBe('silence')
  socket.destroy()
})

test('names that are added later know what was said before; those taken away do not', async () => {
  const [one, two] = [nth(RANGE, 940), nth(RANGE, 941)]
  await firewall(allow('one.example.com'), allow('two.example.com'))
  await told('one.example.com.', [['one.example.com.', a(one), 60]])
  await told('two.example.com.', [['two.example.com.', a(two), 60]])
  await firewall(allow('one.example.com'), allow('new.example.com'))
  expect(await out(one)).toBe('there')
  expect(await out(two)).toBe('timeout')
})

test('domainNames of an AdminNetworkPolicy, with any number of labels before them', async () => {
  const address = nth(RANGE, 950)
  const subject = { namespaces: {} }
  bench.api.put(AdminNetworkPolicy, {
    metadata: { name: 'names' },
    spec: {
      subject,
      priority: 10,
      egress: [{ action: 'Allow', to: [{ domainNames: ['*.example.org', 'plain.test'] }] }],
    },
  } as never)
  bench.api.put(BaselineAdminNetworkPolicy, {
    metadata: { name: 'default' },
    spec: { subject, egress: [{ action: 'Deny', to: [{ networks: ['0.0.0.0/0'] }] }] },
  } as never)
  await settled(bench)
  expect(await out(address)).toBe('timeout')
  expect(await told('example.org.', [['example.org.', a(address)]])).toBe(false)
  await told('a.b.example.org.', [['a.b.example.org.', a(address)]])
  expect(await out(address)).toBe('there')
  // What passes by a name is logged as such, where its namespace asks for that.
  const annotations = { 'k8s.ovn.org/acl-logging': '{"allow":"info"}' }
  bench.api.put(Namespace, { metadata: { name: 'shop', annotations } } as never)
  await settled(bench)
  expect(await out(address)).toBe('there')
  await eventually(() => lines.some(({ verdict }) => verdict === 'allow'))
  expect(lines.find(({ verdict }) => verdict)).toMatchObject({ name: 'adminnetworkpolicy names egress[0]' })
  putNamespace(bench.api, 'shop')
})

test('while the node does not say that it admits it, the answer is not given; an agent that is back is told', async () => {
  const address = nth(RANGE, 960)
  await firewall(allow('www.example.com'))
  const answer = reply('www.example.com.', [['www.example.com.', a(address), 300]])
  policy.abort()
  await expect.poll(() => gate.release(pod.address, answer), { timeout: 60_000 }).toBeDefined()
  const release = gate.release(pod.address, answer)
  expect(await release).toBe(false)
  const waits = gate.release(pod.address, answer)
  await begin()
  expect(await waits).toBe(true)
  expect(await out(address)).toBe('there')
  // What was admitted stays admitted for the agent that comes after: nobody will tell of it again.
  policy.abort()
  await begin()
  expect(await out(address)).toBe('there')
  // Who is no pod of the node need not wait.
  expect(gate.release(ip('10.131.0.5'), answer)).toBeUndefined()
})
