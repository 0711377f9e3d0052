/** What people do with Services, as the network suites of Kubernetes go through it, by packets. */

import { once } from 'node:events'
import { get } from 'node:http'
import { createServer } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { ServiceSpec } from '../../api/core/service.ts'
import { Service } from '../../api/core/service.ts'
import type { Endpoint } from '../../api/discovery/endpoint-slice.ts'
import { EndpointSlice } from '../../api/discovery/endpoint-slice.ts'
import type { TestBench } from '../../client/testing.ts'
import { eventually, settled, testBench } from '../../client/testing.ts'
import { silence } from '../../host/clock/testing.ts'
import type { Netns } from '../../host/netns/mod.ts'
import type { Ip } from '../../lib/ip.ts'
import { ip } from '../../lib/ip.ts'
import type { World } from './testing.ts'
import { createWorld, OUTSIDE, putNode, putService, underlayOf } from './testing.ts'

const API = ip('172.30.1.1')
const NODE_PORT = 30_080
const TCP = { port: 80, protocol: 'TCP', nodePort: NODE_PORT } as const

interface Pod {
  readonly netns: Netns
  readonly address: Ip
  readonly node: string
}
let world: World
let bench: TestBench
let a: Pod
let b: Pod
let client: Pod

beforeAll(async () => {
  world = createWorld(2)
  bench = testBench()
  for (const number of [1, 2]) putNode(bench.api, number, `zone-${number}`)
  const roles = await Promise.all([1, 2].map(number => world.start(bench, number)))
  await Promise.all(roles.map(role => role.ready))
  const pod = async (node: number, index: number): Promise<Pod> => ({
    ...(await world.pod(node, index)),
    node: `node-${node}`,
  })
  a = await pod(1, 3)
  b = await pod(2, 3)
  client = await pod(1, 4)
  // A second TCP port and a UDP port in each.
  for (const [name, { netns }] of Object.entries({ a, b })) {
    const server = createServer(socket => socket.on('error', () => {}).end(`${name} 9090`))
    await world.sockets.listen(server, { netns, port: 9090 })
    const udp = await world.sockets.udp({ netns, port: 8081 })
    udp.on('message', (bytes, from) => udp.send(`${name} ${bytes.length}`, from.port, from.address))
    bench.signal.addEventListener('abort', () => {
      server.close()
      udp.close()
    })
  }
})
afterAll(() => {
  bench.close()
  world.close()
})
beforeEach(async () => {
  for (const { metadata } of bench.api.all(EndpointSlice)) bench.api.drop(EndpointSlice, metadata)
  for (const { metadata } of bench.api.all(Service)) bench.api.drop(Service, metadata)
  await settled(bench)
})

const put = (spec: Partial<ServiceSpec> = {}): Service => putService(bench.api, 'api', API, spec)
function slice(
  name: string,
  endpoints: readonly (Pod | (Pod & { readonly is: Partial<Endpoint> }))[],
  ports: NonNullable<EndpointSlice['ports']> = [{ name: '', protocol: 'TCP', port: 8080 }],
): void {
  bench.api.put(EndpointSlice, {
    metadata: { namespace: 'shop', name, labels: { 'kubernetes.io/service-name': 'api' } },
    addressType: 'IPv4',
    ports,
    endpoints: endpoints.map(one => ({
      addresses: [one.address],
      nodeName: one.node,
      conditions: { ready: true },
      ...('is' in one ? one.is : {}),
    })),
  })
}
const ask = (port = 80, from: Netns = client.netns, to: Ip = API): Promise<string> => world.ask(from, to, port)
/** Everybody who answers in enough tries that each has had its turn. */
async function answers(from: () => Promise<string> = ask, tries = 24): Promise<ReadonlySet<string>> {
  const seen = new Set<string>()
  for (let i = 0; i < tries; i++) seen.add((await from()).split(' ').slice(0, 2).join(' '))
  return seen
}
async function askUdp(to: Ip, port: number, bytes: string | Buffer = '?', from: Netns = client.netns): Promise<string> {
  const socket = await world.sockets.udp({ netns: from, port: 0 })
  socket.send(bytes, port, to)
  try {
    const [said] = await once(socket, 'message', { signal: silence(500) })
    return String(said)
  } catch {
    return 'silence'
  } finally {
    socket.close()
  }
}

