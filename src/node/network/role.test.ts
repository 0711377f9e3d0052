import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Node } from '../../api/core/node.ts'
import { Service } from '../../api/core/service.ts'
import { EndpointSlice } from '../../api/discovery/endpoint-slice.ts'
import type { TestBench } from '../../client/testing.ts'
import { eventually, settled, testBench } from '../../client/testing.ts'
import { CONTENT_TABLE } from '../../datapath/program.ts'
import { fakeClock } from '../../host/clock/fake.ts'
import type { FakeConntrack } from '../../host/conntrack/fake.ts'
import { fakeConntrack } from '../../host/conntrack/fake.ts'
import type { FakeLinks } from '../../host/link/fake.ts'
import { fakeLinks } from '../../host/link/fake.ts'
import type { FakeNetns } from '../../host/netns/fake.ts'
import { fakeNetns } from '../../host/netns/fake.ts'
import type { Netns } from '../../host/netns/mod.ts'
import type { FakeNft } from '../../host/nft/fake.ts'
import { fakeNft } from '../../host/nft/fake.ts'
import { fakeSockets } from '../../host/socket/fake.ts'
import { ip } from '../../lib/ip.ts'
import { IDLED_AT } from '../../model/services/idling.ts'
import type { NetworkRole } from './role.ts'
import { startNetwork } from './role.ts'
import { OPTIONS, putNode, putService, putSlice, underlayOf } from './testing.ts'

let bench: TestBench
let namespaces: FakeNetns
let netns: Netns
let nft: FakeNft
let link: FakeLinks
let conntrack: FakeConntrack

beforeEach(() => {
  bench = testBench()
  namespaces = fakeNetns()
  netns = namespaces.create('node-1')
  nft = fakeNft()
  link = fakeLinks(namespaces)
  conntrack = fakeConntrack()
})
afterEach(() => bench.close())

const start = (using: TestBench = bench): Promise<NetworkRole> =>
  startNetwork(
    { ...using, nft, link, conntrack, sockets: fakeSockets() },
    { ...OPTIONS, node: 'node-1', netns },
    using.signal,
  )
const elements = (map: string): readonly string[] =>
  (nft.open(netns).elements('inet', 'fairlead', map) ?? []).map(element => JSON.stringify(element))

async function running(): Promise<void> {
  putNode(bench.api, 1)
  await (await start()).ready
  await settled(bench)
}

