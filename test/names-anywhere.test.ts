/**
 * Names in policies where agents and DNS servers share nothing but the API: two nodes with an agent each and a DNS server in a pod each,
 * with the rights, arguments and certificates of deploy/dns, in a cluster whose API is the twin's.
 */
import { execFileSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttp } from 'node:http'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { replyTo } from '../src/dns/zone/respond.ts'
import { ip } from '../src/lib/ip.ts'
import { netnsOf } from '../src/node/cni/names.ts'
import { decode } from '../src/wire/dns/decode.ts'
import { encode } from '../src/wire/dns/encode.ts'
import { CLASS, RCODE } from '../src/wire/dns/message.ts'
import type { Twin } from './harness.ts'
import { FAIRLEAD, nothingLeft, ROOT, run, start, startTwin, traces, until } from './harness.ts'

/** The network of the nodes; this namespace is the world outside them. */
const HERE = '192.0.2.1'
const RELAY_PORT = 16_443
const WEB_PORT = 8000
const NODES = ['far-1', 'far-2'] as const
type NodeName = (typeof NODES)[number]
const addressOf = (node: NodeName): string => `192.0.2.1${node.at(-1)}`

interface Pod {
  readonly netns: string
  readonly address: string
}
interface Part {
  readonly process: ReturnType<typeof start>
  said: string
}

const folder = mkdtempSync(join(tmpdir(), 'names-anywhere-'))
const file = (name: string): string => join(folder, name)
let twin: Twin
const parts = new Map<string, Part>()
const closing: (() => void)[] = []
const clients = new Map<NodeName, Pod>()
const servers = new Map<NodeName, Pod>()

let before: Awaited<ReturnType<typeof traces>>
let known: readonly string[]
const namespaces = async (): Promise<readonly string[]> =>
  (await run('ip', ['netns', 'list'])).stdout
    .split('\n')
    .map(line => line.split(' ')[0]!)
    .filter(Boolean)

/** Starts a part of the program in a network namespace. */
function launch(name: string, netns: string | undefined, ...args: readonly string[]): void {
  const command =
    netns === undefined ? [FAIRLEAD, ...args] : ['nsenter', `--net=/run/netns/${netns}`, FAIRLEAD, ...args]
  const part: Part = { process: start(command[0]!, command.slice(1)), said: '' }
  part.process.stdin?.end()
  const hear = (chunk: Buffer): void => {
    part.said += chunk.toString()
  }
  part.process.stdout?.on('data', hear)
  part.process.stderr?.on('data', hear)
  parts.set(name, part)
}
async function end(name: string): Promise<void> {
  const { process, said } = parts.get(name)!
  if (process.exitCode !== null) throw new Error(`${name} had ended: ${said.slice(-2000)}`)
  const over = new Promise(resolve => process.once('exit', resolve))
  process.kill('SIGTERM')
  await over
}

/** The API as it is reached from here, by a user. */
async function kubeconfig(name: string, user: object): Promise<string> {
  const view = JSON.parse(await twin.kubectl('config', 'view', '--raw', '--minify', '-o', 'json'))
  const authority = view.clusters[0].cluster['certificate-authority-data']
  const server = `https://${HERE}:${RELAY_PORT}`
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: 'x', cluster: { server, 'tls-server-name': 'localhost', 'certificate-authority-data': authority } },
    ],
    users: [{ name: 'x', user }],
    contexts: [{ name: 'x', context: { cluster: 'x', user: 'x' } }],
    'current-context': 'x',
  }
  writeFileSync(file(name), JSON.stringify(config))
  return file(name)
}

function makeNetwork(): void {
  const ip = (line: string): void => void execFileSync('ip', line.split(' '))
  ip('link add far type bridge')
  ip(`address add ${HERE}/24 dev far`)
  ip('link set far up')
  ip('route add local 198.51.100.0/24 dev lo')
  for (const node of NODES) {
    ip(`netns add ${node}`)
    ip(`link add ${node} type veth peer name eth0 netns ${node}`)
    ip(`link set ${node} master far up`)
    ip(`-n ${node} address add ${addressOf(node)}/24 dev eth0`)
    ip(`-n ${node} link set eth0 up`)
    ip(`-n ${node} link set lo up`)
    ip(`-n ${node} route add default via ${HERE}`)
  }
}

/** Outside: the API's door, names (www7.test is 198.51.100.7) and a web server at all of their addresses. */
async function serveOutside(): Promise<void> {
  const relay = createServer(client => {
    const api = connect(twin.state.api, '127.0.0.1')
    client.on('error', () => api.destroy()).pipe(api)
    api.on('error', () => client.destroy()).pipe(client)
  })
  await new Promise<void>(resolve => relay.listen(RELAY_PORT, HERE, resolve))
  const web = createHttp((_, response) => response.end('there'))
  await new Promise<void>(resolve => web.listen(WEB_PORT, resolve))
  const dns = createSocket('udp4')
  dns.on('message', (packet, { address, port }) => {
    const query = decode(packet)
    const { name } = query.questions[0]!
    const [, number] = /(\d+)\.test\.$/.exec(name) ?? []
    const data = { type: 'A', address: ip(`198.51.100.${number ?? 0}`) } as const
    const answers = number === undefined ? [] : [{ name, class: CLASS.IN, ttl: 0, data }]
    dns.send(encode({ ...replyTo(query, number ? RCODE.NOERROR : RCODE.NXDOMAIN), answers }), port, address)
  })
  await new Promise<void>(resolve => dns.bind(53, HERE, resolve))
  closing.push(
    () => relay.close(),
    () => web.close(),
    () => dns.close(),
  )
}