test('one port in two protocols is two doors: removing one closes it, and leaves the other', async () => {
  const udp = { port: 80, protocol: 'UDP' as const, name: 'udp', nodePort: NODE_PORT }
  const tcp = { ...TCP, name: 'tcp' }
  put({ type: 'NodePort', ports: [tcp, udp] })
  slice(
    'api-1',
    [a],
    [
      { name: 'tcp', protocol: 'TCP', port: 8080 },
      { name: 'udp', protocol: 'UDP', port: 8081 },
    ],
  )
  await settled(bench)
  expect([await ask(), await askUdp(API, 80)]).toEqual([expect.stringMatching(/^pod-1-3/), 'a 1'])
  expect(await askUdp(underlayOf(2), NODE_PORT, '?', world.outside)).toBe('a 1')
  // Packets of many pieces too.
  expect(await askUdp(API, 80, Buffer.alloc(3000))).toBe('a 3000')
  put({ type: 'NodePort', ports: [tcp] })
  await settled(bench)
  expect([await ask(), await askUdp(API, 80)]).toEqual([expect.stringMatching(/^pod-1-3/), 'silence'])
  put({ type: 'NodePort', ports: [udp] })
  await settled(bench)
  expect([await ask(), await askUdp(API, 80)]).toEqual(['ECONNREFUSED', 'a 1'])
})

test('ports lead where their names do, and endpoints follow as they come, change port and go', async () => {
  put({
    ports: [
      { name: 'one', port: 80, protocol: 'TCP' },
      { name: 'two', port: 81, protocol: 'TCP' },
    ],
  })
  const one = { name: 'one', protocol: 'TCP' as const, port: 8080 }
  const two = { name: 'two', protocol: 'TCP' as const, port: 9090 }
  slice('api-1', [a], [one, two])
  await settled(bench)
  expect([await ask(80), await ask(81)]).toEqual([expect.stringMatching(/^pod-1-3/), 'a 9090'])
  slice('api-2', [b], [one])
  await settled(bench)
  expect(await answers()).toEqual(new Set([`pod-1-3 ${client.address}`, `pod-2-3 ${client.address}`]))
  expect(await answers(() => ask(81), 6)).toEqual(new Set(['a 9090']))
  slice('api-1', [a], [{ ...one, port: 9090 }])
  await settled(bench)
  expect(await answers()).toEqual(new Set(['a 9090', `pod-2-3 ${client.address}`]))
  expect(await ask(81)).toBe('ECONNREFUSED')
})

test('slices of one Service add up: other addresses, other ports, and one address with two ports', async () => {
  put()
  slice('api-1', [a])
  slice('api-2', [a, b], [{ name: '', protocol: 'TCP', port: 9090 }])
  await settled(bench)
  expect(await answers(ask, 60)).toEqual(new Set([`pod-1-3 ${client.address}`, 'a 9090', 'b 9090']))
})

describe('session affinity', () => {
  test.each([
    ['a ClusterIP', () => ask()],
    ['a node port', () => ask(NODE_PORT, world.outside, underlayOf(1))],
  ])('of %s can be turned on and off', async (_, from) => {
    const affine = { type: 'NodePort', ports: [TCP], sessionAffinity: 'ClientIP' } as const
    slice('api-1', [a, b])
    put(affine)
    await settled(bench)
    expect((await answers(from, 15)).size).toBe(1)
    put({ ...affine, sessionAffinity: 'None' })
    await settled(bench)
    expect((await answers(from, 40)).size).toBe(2)
    put(affine)
    await settled(bench)
    expect((await answers(from, 15)).size).toBe(1)
  })

  test('does not lead clients outside past the policy Local when that comes later', async () => {
    const affine = { type: 'NodePort', ports: [TCP], sessionAffinity: 'ClientIP' } as const
    const from = () => ask(NODE_PORT, world.outside, underlayOf(1))
    slice('api-1', [b])
    put({ ...affine, externalTrafficPolicy: 'Cluster' })
    await settled(bench)
    expect(await from()).toMatch(/^pod-2-3/)
    slice('api-1', [a, b])
    await settled(bench)
    expect(await from()).toMatch(/^pod-2-3/)
    put({ ...affine, externalTrafficPolicy: 'Local' })
    await settled(bench)
    expect(await from()).toBe(`pod-1-3 ${OUTSIDE}`)
  })

  test('ends when nobody came for as long as it says', async () => {
    put({ sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 1 } } })
    slice('api-1', [a, b])
    await settled(bench)
    const first = await ask()
    expect(await ask()).toBe(first)
    const nft = world.nft.open(world.node(1))
    const isForgotten = (): boolean => nft.elements('inet', 'fairlead', 'affinity4')?.length === 0
    await eventually(isForgotten)
    nft.close()
    expect(
      (
        await answers(async () => {
          const said = await ask()
          world.nft.open(world.node(1)).run('flush map inet fairlead affinity4')
          return said
        }, 40)
      ).size,
    ).toBe(2)
  })
})