describe('the network of a node', () => {
  test('waits for its address and pod network, and touches nothing before', async () => {
    putService(bench.api, 'api', '172.30.1.1')
    const role = await start()
    let isReady = false
    const ready = role.ready.then(() => {
      isReady = true
    })
    bench.api.put(Node, { metadata: { name: 'node-1' }, spec: {} })
    await settled(bench)
    expect([isReady, nft.applied(netns), link.links(netns).length]).toEqual([false, [], 1])
    putNode(bench.api, 1)
    await ready
    expect(elements('refused4')).toHaveLength(1)
    expect(link.links(netns).map(({ name }) => name)).toEqual(['lo', 'ovn-k8s-mp0', 'vxlan0'])
  })

  test('knows the way to every other node, and forgets it', async () => {
    await running()
    putNode(bench.api, 2)
    await settled(bench)
    expect(link.neighbours(netns)).toEqual(['vxlan0 10.128.2.2 0a:58:ac:12:00:0c'])
    expect(link.forwarding(netns)).toEqual(['vxlan0 0a:58:ac:12:00:0c via 172.18.0.12'])
    const routes = (): readonly string[] =>
      link
        .routes(netns, 4)
        .filter(({ dev }) => dev === 'vxlan0')
        .map(({ to, via }) => `${to} ${via}`)
    expect(routes()).toEqual(['10.128.2.0/23 10.128.2.2', '100.64.0.3/32 10.128.2.2'])
    expect(elements('nodes4')).toHaveLength(2)
    bench.api.drop(Node, { name: 'node-2' })
    await settled(bench)
    expect([link.neighbours(netns), link.forwarding(netns), routes()]).toEqual([[], [], []])
    expect(elements('nodes4')).toHaveLength(1)
  })

  test('writes only what changed, and nothing for a heartbeat', async () => {
    await running()
    for (let i = 1; i <= 50; i++) {
      putService(bench.api, `s${i}`, `172.30.2.${i}`)
      putSlice(bench.api, `s${i}`, [{ address: '10.128.0.5' }, { address: '10.128.0.6' }])
    }
    await settled(bench)
    const before = nft.applied(netns).length
    putSlice(bench.api, 's7', [{ address: '10.128.0.5' }, { address: '10.128.0.7' }])
    await settled(bench)
    const [text, ...others] = nft.applied(netns).slice(before)
    expect(others).toEqual([])
    expect(text!.split('\n').filter(line => line.includes(' fairlead '))).toEqual([
      'delete element inet fairlead endpoints-tcp4 { 172.30.2.7 . 80 . 1 }',
      'add element inet fairlead endpoints-tcp4 { 172.30.2.7 . 80 . 1 : 10.128.0.7 . 8080 }',
    ])
    const node = putNode(bench.api, 1)
    bench.api.put(Node, { ...node, metadata: { name: 'node-1', annotations: { seen: 'now' } } })
    await settled(bench)
    expect(nft.applied(netns)).toHaveLength(before + 1)
  })

  test('tries again after a refusal, and says that it is busy meanwhile', async () => {
    await running()
    nft.failNext('Error: Could not process rule: Cannot allocate memory')
    putService(bench.api, 'api', '172.30.1.1')
    putSlice(bench.api, 'api', [{ address: '10.128.0.5' }])
    await eventually(() => elements('services4').length === 1)
    await settled(bench)
    expect(elements('endpoints-tcp4')).toEqual([
      JSON.stringify([{ concat: ['172.30.1.1', 80, 0] }, { concat: ['10.128.0.5', 8080] }]),
    ])
  })

  test('takes over what stands: nothing is written when it is right, and repaired alone what is not', async () => {
    await running()
    putService(bench.api, 'api', '172.30.1.1')
    putSlice(bench.api, 'api', [{ address: '10.128.0.5' }])
    await settled(bench)
    bench.close()
    const before = nft.applied(netns).length

    const second = testBench({}, bench.api)
    await (await start(second)).ready
    expect(nft.applied(netns)).toHaveLength(before)
    second.close()

    const spoil = nft.open(netns)
    spoil.run(
      `delete element inet fairlead services4 { 172.30.1.1 . tcp . 80 }\nadd element inet fairlead cluster-ips4 { 172.30.9.9 }\nadd table inet ${CONTENT_TABLE.name}\ndelete table inet ${CONTENT_TABLE.name}`,
    )
    const third = testBench({}, bench.api)
    await (await start(third)).ready
    expect(elements('services4')).toHaveLength(1)
    expect(elements('cluster-ips4')).toEqual(['"172.30.1.1"'])
    const written = nft
      .applied(netns)
      .slice(before + 1)
      .join('\n')
    expect(written).not.toMatch(/(delete|flush) (table|map|set) inet fairlead /)
    expect(written).not.toContain('element inet fairlead endpoints-tcp4')
    third.close()
  })

  test('puts back what something else took away, without being told', async () => {
    const clock = fakeClock()
    bench.close()
    const ticking = testBench({}, bench.api, clock)
    putNode(bench.api, 1)
    putService(bench.api, 'api', '172.30.1.1')
    putSlice(bench.api, 'api', [{ address: '10.128.0.5' }])
    await (await start(ticking)).ready
    await settled(ticking)
    nft.open(netns).run('flush ruleset')
    expect(nft.open(netns).tables()).toEqual([])
    await clock.advance(31_000)
    await eventually(() => nft.open(netns).tables().includes('inet fairlead'))
    expect(elements('services4')).toHaveLength(1)
    nft.open(netns).run('delete element inet fairlead services4 { 172.30.1.1 . tcp . 80 }')
    await clock.advance(3_601_000)
    await eventually(() => elements('services4').length === 1)
    ticking.close()
  })

  test('serves all other Services when one is beyond understanding', async () => {
    await running()
    bench.api.put(Service, { metadata: { namespace: 'shop', name: 'bad' }, spec: null as never })
    putService(bench.api, 'api', '172.30.1.1')
    bench.api.put(EndpointSlice, {
      metadata: { namespace: 'shop', name: 'api-0', labels: { 'kubernetes.io/service-name': 'api' } },
      addressType: 'IPv4',
      endpoints: null as never,
    })
    putSlice(bench.api, 'api', [{ address: '10.128.0.5' }])
    await settled(bench)
    expect(elements('services4')).toHaveLength(1)
  })

  test('becomes another when the node gets another address', async () => {
    await running()
    putService(bench.api, 'api', '172.30.1.1', { type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }] })
    putSlice(bench.api, 'api', [{ address: '10.128.0.5' }])
    await settled(bench)
    expect(elements('services4').join()).toContain('172.18.0.11')
    const node = putNode(bench.api, 1)
    bench.api.put(Node, { ...node, status: { addresses: [{ type: 'InternalIP', address: '172.18.0.99' }] } })
    await settled(bench)
    expect(elements('services4').join()).toContain('172.18.0.99')
    expect(elements('services4').join()).not.toContain('172.18.0.11')
  })

  test.each(['the node becomes another', 'the kernel refuses'])(
    'a Service that goes while %s leaves nothing behind',
    async how => {
      const sockets = fakeSockets()
      let listeners = 0
      const packetLog = {
        listen: () => {
          listeners++
          return { close: () => void listeners-- }
        },
      }
      const idling = { packetLog, events: { record: () => {}, flush: async () => {} } }
      putNode(bench.api, 1)
      const deps = { ...bench, nft, link, conntrack, sockets, idling }
      await (await startNetwork(deps, { ...OPTIONS, node: 'node-1', netns }, bench.signal)).ready
      const local = { type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort: 31000 } as const
      const { metadata, ...service } = putService(bench.api, 'api', '172.30.1.1', local)
      bench.api.put(Service, { ...service, metadata: { ...metadata, annotations: { [IDLED_AT]: 'now' } } })
      await settled(bench)
      const isAnswering = () => sockets.listeners(netns).some(({ port }) => port === 31000)
      expect([listeners, isAnswering()]).toEqual([1, true])
      bench.api.drop(Service, metadata)
      if (how === 'the kernel refuses') nft.failNext('no')
      else {
        const node = putNode(bench.api, 1)
        bench.api.put(Node, { ...node, status: { addresses: [{ type: 'InternalIP', address: '172.18.0.99' }] } })
      }
      await settled(bench)
      await eventually(() => listeners === 0 && !isAnswering())
    },
  )
})

