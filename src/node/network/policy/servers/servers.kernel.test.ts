/** Two nodes, each with a DNS server in a pod, an agent and a pod that asks: all that tells of names goes over the nodes' network. */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:tls'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { EndpointSlice } from '../../../../api/discovery/endpoint-slice.ts'
import { EgressFirewall } from '../../../../api/ovn/egress-firewall.ts'
import type { TestBench } from '../../../../client/testing.ts'
import { eventually, settled, testBench } from '../../../../client/testing.ts'
import { listenUdp, madeAnew } from '../../../../dns/listen/udp.ts'
import type { NameGate } from '../../../../dns/names/gate.ts'
import { serveNames } from '../../../../dns/names/gate.ts'
import { tlsDoor } from '../../../../dns/names/tls-door.ts'
import { createDnsServer } from '../../../../dns/server.ts'
import { replyTo } from '../../../../dns/zone/respond.ts'
import type { Netns } from '../../../../host/netns/mod.ts'
import { cidr, nth } from '../../../../lib/cidr.ts'
import type { Ip } from '../../../../lib/ip.ts'
import { issue, makeAuthority } from '../../../../twin/pki.ts'
import { decode } from '../../../../wire/dns/decode.ts'
import { encode } from '../../../../wire/dns/encode.ts'
import { CLASS, RCODE } from '../../../../wire/dns/message.ts'
import { lineOf } from '../../../../wire/names/messages.ts'
import type { World } from '../../testing.ts'
import { createWorld, OUTSIDE, putNode } from '../../testing.ts'
import { policyOn, putNamespace, putPod } from '../testing.ts'

const RANGE = cidr('198.51.100.0/24')
const PORT = 5354
const NODES = [1, 2] as const
const NOW = Date.now()
const AUTHORITY = makeAuthority('service-ca', NOW)

interface Pod {
  readonly netns: Netns
  readonly address: Ip
}
let world: World
let bench: TestBench
const clients: Pod[] = []
const servers: Pod[] = []
const gates: NameGate[] = []
const agents: AbortController[] = []

/** The names and addresses that the world outside knows: www7.test is the seventh of the range. */
const answer = (packet: Buffer): Buffer => {
  const query = decode(packet)
  const { name } = query.questions[0]!
  const [, number] = /(\d+)\.test\.$/.exec(name) ?? []
  if (number === undefined) return encode(replyTo(query, RCODE.NXDOMAIN))
  const data = { type: 'A', address: nth(RANGE, Number(number)) } as const
  return encode({ ...replyTo(query, RCODE.NOERROR), answers: [{ name, class: CLASS.IN, ttl: 0, data }] })
}

/** Tokens are the nodes' names here. */
function review(body: unknown) {
  const { spec } = JSON.parse(String(body)) as { spec: { token: string; audiences: readonly string[] } }
  const extra = { 'authentication.kubernetes.io/node-name': [spec.token] }
  const user = { username: 'system:serviceaccount:fairlead:agent', extra }
  return spec.token.startsWith('node-') ? { authenticated: true, audiences: spec.audiences, user } : { user: {} }
}

async function startServer(pod: Pod): Promise<void> {
  const { clock, log, informers, signal } = bench
  const { certificate, key } = issue(AUTHORITY, { commonName: 'dns', names: ['dns.fairlead.svc'] }, NOW)
  const door = tlsDoor(
    { client: bench.api.client, sockets: world.sockets, clock, log },
    {
      netns: pod.netns,
      port: PORT,
      pair: () => ({ cert: certificate, key }),
      agents: { namespace: 'fairlead', name: 'agent' },
    },
  )
  const gate = await serveNames({ informers, clock, log }, door, signal)
  gates.push(gate)
  const dns = createDnsServer(
    { informers, clock, log, sockets: world.sockets, gate },
    { domain: 'cluster.local', networks: [], ttl: 5 },
  )
  await dns.attach(
    {
      netns: pod.netns,
      port: 5353,
      hostname: 'dns',
      upstreams: [{ address: OUTSIDE, port: 53 }],
      logClass: 'none',
      out: () => {},
    },
    signal,
  )
}

async function startAgent(node: number): Promise<void> {
  const agent = new AbortController()
  agents[node - 1] = agent
  const from = {
    service: { namespace: 'fairlead', name: 'dns' },
    authority: () => AUTHORITY.certificate,
    token: () => `node-${node}`,
  }
  const role = await policyOn(world, bench, node, agent.signal, { names: from })
  await role.ready
}

