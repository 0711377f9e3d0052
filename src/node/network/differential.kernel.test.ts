import { createServer } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ServiceSpec } from '../../api/core/service.ts'
import { Service } from '../../api/core/service.ts'
import { EndpointSlice } from '../../api/discovery/endpoint-slice.ts'
import type { TestBench } from '../../client/testing.ts'
import { settled, testBench } from '../../client/testing.ts'
import { joinAddressOf, managementOf } from '../../datapath/options.ts'
import { afterSilence } from '../../host/clock/testing.ts'
import type { Netns } from '../../host/netns/mod.ts'
import { contains } from '../../lib/cidr.ts'
import type { Family, Ip } from '../../lib/ip.ts'
import { ip } from '../../lib/ip.ts'
import { frontsOf } from '../../model/services/fronts.ts'
import type { Front } from '../../model/services/types.ts'
import type { World } from './testing.ts'
import {
  createWorld,
  DUAL_OPTIONS,
  OUTSIDE,
  OUTSIDE6,
  podNetwork6Of,
  podNetworkOf,
  putDualNode,
  putService,
  underlay6Of,
  underlayOf,
} from './testing.ts'

const STATES = Number(process.env.DIFFERENTIAL_STATES ?? 15)
const SEED = Number(process.env.SEED ?? (process.pid * 7919) % 100_000)
/** What differs between the families. */
const OF = {
  4: {
    clusterIp: ip('172.30.1.1'),
    balancer: ip('172.18.0.240'),
    external: ip('198.51.100.7'),
    hairpin: '169.254.0.5',
    outside: OUTSIDE,
    underlay: underlayOf,
    network: podNetworkOf,
    ranges: [['172.18.0.0/24'], ['10.128.0.0/23'], ['192.0.2.0/24', '10.128.2.0/23']],
  },
  6: {
    clusterIp: ip('fd02::101'),
    balancer: ip('fd18::240'),
    external: ip('fd99::7'),
    hairpin: 'fd69::5',
    outside: OUTSIDE6,
    underlay: underlay6Of,
    network: podNetwork6Of,
    ranges: [['fd18::/64'], ['fd01::/64'], ['fd77::/64', 'fd01:0:0:1::/64']],
  },
} as const
const NODE_PORT = 30_090
const ZONES = { 1: 'a', 2: 'b' } as const

type NodeNumber = 1 | 2
interface Client {
  readonly name: string
  readonly netns: Netns
  readonly is: 'pod' | 'node' | 'outside'
  /** The node that its packets come by. */
  readonly node: NodeNumber
  readonly addresses: Readonly<Record<Family, Ip>>
}

let world: World
let bench: TestBench
let pods: readonly Client[]
let clients: readonly Client[]

beforeAll(async () => {
  world = createWorld(2, true)
  bench = testBench()
  for (const number of [1, 2] as const) putDualNode(bench.api, number, ZONES[number])
  for (const number of [1, 2]) await (await world.start(bench, number)).ready
  // Every datagram that is refused is to be told, not one a second.
  for (const number of [1, 2])
    for (const name of ['net/ipv4/icmp_ratelimit', 'net/ipv6/icmp/ratelimit'])
      world.link.sysctl(world.node(number), name, '0')
  const made: Client[] = []
  for (const node of [1, 2] as const)
    for (const index of [3, 4]) {
      const { netns, address, address6 } = await world.pod(node, index)
      made.push({ netns, addresses: { 4: address, 6: address6 }, node, name: `pod-${node}-${index}`, is: 'pod' })
    }
  pods = made
  // A second port in every pod: named ports may differ by pod.
  for (const { netns, name } of pods) {
    const server = createServer(socket => socket.end(`${name} ${(socket.remoteAddress ?? '').replace(/^::ffff:/, '')}`))
    await world.sockets.listen(server, { netns, port: 9090 })
    bench.signal.addEventListener('abort', () => server.close())
    for (const port of [8080, 9090])
      for (const address of ['0.0.0.0', '::']) {
        const udp = await world.sockets.udp({ netns, port, address: ip(address) })
        udp.on('message', (_, from) => udp.send(`${name} ${from.address}`, from.port, from.address))
        bench.signal.addEventListener('abort', () => udp.close())
      }
  }
  // As nodes have it: without a way out the kernel itself refuses what is not local.
  for (const number of [1, 2])
    for (const family of FAMILIES)
      world.link.apply(world.node(number), [{ op: 'route', via: OF[family].outside, dev: 'eth0', family }])
  for (const family of FAMILIES)
    for (const address of [OF[family].balancer, OF[family].external])
      world.link.apply(world.outside, [
        {
          op: 'route-replace',
          to: { address, bits: family === 4 ? 32 : 128, family },
          via: OF[family].underlay(1),
          family,
        },
      ])
  clients = [
    pods[0]!,
    pods[2]!,
    {
      name: 'node-2',
      netns: world.node(2),
      is: 'node',
      node: 2,
      addresses: { 4: underlayOf(2), 6: underlay6Of(2) },
    },
    { name: 'outside', netns: world.outside, is: 'outside', node: 1, addresses: { 4: OUTSIDE, 6: OUTSIDE6 } },
  ]
})
afterAll(() => {
  bench.close()
  world.close()
})