test('the kernel forgets UDP connections that lead elsewhere now, and only those', async () => {
  await running()
  const ports = [{ port: 53, protocol: 'UDP' as const, nodePort: 30053 }]
  const dns = { port: 5353, protocol: 'UDP' as const }
  putService(bench.api, 'dns', '172.30.0.10', { type: 'NodePort', ports })
  putSlice(bench.api, 'dns', [{ address: '10.128.0.5' }, { address: '10.128.0.6' }], dns)
  await settled(bench)
  const flow = (answeredBy: string, destination = '172.30.0.10', port = 53) =>
    ({ protocol: 'udp', destination: ip(destination), port, answeredBy: ip(answeredBy), answeredAt: 5353 }) as const
  const add = (): void => {
    for (const backend of ['10.128.0.5', '10.128.0.6']) {
      conntrack.add(netns, flow(backend))
      conntrack.add(netns, flow(backend, underlayOf(1), 30053))
    }
  }
  add()
  putSlice(bench.api, 'dns', [{ address: '10.128.0.6' }], dns)
  await settled(bench)
  expect(conntrack.flows(netns).map(({ answeredBy }) => answeredBy)).toEqual(['10.128.0.6', '10.128.0.6'])
  putSlice(bench.api, 'dns', [], dns)
  await settled(bench)
  expect(conntrack.flows(netns)).toEqual([])
  putSlice(bench.api, 'dns', [{ address: '10.128.0.6' }], dns)
  await settled(bench)
  // What went elsewhere before the address was a Service's.
  conntrack.add(netns, flow('172.30.0.11', '172.30.0.11'))
  putSlice(bench.api, 'late', [{ address: '10.128.0.6' }], dns)
  putService(bench.api, 'late', '172.30.0.11', { ports: [{ port: 53, protocol: 'UDP' }] })
  await settled(bench)
  expect(conntrack.flows(netns)).toEqual([])
  add()
  bench.api.drop(Service, { namespace: 'shop', name: 'dns' })
  await settled(bench)
  expect(conntrack.flows(netns)).toEqual([])
})

