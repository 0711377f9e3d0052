import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Pod } from '../../api/core/pod.ts'
import type { TestBench } from '../../client/testing.ts'
import { eventually, testBench } from '../../client/testing.ts'
import { kernelConntrack } from '../../host/conntrack/real.ts'
import type { Ip } from '../../lib/ip.ts'
import { ip } from '../../lib/ip.ts'
import { silent } from '../../lib/log.ts'
import type { World } from '../network/testing.ts'
import { createWorld, podNetworkOf, putNode, underlayOf } from '../network/testing.ts'
import type { HostPorts } from './host-ports.ts'
import { createHostPorts } from './host-ports.ts'

let world: World
let bench: TestBench
let pods: Record<'a' | 'b' | 'far', Awaited<ReturnType<World['pod']>>>
const LOOPBACK = ip('127.0.0.1')

beforeAll(async () => {
  world = createWorld(2)
  bench = testBench()
  for (const number of [1, 2]) putNode(bench.api, number)
  for (const number of [1, 2]) await (await world.start(bench, number)).ready
  pods = { a: await world.pod(1, 3), b: await world.pod(1, 4), far: await world.pod(2, 3) }
})
afterAll(() => {
  bench.close()
  world.close()
})

const manager = (): HostPorts =>
  createHostPorts(
    { nft: world.nft, conntrack: kernelConntrack(world.netns), link: world.link, log: silent },
    { node: world.node(1), nodeAddresses: [underlayOf(1)], ranges: [podNetworkOf(1)] },
  )
const podWith = (uid: string, ports: Pod['spec']['containers'][0]['ports']): Pod =>
  ({ metadata: { uid, name: uid, namespace: 'shop' }, spec: { containers: [{ name: 'main', ports }] } }) as never
const at = (address: Ip): readonly Ip[] => [address]
const ask = (from: 'outside' | 'node' | 'far node' | 'a' | 'b' | 'far', address: Ip, port: number): Promise<string> => {
  const places = { outside: world.outside, node: world.node(1), 'far node': world.node(2) }
  return world.ask(from in places ? places[from as 'node'] : pods[from as 'a'].netns, address, port)
}

test('a host port leads to its pod from everywhere, with the client’s own address where that is possible', async () => {
  const ports = manager()
  expect(await ask('outside', underlayOf(1), 5000)).toBe('ECONNREFUSED')
  ports.put(podWith('pod-1-3', [{ containerPort: 8080, hostPort: 5000 }]), at(pods.a.address))
  expect(await ask('outside', underlayOf(1), 5000)).toBe('pod-1-3 172.18.0.100')
  expect(await ask('node', underlayOf(1), 5000)).toContain('pod-1-3')
  expect(await ask('node', LOOPBACK, 5000)).toBe('pod-1-3 10.128.0.2')
  expect(await ask('far node', underlayOf(1), 5000)).toContain('pod-1-3')
  expect(await ask('b', underlayOf(1), 5000)).toBe(`pod-1-3 ${pods.b.address}`)
  expect(await ask('far', underlayOf(1), 5000)).toContain('pod-1-3')
  // It reaches itself, too.
  expect(await ask('a', underlayOf(1), 5000)).toContain('pod-1-3')
  // The port is the node's own, not that of other nodes nor of the pod.
  expect(await ask('outside', underlayOf(2), 5000)).toBe('ECONNREFUSED')
  expect(await ask('b', pods.a.address, 5000)).toBe('ECONNREFUSED')
  ports.remove('pod-1-3')
  expect(await ask('outside', underlayOf(1), 5000)).toBe('ECONNREFUSED')
})

test('the same port on other addresses is another', async () => {
  const ports = manager()
  const port = { containerPort: 8080, hostPort: 5001 }
  ports.put(podWith('pod-1-3', [{ ...port, hostIP: '127.0.0.1' }]), at(pods.a.address))
  ports.put(podWith('pod-1-4', [{ ...port, hostIP: underlayOf(1) }]), at(pods.b.address))
  expect(await ask('node', LOOPBACK, 5001)).toContain('pod-1-3')
  expect(await ask('outside', underlayOf(1), 5001)).toContain('pod-1-4')
  expect(() => ports.put(podWith('other', [port]), at(pods.far.address))).toThrow('5001/tcp is taken')
  ports.put(podWith('udp', [{ ...port, protocol: 'UDP' }]), [])
  ports.remove('pod-1-3')
  ports.remove('pod-1-4')
})

test('what an agent left is the next one’s, and of pods that went meanwhile nothing is left', async () => {
  const pod = (uid: string, hostPort: number) => podWith(uid, [{ containerPort: 8080, hostPort }])
  const first = manager()
  first.put(pod('pod-1-3', 5002), at(pods.a.address))
  first.put(pod('pod-1-4', 5003), at(pods.b.address))
  expect(await ask('outside', underlayOf(1), 5003)).toContain('pod-1-4')
  const next = manager()
  expect(await ask('outside', underlayOf(1), 5002)).toContain('pod-1-3')
  next.adopt([{ pod: pod('pod-1-3', 5002), addresses: at(pods.a.address) }])
  expect(await ask('outside', underlayOf(1), 5002)).toContain('pod-1-3')
  expect(await ask('outside', underlayOf(1), 5003)).toBe('ECONNREFUSED')
  next.remove('pod-1-3')
})

test('a UDP client that spoke to nobody is heard once the pod is there', async () => {
  const serve = async (address: 'a' | 'b') => {
    const socket = await world.sockets.udp({ netns: pods[address].netns, port: 9000, family: 4 })
    return socket.on('message', (_, from) => socket.send(address, from.port, from.address))
  }
  const [a, b] = [await serve('a'), await serve('b')]
  const client = await world.sockets.udp({ netns: world.outside, port: 0, family: 4 })
  const heard: string[] = []
  client.on('message', text => heard.push(String(text))).on('error', () => {})
  const say = (): void => client.send('hello', 5004, underlayOf(1))
  const until = async (who: string) => {
    await eventually(() => {
      say()
      return heard.at(-1) === who
    })
  }
  const ports = manager()
  const pod = (uid: string) => podWith(uid, [{ containerPort: 9000, hostPort: 5004, protocol: 'UDP' }])
  say()
  ports.put(pod('pod-1-3'), at(pods.a.address))
  await until('a')
  ports.remove('pod-1-3')
  ports.put(pod('pod-1-4'), at(pods.b.address))
  await until('b')
  for (const socket of [a, b, client]) socket.close()
  ports.remove('pod-1-4')
})