/** mulberry32: the same numbers for the same seed. */
function random(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

const CONDITIONS = [
  { ready: true, serving: true, terminating: false },
  { ready: true, serving: true, terminating: false },
  { ready: false, serving: false, terminating: false },
  { ready: false, serving: true, terminating: true },
]
const FAMILIES = [4, 6] as const

/** A Service of any kind, with endpoints in any condition in two slices of different ports. */
function putRandom(
  family: Family,
  pick: (below: number) => number,
): {
  readonly service: Service
  readonly slices: readonly EndpointSlice[]
} {
  const { clusterIp, balancer, external, ranges } = OF[family]
  const protocol = pick(3) === 0 ? ('UDP' as const) : ('TCP' as const)
  const policy = (): 'Cluster' | 'Local' => (pick(2) === 0 ? 'Cluster' : 'Local')
  const type = (['ClusterIP', 'NodePort', 'LoadBalancer'] as const)[pick(3)]!
  const hasNodePort = type !== 'ClusterIP'
  const hasExternalIp = pick(3) === 0
  const spec: Partial<ServiceSpec> = {
    type,
    ports: [{ port: 80, protocol, ...(hasNodePort ? { nodePort: NODE_PORT } : {}) }],
    internalTrafficPolicy: policy(),
    ...(hasNodePort || hasExternalIp ? { externalTrafficPolicy: policy() } : {}),
    ...(hasExternalIp ? { externalIPs: [external] } : {}),
    ...(pick(4) === 0 ? { sessionAffinity: 'ClientIP' } : {}),
    ...(type === 'LoadBalancer' && pick(2) === 0 ? { loadBalancerSourceRanges: ranges[pick(3)]! } : {}),
  }
  const base = putService(bench.api, 'api', clusterIp, spec)
  const ingress = [{ ip: balancer, ipMode: pick(4) === 0 ? 'Proxy' : 'VIP' }]
  const service =
    type === 'LoadBalancer' ? bench.api.put(Service, { ...base, status: { loadBalancer: { ingress } } }) : base
  const hints = pick(3)
  const isEmpty = pick(6) === 0
  const slices = [8080, 9090].map((port, i) =>
    bench.api.put(EndpointSlice, {
      metadata: { namespace: 'shop', name: `api-${i}`, labels: { 'kubernetes.io/service-name': 'api' } },
      addressType: family === 4 ? 'IPv4' : 'IPv6',
      ports: [{ name: '', protocol, port }],
      endpoints: pods
        .filter((_, index) => index % 2 === i && !isEmpty && pick(4) > 0)
        .map(({ addresses, node }) => ({
          addresses: [addresses[family]],
          nodeName: `node-${node}`,
          zone: ZONES[node],
          conditions: CONDITIONS[pick(CONDITIONS.length)]!,
          ...(hints === 1 ? { hints: { forZones: [{ name: ZONES[node] }] } } : {}),
          ...(hints === 2 ? { hints: { forNodes: [{ name: `node-${node}` }] } } : {}),
        })),
    }),
  )
  return { service, slices }
}

/** What answers a datagram, or why nothing does: as `World.ask`. */
function askUdp(netns: Netns, address: Ip, port: number): Promise<string> {
  const family = address.includes(':') ? '::' : '0.0.0.0'
  return world.sockets.udp({ netns, port: 0, address: ip(family) }).then(
    socket =>
      new Promise(resolve => {
        const end = (said: string): void => {
          cancel()
          socket.close()
          resolve(said)
        }
        const cancel = afterSilence(SILENCE_MS, () => end('timeout'))
        socket.once('message', said => end(String(said)))
        socket.once('error', error => end('code' in error ? String(error.code) : error.message))
        // Only who is connected hears of a refusal.
        socket.connect(port, address, () => socket.send('?'))
      }),
  )
}
const SILENCE_MS = 500

/** What the model says the client hears: any of these; undefined where the model has no say. */
function expected(
  family: Family,
  client: Client,
  entry: NodeNumber,
  front: Front | undefined,
): readonly string[] | undefined {
  if (!front) return undefined
  const outcome = client.is === 'outside' ? front.outside : front.within
  if (front.sourceRanges && !front.sourceRanges.some(range => contains(range, client.addresses[family])))
    return ['timeout']
  if (outcome.is !== 'forward') return [outcome.is === 'drop' ? 'timeout' : 'ECONNREFUSED']
  return outcome.backends.map(({ address }) => {
    const backend = pods.find(pod => pod.addresses[family] === address)!
    return `${backend.name} ${sourceSeen(family, client, entry, backend, outcome.source)}`
  })
}

function sourceSeen(
  family: Family,
  client: Client,
  entry: NodeNumber,
  backend: Client,
  source: 'client' | 'node',
): string {
  const network = OF[family].network(entry)
  // A pod of the node is seen as itself, unless it reaches itself.
  const isOwnPod = client.is === 'pod' && client.node === entry && backend !== client
  if (source === 'node' && !isOwnPod) return joinAddressOf(DUAL_OPTIONS, network) ?? managementOf(network)
  if (backend === client) return OF[family].hairpin
  return client.is === 'node' ? managementOf(network) : client.addresses[family]
}

test.each(FAMILIES)(
  'packets end where the model says, with the source that it says, for random Services, endpoints and policies: IPv%s',
  async family => {
    const { clusterIp, balancer, external, underlay } = OF[family]
    const pick = random(SEED + family)
    let answered = 0
    for (let state = 0; state < STATES; state++) {
      const { service, slices } = putRandom(family, pick)
      await settled(bench)
      for (const client of clients) {
        const targets: readonly (readonly [Ip, number, NodeNumber])[] = [
          ...(client.is === 'outside' ? [] : ([[clusterIp, 80, client.node]] as const)),
          [underlay(client.node), NODE_PORT, client.node],
          [balancer, 80, client.node],
          [external, 80, client.node],
        ]
        for (const [address, port, entry] of targets) {
          const vantage = {
            node: `node-${entry}`,
            zone: ZONES[entry],
            nodePortAddresses: [underlayOf(entry), underlay6Of(entry)],
          }
          const front = frontsOf(service, slices, vantage).find(one => one.address === address && one.port === port)
          const wanted = expected(family, client, entry, front)
          if (!wanted) continue
          const ask = () =>
            service.spec.ports?.[0]?.protocol === 'UDP'
              ? askUdp(client.netns, address, port)
              : world.ask(client.netns, address, port)
          const said = await ask()
          const seen = `IPv${family}, seed ${SEED}, state ${state}: ${client.name} -> ${address}:${port} ${JSON.stringify({ spec: service.spec, slices: slices.map(one => one.endpoints) })}`
          expect(wanted, seen).toContain(said)
          if (!said.startsWith('pod-')) continue
          answered++
          // Whoever is remembered is led to the same backend again.
          if (front?.affinitySeconds !== undefined) expect(await ask(), seen).toBe(said)
        }
      }
    }
    expect(answered).toBeGreaterThan(0)
  },
  120_000,
)