beforeAll(async () => {
  world = createWorld(NODES.length)
  bench = testBench()
  bench.api.intercept = ({ path, body }) => {
    if (!path.endsWith('/tokenreviews')) return undefined
    const object = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: {}, status: review(body) }
    const headers = { 'content-type': 'application/json' }
    return { status: 201, headers, body: Buffer.from(JSON.stringify(object)) }
  }
  for (const node of NODES) putNode(bench.api, node)
  for (const node of NODES) await (await world.start(bench, node)).ready
  for (const node of NODES) {
    servers.push(await world.pod(node, 53))
    clients.push(await world.pod(node, 3))
    world.link.apply(world.node(node), [{ op: 'route', to: RANGE, via: OUTSIDE }])
  }
  world.link.apply(world.outside, [{ op: 'address', name: 'lo', address: nth(RANGE, 1), bits: 24 }])
  await listenUdp(world.sockets, { netns: world.outside, port: 53 }, madeAnew(answer))
  const web = world.sockets.server(socket => void socket.on('error', () => {}).end('there'))
  await world.sockets.listen(web, { netns: world.outside, port: 80 })
  putNamespace(bench.api, 'shop')
  for (const [i, { address }] of clients.entries())
    putPod(bench.api, { name: `client-${i}`, node: `node-${i + 1}`, address })
  bench.api.put(EgressFirewall, {
    metadata: { namespace: 'shop', name: 'default' },
    spec: {
      egress: [
        { type: 'Allow', to: { dnsName: '*.test' } },
        { type: 'Deny', to: { cidrSelector: '0.0.0.0/0' } },
      ],
    },
  } as never)
  bench.api.put(EndpointSlice, {
    metadata: { namespace: 'fairlead', name: 'dns-1', labels: { 'kubernetes.io/service-name': 'dns' } },
    addressType: 'IPv4',
    ports: [{ name: 'names', protocol: 'TCP', port: PORT }],
    endpoints: servers.map(({ address }) => ({ addresses: [address] })),
  } as never)
  for (const server of servers) await startServer(server)
  for (const node of NODES) await startAgent(node)
  await settled(bench)
  await eventually(() => gates.every(gate => gate.concerns('www1.test.')))
})
afterAll(() => {
  for (const agent of agents) agent.abort()
  bench.close()
  world.close()
})

const runIn = async ({ netns }: Pod, ...command: string[]): Promise<string> =>
  (await promisify(execFile)('nsenter', [`--net=${netns.path}`, ...command])).stdout
/** What the DNS server says to the pod: addresses, or a status. */
async function ask(client: Pod, server: Pod, name: string): Promise<string> {
  const said = await runIn(client, 'dig', `@${server.address}`, '-p', '5353', '+tries=1', '+time=60', name)
  return /^\S+\s+\d+\s+IN\s+A\s+(\S+)/m.exec(said)?.[1] ?? /status: (\w+)/.exec(said)?.[1] ?? said
}
const out = (client: Pod, number: number): Promise<string> => world.ask(client.netns, nth(RANGE, number), 80)
let last = 10

test('whichever DNS server a pod asks, the first connection to what it said passes', async () => {
  for (const client of clients)
    for (const server of servers) {
      const number = ++last
      expect(await out(client, number)).toBe('timeout')
      expect(await ask(client, server, `www${number}.test`)).toBe(nth(RANGE, number))
      expect(await out(client, number)).toBe('there')
    }
  // The other node's pod was not told, and is not let through.
  const number = ++last
  await ask(clients[0]!, servers[0]!, `www${number}.test`)
  expect([await out(clients[0]!, number), await out(clients[1]!, number)]).toEqual(['there', 'timeout'])
})

test('agents listen nowhere, and a pod that plays an agent is heard by no DNS server', async () => {
  for (const node of NODES)
    expect(world.sockets.listeners(world.node(node)).filter(each => each.port === PORT)).toEqual([])
  const [client, server] = [clients[1]!, servers[0]!]
  const plain = world.sockets.connect({ netns: client.netns, address: server.address, port: PORT })
  const socket = connect({ socket: plain, ca: AUTHORITY.certificate, servername: 'dns.fairlead.svc' })
  const said: string[] = []
  socket.on('error', () => {}).on('data', data => void said.push(String(data)))
  await once(socket, 'secureConnect')
  socket.write(`forged\n${lineOf({ is: 'hello', number: 1, node: 'node-2', patterns: ['more example'] })}`)
  await once(socket, 'close')
  plain.destroy()
  expect([said, gates[0]!.concerns('www.example.')]).toEqual([[], false])
  const number = ++last
  expect(await ask(client, server, `www${number}.test`)).toBe(nth(RANGE, number))
  expect(await out(client, number)).toBe('there')
})

test('without its agent a node’s pods get no answers about these names; others go on; with the agent they do again', async () => {
  agents[1]!.abort()
  const [here, there] = [clients[0]!, clients[1]!]
  const number = ++last
  await expect.poll(() => ask(there, servers[0]!, `www${number}.test`), { timeout: 120_000 }).toBe('SERVFAIL')
  expect(await out(there, number)).toBe('timeout')
  // Names that no policy speaks of, and pods of other nodes, wait for nobody.
  const finished: string[] = []
  const asked = async (client: Pod, name: string): Promise<string> => {
    const said = await ask(client, servers[0]!, name)
    finished.push(name)
    return said
  }
  const [waits, other] = [`www${++last}.test`, `www${++last}.test`]
  const said = await Promise.all([asked(there, waits), asked(there, 'www.unknown'), asked(here, other)])
  expect(said).toEqual(['SERVFAIL', 'NXDOMAIN', nth(RANGE, last)])
  expect(finished.at(-1)).toBe(waits)
  expect(await out(here, last)).toBe('there')
  await startAgent(2)
  for (const server of servers) {
    const again = ++last
    await expect.poll(() => ask(there, server, `www${again}.test`), { timeout: 120_000 }).toBe(nth(RANGE, again))
    expect(await out(there, again)).toBe('there')
  }
})