test('a change of port, and nothing else, makes UDP connections to the same backend stale', async () => {
  await running()
  putService(bench.api, 'dns', '172.30.0.10', { ports: [{ port: 53, protocol: 'UDP' }] })
  const put = (port: number) => putSlice(bench.api, 'dns', [{ address: '10.128.0.5' }], { port, protocol: 'UDP' })
  put(5353)
  await settled(bench)
  const flow = { protocol: 'udp', destination: ip('172.30.0.10'), port: 53, answeredBy: ip('10.128.0.5') } as const
  conntrack.add(netns, { ...flow, answeredAt: 5353 })
  conntrack.add(netns, { ...flow, answeredAt: 5354 })
  put(5354)
  await settled(bench)
  expect(conntrack.flows(netns).map(({ answeredAt }) => answeredAt)).toEqual([5354])
})

test('UDP connections from outside leave backends of other nodes when the policy Local comes', async () => {
  await running()
  const ports = [{ port: 53, protocol: 'UDP' as const, nodePort: 30053 }]
  const put = (externalTrafficPolicy: 'Cluster' | 'Local') =>
    putService(bench.api, 'dns', '172.30.0.10', { type: 'NodePort', ports, externalTrafficPolicy })
  const endpoints = [
    { address: '10.128.0.5', node: 'node-1' },
    { address: '10.128.2.5', node: 'node-2' },
  ]
  put('Cluster')
  putSlice(bench.api, 'dns', endpoints, { port: 5353, protocol: 'UDP' })
  await settled(bench)
  for (const { address } of endpoints)
    for (const [destination, port] of [['172.30.0.10', 53] as const, [underlayOf(1), 30053] as const])
      conntrack.add(netns, {
        protocol: 'udp',
        destination: ip(destination),
        port,
        answeredBy: ip(address),
        answeredAt: 5353,
      })
  put('Local')
  await settled(bench)
  const left = conntrack.flows(netns).map(({ destination, answeredBy }) => `${destination} ${answeredBy}`)
  expect(left).toEqual(['172.30.0.10 10.128.0.5', `${underlayOf(1)} 10.128.0.5`, '172.30.0.10 10.128.2.5'])
})

test('of TCP and SCTP only what nobody has answered yet is forgotten, when its backend is gone', async () => {
  await running()
  const ports = (['TCP', 'SCTP'] as const).map(protocol => ({ name: protocol.toLowerCase(), port: 80, protocol }))
  putService(bench.api, 'api', '172.30.1.1', { ports })
  const put = (...addresses: string[]) => {
    const endpoints = addresses.map(address => ({ address }))
    const slice = putSlice(bench.api, 'api', endpoints)
    bench.api.put(EndpointSlice, {
      ...slice,
      ports: ports.map(({ name, protocol }) => ({ name, protocol, port: 8080 })),
    })
  }
  put('10.128.0.5', '10.128.0.6')
  await settled(bench)
  for (const protocol of ['tcp', 'sctp'] as const)
    for (const isUnanswered of [true, false])
      for (const answeredBy of ['10.128.0.5', '10.128.0.6'])
        conntrack.add(netns, {
          protocol,
          destination: ip('172.30.1.1'),
          port: 80,
          answeredBy: ip(answeredBy),
          answeredAt: 8080,
          isUnanswered,
        })
  put('10.128.0.6')
  await settled(bench)
  const left = () => conntrack.flows(netns).map(({ answeredBy, isUnanswered }) => `${answeredBy} ${isUnanswered}`)
  const answered = ['10.128.0.5 false', '10.128.0.6 false']
  await eventually(
    () => left().join() === ['10.128.0.6 true', ...answered, '10.128.0.6 true', ...answered].join(),
    left,
  )
  put()
  await eventually(() => left().join() === [...answered, ...answered].join(), left)
})