const agentToken = (...bound: readonly string[]): Promise<string> =>
  twin.kubectl('-n', 'fairlead', 'create', 'token', 'agent', '--audience=names.fairlead.dev', ...bound)
const boundTo = (node: NodeName): Promise<string> =>
  agentToken('--bound-object-kind=Node', `--bound-object-name=${node}`)
const startAgent = (node: NodeName): void =>
  launch(
    node,
    node,
    'node',
    ...Object.entries({
      name: node,
      address: addressOf(node),
      roles: 'worker',
      kubeconfig: file('admin'),
      'runtime-socket': file('runtime.sock'),
      'state-dir': file(node),
      'cluster-networks': '10.128.0.0/14/23',
      'service-networks': '172.30.0.0/16',
      'join-networks': '100.64.0.0/16',
      transport: 'vxlan',
      mtu: '1400',
      'max-pods': '20',
      'cluster-dns': '172.30.0.10',
      'cluster-domain': 'cluster.local',
      'upstream-dns': HERE,
      admin: file(`${node}.sock`),
      'names-service': 'fairlead-dns/dns',
      'names-authority': file('authority'),
      'names-token': file(`${node}.token`),
    }).map(([flag, value]) => `--${flag}=${value}`),
  )

async function startPod(namespace: string, name: string, node: NodeName, more: object = {}): Promise<Pod> {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, ...more },
    spec: {
      nodeName: node,
      automountServiceAccountToken: false,
      containers: [{ name: 'c', image: 'busybox', command: ['sleep', '3600'], ports: PORTS }],
    },
  }
  expect(await twin.tryKubectl(['apply', '-f', '-'], { input: JSON.stringify(pod) })).toMatchObject({ code: 0 })
  return until(`${name} runs`, async () => {
    const { status, metadata } = JSON.parse(await twin.kubectl('-n', namespace, 'get', 'pod', name, '-o', 'json'))
    const isReady = status.conditions?.some(
      (each: { type: string; status: string }) => each.type === 'Ready' && each.status === 'True',
    )
    return isReady && { netns: netnsOf(metadata.uid), address: status.podIP }
  })
}
const PORTS = [
  { name: 'dns', containerPort: 5353, protocol: 'UDP' },
  { name: 'dns-tcp', containerPort: 5353 },
  { name: 'names', containerPort: 5354 },
]