test('what another proxy serves, or has the label of headless Services, is left alone as long as it has it', async () => {
  slice('api-1', [a])
  for (const label of ['service.kubernetes.io/service-proxy-name', 'service.kubernetes.io/headless']) {
    const service = put()
    await settled(bench)
    expect(await ask()).toMatch(/^pod-1-3/)
    bench.api.put(Service, { ...service, metadata: { ...service.metadata, labels: { [label]: 'x' } } })
    await settled(bench)
    expect(await ask()).toBe('timeout')
    bench.api.put(Service, service)
    await settled(bench)
    expect(await ask()).toMatch(/^pod-1-3/)
  }
})

test('a Service goes up, down and up again, under another address too', async () => {
  put()
  slice('api-1', [a])
  await settled(bench)
  expect(await ask()).toMatch(/^pod-1-3/)
  bench.api.drop(Service, { namespace: 'shop', name: 'api' })
  await settled(bench)
  expect(await ask()).toBe('timeout')
  const other = ip('172.30.1.2')
  putService(bench.api, 'api', other)
  await settled(bench)
  expect([await ask(80, client.netns, other), await ask()]).toEqual([expect.stringMatching(/^pod-1-3/), 'timeout'])
})

describe('endpoints that end', () => {
  const ending = { conditions: { ready: false, serving: true, terminating: true } }
  const unready = { conditions: { ready: false, serving: false, terminating: false } }
  test.each(['Cluster', 'Local'] as const)('serve while no other is ready, under the policy %s', async policy => {
    put({ type: 'NodePort', ports: [TCP], internalTrafficPolicy: policy, externalTrafficPolicy: policy })
    const from = { inside: () => ask(), outside: () => ask(NODE_PORT, world.outside, underlayOf(1)) }
    slice('api-1', [{ ...a, is: ending }])
    await settled(bench)
    for (const each of Object.values(from)) expect(await each()).toMatch(/^pod-1-3/)
    slice('api-1', [{ ...a, is: unready }])
    await settled(bench)
    for (const each of Object.values(from)) expect(await each()).toBe('ECONNREFUSED')
    // A ready one takes over; under Local only those of the node count.
    slice('api-1', [{ ...a, is: ending }, b])
    await settled(bench)
    for (const each of Object.values(from))
      expect(await answers(each, 10)).toEqual(
        new Set([expect.stringMatching(policy === 'Cluster' ? /^pod-2-3/ : /^pod-1-3/)]),
      )
  })
})

test('hints keep connections near where all endpoints have them, and nowhere else', async () => {
  put()
  const hinted = (pod: Pod, zone: string) => ({ ...pod, is: { hints: { forZones: [{ name: zone }] } } })
  slice('api-1', [hinted(a, 'zone-1'), hinted(b, 'zone-2')])
  await settled(bench)
  expect(await answers()).toEqual(new Set([`pod-1-3 ${client.address}`]))
  slice('api-1', [hinted(a, 'zone-1'), b])
  await settled(bench)
  expect((await answers()).size).toBe(2)
  const onNode = (pod: Pod) => ({ ...pod, is: { hints: { forNodes: [{ name: pod.node }] } } })
  slice('api-1', [onNode(a), onNode(b)])
  await settled(bench)
  expect(await answers()).toEqual(new Set([`pod-1-3 ${client.address}`]))
})

