import { once } from 'node:events'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Service } from '../../api/core/service.ts'
import type { TestBench } from '../../client/testing.ts'
import { eventually, settled, testBench } from '../../client/testing.ts'
import { TABLE } from '../../datapath/skeleton.ts'
import { silence } from '../../host/clock/testing.ts'
import type { Netns } from '../../host/netns/mod.ts'
import { cidr } from '../../lib/cidr.ts'
import type { Ip } from '../../lib/ip.ts'
import { ip } from '../../lib/ip.ts'
import type { World } from './testing.ts'
import { createWorld, OUTSIDE, putNode, putService, putSlice, underlayOf } from './testing.ts'

let world: World
let bench: TestBench
let pods: { readonly a: Awaited<ReturnType<World['pod']>>; readonly b: Awaited<ReturnType<World['pod']>> }
const API = ip('172.30.1.1')

beforeAll(async () => {
  world = createWorld(2)
  bench = testBench()
  for (const number of [1, 2]) putNode(bench.api, number)
  const roles = await Promise.all([1, 2].map(number => world.start(bench, number)))
  await Promise.all(roles.map(role => role.ready))
  pods = { a: await world.pod(1, 3), b: await world.pod(2, 3) }
})
afterAll(() => {
  bench.close()
  world.close()
})

const both = () => [
  { address: pods.a.address, node: 'node-1' },
  { address: pods.b.address, node: 'node-2' },
]
const counter = (node: number, name: string): number => {
  const nft = world.nft.open(world.node(node))
  const packets = nft.counter(TABLE.family, TABLE.name, name)?.packets ?? -1
  nft.close()
  return packets
}

/** A UDP client that sends and returns the next answer; undefined after 300 ms. */
async function udpClient(
  netns: Netns,
): Promise<{ ask(to: Ip, port: number): Promise<string | undefined>; close(): void }> {
  const socket = await world.sockets.udp({ netns, port: 0 })
  return {
    ask: async (to, port) => {
      socket.send('?', port, to)
      return once(socket, 'message', { signal: silence(300) }).then(
        ([data]) => String(data),
        () => undefined,
      )
    },
    close: () => socket.close(),
  }
}

test('UDP clients leave a backend that is gone, though they never pause', async () => {
  const servers = await Promise.all(
    Object.entries(pods).map(async ([name, { netns }]) => {
      const socket = await world.sockets.udp({ netns, port: 5300 })
      socket.on('message', (_, { address, port }) => socket.send(name, port, address))
      return socket
    }),
  )
  putService(bench.api, 'dns', '172.30.0.10', { ports: [{ port: 53, protocol: 'UDP' }] })
  putSlice(bench.api, 'dns', [both()[0]!], { port: 5300, protocol: 'UDP' })
  await settled(bench)
  const client = await udpClient(pods.a.netns)
  expect(await client.ask(ip('172.30.0.10'), 53)).toBe('a')
  putSlice(bench.api, 'dns', [both()[1]!], { port: 5300, protocol: 'UDP' })
  await settled(bench)
  expect(await client.ask(ip('172.30.0.10'), 53)).toBe('b')
  putSlice(bench.api, 'dns', [], { port: 5300, protocol: 'UDP' })
  await settled(bench)
  expect(await client.ask(ip('172.30.0.10'), 53)).toBeUndefined()
  putSlice(bench.api, 'dns', [both()[0]!], { port: 5300, protocol: 'UDP' })
  await settled(bench)
  expect(await client.ask(ip('172.30.0.10'), 53)).toBe('a')
  client.close()
  for (const server of servers) server.close()
})

test('session affinity holds a client with its backend until the backend is gone', async () => {
  const affinity = {
    sessionAffinity: 'ClientIP' as const,
    sessionAffinityConfig: { clientIP: { timeoutSeconds: 100 } },
  }
  putService(bench.api, 'api', API, affinity)
  putSlice(bench.api, 'api', both())
  await settled(bench)
  const ask = () => world.ask(world.node(2), API, 80)
  const first = await ask()
  for (let i = 0; i < 12; i++) expect(await ask()).toBe(first)
  const other = first.startsWith('pod-1') ? both()[1]! : both()[0]!
  putSlice(bench.api, 'api', [other])
  await settled(bench)
  const second = await ask()
  expect(second).not.toBe(first)
  putSlice(bench.api, 'api', both())
  await settled(bench)
  for (let i = 0; i < 12; i++) expect(await ask()).toBe(second)
  putService(bench.api, 'api', API)
  await settled(bench)
  const seen = new Set<string>()
  for (let i = 0; i < 60 && seen.size < 2; i++) seen.add(await ask())
  expect(seen.size).toBe(2)
})

test('under externalTrafficPolicy Local the client is seen as it is, and only nodes with an endpoint answer', async () => {
  const ports = [{ port: 80, protocol: 'TCP' as const, nodePort: 30081 }]
  putService(bench.api, 'api', API, { type: 'NodePort', ports, externalTrafficPolicy: 'Local' })
  putSlice(bench.api, 'api', [both()[0]!])
  await settled(bench)
  expect(await world.ask(world.outside, underlayOf(1), 30081)).toBe(`pod-1-3 ${OUTSIDE}`)
  expect(await world.ask(world.outside, underlayOf(2), 30081)).toBe('timeout')
  expect(await world.ask(pods.b.netns, underlayOf(2), 30081)).toMatch(/^pod-1-3 /)
  putService(bench.api, 'api', API, { type: 'NodePort', ports })
  await settled(bench)
  expect(await world.ask(world.outside, underlayOf(2), 30081)).toMatch(/^pod-1-3 100.64/)
})