/** As the DaemonSet has it, by hand: its image is not here. */
async function startServers(): Promise<void> {
  const { spec } = JSON.parse(await twin.kubectl('-n', 'fairlead-dns', 'get', 'daemonset', 'dns', '-o', 'json')).spec
    .template
  await twin.kubectl('-n', 'fairlead-dns', 'delete', 'daemonset', 'dns')
  const { data } = await until('the certificate', async () =>
    JSON.parse(await twin.kubectl('-n', 'fairlead-dns', 'get', 'secret', 'dns-names', '-o', 'json')),
  )
  for (const name of ['tls.crt', 'tls.key']) writeFileSync(file(name), Buffer.from(data[name], 'base64'))
  const token = await twin.kubectl('-n', 'fairlead-dns', 'create', 'token', spec.serviceAccountName)
  await kubeconfig('kubeconfig', { token: token.trim() })
  const args = (spec.containers[0].args as string[]).map(arg => arg.replace(/=\/etc\/dns(-names)?\//, `=${folder}/`))
  for (const node of NODES) {
    const pod = await startPod('fairlead-dns', `dns-${node}`, node, { labels: { app: 'fairlead-dns' } })
    servers.set(node, pod)
    launch(`dns-${node}`, pod.netns, ...args, `--upstream=${HERE}`)
  }
}

beforeAll(async () => {
  before = await traces()
  known = await namespaces()
  twin = await startTwin({ name: 'names', args: ['--nodes', '1'] })
  makeNetwork()
  await serveOutside()
  for (const name of ['dns', 'agent']) await twin.kubectl('apply', '-f', join(ROOT, `deploy/dns/${name}.yaml`))
  const admin = JSON.parse(await twin.kubectl('config', 'view', '--raw', '--minify', '-o', 'json')).users[0].user
  await kubeconfig('admin', admin)
  const authority = await until('the authority', async () =>
    twin.kubectl('-n', 'fairlead', 'get', 'configmap', 'names-authority', '-o', 'jsonpath={.data.service-ca\\.crt}'),
  )
  writeFileSync(file('authority'), authority)
  launch(
    'runtime',
    undefined,
    'runtime',
    `--folder=${join(twin.dataHome, 'fairlead', 'names')}`,
    `--socket=${file('runtime.sock')}`,
    `--state-dir=${file('runtime')}`,
    `--kubeconfig=${file('admin')}`,
    `--names-socket=${file('names.sock')}`,
    `--admin=${file('admin.sock')}`,
  )
  for (const node of NODES) startAgent(node)
  for (const node of NODES) {
    await until(`${node} is there`, () => twin.kubectl('get', 'node', node))
    writeFileSync(file(`${node}.token`), await boundTo(node))
  }
  await startServers()
  await twin.kubectl('create', 'namespace', 'shop')
  for (const node of NODES) clients.set(node, await startPod('shop', `client-${node}`, node))
  const input = `
apiVersion: k8s.ovn.org/v1
kind: EgressFirewall
metadata: { name: default, namespace: shop }
spec:
  egress:
    - { type: Allow, to: { dnsName: '*.test' } }
    - { type: Deny, to: { cidrSelector: 0.0.0.0/0 } }
`
  expect(await twin.tryKubectl(['apply', '-f', '-'], { input })).toMatchObject({ code: 0 })
  for (const node of NODES) await until(`${node} enforces it`, async () => (await reach(node, 250)) === '')
  for (const node of NODES)
    for (const server of NODES) await until(`${node} is let out by ${server}`, async () => leads(node, server, 251))
})
afterAll(async () => {
  for (const { process } of parts.values()) process.kill('SIGTERM')
  await until('every part has ended', async () =>
    [...parts.values()].every(({ process }) => process.exitCode !== null || process.signalCode !== null),
  )
  for (const close of closing) close()
  await twin?.down()
  // Agents that end leave their pods.
  for (const name of await namespaces()) if (!known.includes(name)) await run('ip', ['netns', 'delete', name])
  await run('ip', ['link', 'delete', 'far'])
  await run('ip', ['route', 'delete', 'local', '198.51.100.0/24', 'dev', 'lo'])
  rmSync(folder, { recursive: true, force: true })
  await nothingLeft(before)
})

const inside = async ({ netns }: Pod, ...command: readonly string[]): Promise<string> =>
  (await run('nsenter', [`--net=/run/netns/${netns}`, ...command])).stdout
async function ask(client: NodeName, server: NodeName, name: string): Promise<string> {
  const at = servers.get(server)!.address
  const said = await inside(clients.get(client)!, 'dig', `@${at}`, '-p', '5353', '+tries=1', '+time=60', name)
  return /^\S+\s+\d+\s+IN\s+A\s+(\S+)/m.exec(said)?.[1] ?? /status: (\w+)/.exec(said)?.[1] ?? said
}
const reach = (client: NodeName, number: number, seconds = '2'): Promise<string> =>
  inside(clients.get(client)!, 'curl', '-s', '-m', seconds, `http://198.51.100.${number}:${WEB_PORT}/`)
/** The pod asks the DNS server, and its first connection to what that says gets through. */
async function leads(client: NodeName, server: NodeName, number: number): Promise<boolean> {
  const said = await ask(client, server, `www${number}.test`)
  return said === `198.51.100.${number}` && (await reach(client, number, '60')) === 'there'
}
let last = 0

test('whichever DNS server a pod asks, the first connection to what it said passes', async () => {
  for (const client of NODES)
    for (const server of NODES) {
      expect(await reach(client, ++last)).toBe('')
      expect([client, server, await leads(client, server, last)]).toEqual([client, server, true])
    }
})

test('an agent that is gone, or cannot say who it is, leaves its own pods alone without these names, until it is back', async () => {
  await end('far-2')
  const alone = async (): Promise<void> => {
    expect(await ask('far-2', 'far-1', `www${++last}.test`)).toBe('SERVFAIL')
    expect(await reach('far-2', last)).toBe('')
    expect(await ask('far-2', 'far-1', 'www.unknown')).toBe('NXDOMAIN')
    expect(await leads('far-1', 'far-1', ++last)).toBe(true)
    expect(await leads('far-1', 'far-2', ++last)).toBe(true)
  }
  await alone()
  const said = (): string => parts.get('dns-far-1')!.said
  for (const [token, why] of [
    [await agentToken(), 'on which node it is'],
    [await twin.kubectl('-n', 'fairlead', 'create', 'token', 'agent'), 'not valid for names.fairlead.dev'],
  ] as const) {
    writeFileSync(file('far-2.token'), token)
    startAgent('far-2')
    await until(why, async () => said().includes(why))
    await end('far-2')
  }
  writeFileSync(file('far-2.token'), await boundTo('far-1'))
  startAgent('far-2')
  await until('another node’s', async () => said().includes('says that it is on another'))
  await alone()
  // Files are read again whenever the agent tries.
  writeFileSync(file('far-2.token'), await boundTo('far-2'))
  for (const server of NODES) await until(`${server} tells far-2 again`, async () => leads('far-2', server, ++last))
})

test('an agent that is asked to end while it begins ends', async () => {
  for (let i = 0; i < 5; i++) {
    await end('far-2')
    startAgent('far-2')
    await until('it begins', async () => parts.get('far-2')!.said.includes('rules stand'))
  }
  await end('far-2')
})