test('what became stale while no agent looked is forgotten at its start, and nothing that is not of Services', async () => {
  putNode(bench.api, 1)
  putService(bench.api, 'dns', '172.30.0.10', {
    type: 'NodePort',
    ports: [{ port: 53, protocol: 'UDP', nodePort: 30053 }],
  })
  putSlice(bench.api, 'dns', [{ address: '10.128.0.6' }], { port: 5353, protocol: 'UDP' })
  putService(bench.api, 'none', '172.30.0.11', { ports: [{ port: 53, protocol: 'UDP' }] })
  const flow = (destination: string, port: number, answeredBy: string, answeredAt = port) =>
    ({ protocol: 'udp', destination: ip(destination), port, answeredBy: ip(answeredBy), answeredAt }) as const
  const stay = [
    flow('172.30.0.10', 53, '10.128.0.6', 5353),
    flow(underlayOf(1), 30053, '10.128.0.6', 5353),
    // Somebody else's: a plain connection, a host port, and an address outside of the cluster that another program rewrites.
    flow('8.8.8.8', 53, '8.8.8.8'),
    flow(underlayOf(1), 8053, '10.128.0.7', 53),
    flow('192.0.2.1', 53, '192.0.2.2'),
    { ...flow('172.30.0.10', 443, '10.128.0.9', 8443), protocol: 'tcp' as const },
  ]
  const go = [
    flow('172.30.0.10', 53, '10.128.0.5', 5353),
    flow('172.30.0.10', 53, '10.128.0.6', 5300),
    flow('172.30.0.10', 53, '172.30.0.10'),
    flow(underlayOf(1), 30053, '10.128.0.5', 5353),
    // The Service has no endpoints any more, or is gone itself.
    flow('172.30.0.11', 53, '10.128.0.5', 5353),
    flow('172.30.0.99', 53, '10.128.0.5', 5353),
    flow(underlayOf(1), 30099, '10.128.0.5', 5353),
    { ...flow('172.30.0.10', 443, '10.128.0.9', 8443), protocol: 'tcp' as const, isUnanswered: true },
  ]
  for (const one of [...go, ...stay]) conntrack.add(netns, one)
  await (await start()).ready
  const seen = conntrack.flows(netns).map(({ destination, port, answeredBy }) => `${destination}:${port} ${answeredBy}`)
  expect(seen).toEqual(stay.map(({ destination, port, answeredBy }) => `${destination}:${port} ${answeredBy}`))
})

test('addresses of a family in which the cluster has no pods are left alone, and all else is served', async () => {
  await running()
  const node = putNode(bench.api, 1)
  const addresses = [...node.status!.addresses!, { type: 'InternalIP', address: 'fd18::11' }]
  bench.api.put(Node, { ...node, status: { ...node.status, addresses } })
  putService(bench.api, 'api', '172.30.1.1', { clusterIPs: ['172.30.1.1', 'fd02::1'] })
  putSlice(bench.api, 'api', [{ address: '10.128.0.5' }])
  await settled(bench)
  expect(elements('services4')).toHaveLength(1)
  expect(elements('nodes4')).toHaveLength(1)
  expect(nft.applied(netns).join('\n')).not.toContain('fd')
})