test('an external address answers pods, whoever it belongs to outside', async () => {
  const external = ip('198.51.100.7')
  put({ externalIPs: [external], externalTrafficPolicy: 'Cluster' })
  slice('api-1', [a])
  await settled(bench)
  expect(await ask(80, client.netns, external)).toMatch(/^pod-1-3/)
  put()
  await settled(bench)
  expect(await ask(80, client.netns, external)).not.toMatch(/^pod-1-3/)
})

test('a client outside is seen as it is under the policy Local, and as the node under Cluster', async () => {
  slice('api-1', [a])
  put({ type: 'NodePort', ports: [TCP], externalTrafficPolicy: 'Local' })
  await settled(bench)
  expect(await ask(NODE_PORT, world.outside, underlayOf(1))).toBe(`pod-1-3 ${OUTSIDE}`)
  put({ type: 'NodePort', ports: [TCP], externalTrafficPolicy: 'Cluster' })
  await settled(bench)
  expect(await ask(NODE_PORT, world.outside, underlayOf(1))).toBe('pod-1-3 100.64.0.2')
})

test('a pod is seen as itself at outside addresses of a Service too, and as the node that it came by at the ports of another', async () => {
  const [external, balancer] = [ip('198.51.100.7'), ip('172.18.0.210')]
  put({ type: 'LoadBalancer', ports: [TCP], externalIPs: [external], externalTrafficPolicy: 'Cluster' })
  bench.api.put(Service, {
    ...bench.api.get(Service, { namespace: 'shop', name: 'api' })!,
    status: { loadBalancer: { ingress: [{ ip: balancer, ipMode: 'VIP' }] } },
  })
  for (const [name, endpoint] of [
    ['pod-1-3', a],
    ['pod-2-3', b],
  ] as const) {
    slice('api-1', [endpoint])
    await settled(bench)
    for (const [port, address] of [
      [80, external],
      [80, balancer],
      [NODE_PORT, underlayOf(1)],
    ] as const)
      expect([address, await ask(port, client.netns, address)]).toEqual([address, `${name} ${client.address}`])
    expect(await ask(NODE_PORT, client.netns, underlayOf(2))).toBe(`${name} 100.64.0.3`)
  }
  // One that reaches itself must not be told by its own address.
  slice('api-1', [a])
  await settled(bench)
  expect(await ask(80, a.netns, balancer)).toMatch(/^pod-1-3 (?!10\.128\.0\.3)/)
})

/** What a load balancer outside hears at the health check port of a node. */
function askHealth(node: number, port: number): Promise<string> {
  return new Promise(resolve => {
    const createConnection = () => world.sockets.connect({ netns: world.outside, address: underlayOf(node), port })
    get({ createConnection, path: '/any' }, response => {
      const weight = response.headers['x-load-balancing-endpoint-weight']
      let body = ''
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text
      })
      response.on('end', () => resolve(`${response.statusCode} ${weight} ${body.trim()}`))
    }).on('error', error => resolve('code' in error ? String(error.code) : error.message))
  })
}

test('a health check port says outside how many endpoints a node has, as long as the policy is Local', async () => {
  const said = (count: number) =>
    `${count > 0 ? 200 : 503} ${count} {"service":{"namespace":"shop","name":"api"},"localEndpoints":${count},"serviceProxyHealthy":true}`
  const spec = { type: 'LoadBalancer', ports: [TCP] } as const
  put({ ...spec, externalTrafficPolicy: 'Local', healthCheckNodePort: 32_100 })
  slice('api-1', [a])
  await settled(bench)
  expect([await askHealth(1, 32_100), await askHealth(2, 32_100)]).toEqual([said(1), said(0)])
  // Those that end get no new clients.
  slice('api-1', [{ ...a, is: { conditions: { ready: false, serving: true, terminating: true } } }, b])
  await settled(bench)
  expect([await askHealth(1, 32_100), await askHealth(2, 32_100)]).toEqual([said(0), said(1)])
  put({ ...spec, externalTrafficPolicy: 'Cluster', healthCheckNodePort: 32_100 })
  await settled(bench)
  expect(await askHealth(2, 32_100)).toBe('ECONNREFUSED')
})