test('under internalTrafficPolicy Local only endpoints of the own node are used', async () => {
  putService(bench.api, 'api', API, { internalTrafficPolicy: 'Local' })
  putSlice(bench.api, 'api', both())
  await settled(bench)
  for (let i = 0; i < 8; i++) expect(await world.ask(pods.b.netns, API, 80)).toBe('pod-2-3 169.254.0.5')
  putSlice(bench.api, 'api', [both()[0]!])
  await settled(bench)
  expect(await world.ask(pods.b.netns, API, 80)).toBe('timeout')
  expect(await world.ask(pods.a.netns, API, 80)).toMatch(/^pod-1-3/)
})

test('VXLAN is taken from nodes alone', async () => {
  const before = counter(1, 'tunnel-drop')
  const send = async (netns: Netns): Promise<void> => {
    const socket = await world.sockets.udp({ netns, port: 0 })
    await new Promise<void>((resolve, reject) =>
      socket.send(Buffer.alloc(64), 4789, underlayOf(1), error => (error ? reject(error) : resolve())),
    )
    socket.close()
  }
  await send(world.outside)
  await eventually(() => counter(1, 'tunnel-drop') === before + 1)
  await send(pods.a.netns)
  await eventually(() => counter(1, 'tunnel-drop') === before + 2)
  await send(world.node(2))
  const arrived = counter(1, 'vxlan-in')
  expect(await world.ask(pods.b.netns, pods.a.address, 8080)).toMatch(/^pod-1-3/)
  expect(counter(1, 'vxlan-in')).toBeGreaterThan(arrived)
  expect(counter(1, 'tunnel-drop')).toBe(before + 2)
})

test('each hop of a connection counts', async () => {
  putService(bench.api, 'api', API)
  putSlice(bench.api, 'api', [both()[1]!])
  await settled(bench)
  const hops = () => [
    counter(1, 'service-dnat'),
    counter(1, 'vxlan-out') > 0 ? counter(1, 'vxlan-out') : -1,
    counter(2, 'vxlan-in'),
    counter(2, 'forwarded'),
  ]
  const before = hops()
  expect(await world.ask(pods.a.netns, API, 80)).toMatch(/^pod-2-3/)
  const after = hops()
  expect(after[0]).toBe(before[0]! + 1)
  for (const i of [1, 2, 3]) expect(after[i]).toBeGreaterThan(before[i]!)
})

test('loadBalancerSourceRanges: only who is in them reaches the load balancer address, and node ports stay open', async () => {
  const balancer = ip('172.18.0.240')
  world.link.apply(world.outside, [{ op: 'route-replace', to: cidr('172.18.0.240/32'), via: underlayOf(1) }])
  const ports = [{ port: 80, protocol: 'TCP' as const, nodePort: 30083 }]
  const put = (loadBalancerSourceRanges: readonly string[]) =>
    bench.api.put(Service, {
      ...putService(bench.api, 'api', API, { type: 'LoadBalancer', ports, loadBalancerSourceRanges }),
      status: { loadBalancer: { ingress: [{ ip: balancer, ipMode: 'VIP' }] } },
    })
  putSlice(bench.api, 'api', both())
  put(['172.18.0.0/16', ' 172.18.0.100/32 ', '10.128.0.0/23'])
  await settled(bench)
  expect(await world.ask(world.outside, balancer, 80)).toMatch(/^pod-/)
  expect(await world.ask(pods.a.netns, balancer, 80)).toMatch(/^pod-/)
  expect(await world.ask(pods.b.netns, balancer, 80)).toBe('timeout')
  put(['192.0.2.0/24'])
  await settled(bench)
  expect(await world.ask(world.outside, balancer, 80)).toBe('timeout')
  expect(await world.ask(world.node(2), balancer, 80)).toBe('timeout')
  expect(await world.ask(world.outside, underlayOf(1), 30083)).toMatch(/^pod-/)
  put([])
  await settled(bench)
  expect(await world.ask(world.outside, balancer, 80)).toMatch(/^pod-/)
  putService(bench.api, 'api', API)
  await settled(bench)
})

test('a client whose first packet went to a backend that is gone reaches another with the next', async () => {
  // Whoever is asked there says nothing.
  const hole = world.nft.open(pods.b.netns)
  hole.run(
    'add table inet hole\nadd chain inet hole in { type filter hook input priority 0; policy accept; }\nadd rule inet hole in tcp dport 8080 drop',
  )
  putService(bench.api, 'api', API)
  putSlice(bench.api, 'api', [both()[1]!])
  await settled(bench)
  const before = world.ask(pods.a.netns, API, 80)
  const socket = world.sockets.connect({ netns: pods.a.netns, address: API, port: 80 })
  const said = once(socket.setEncoding('utf8'), 'data')
  // Nobody answers as long as the backend is the only one; the first packet of both is under way.
  expect(await before).toBe('timeout')
  putSlice(bench.api, 'api', [both()[0]!])
  await settled(bench)
  expect(String((await said)[0])).toMatch(/^pod-1-3 /)
  hole.run('delete table inet hole')
  hole.close()
})
