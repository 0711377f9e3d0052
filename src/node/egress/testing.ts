import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { Namespace } from '../../api/core/namespace.ts'
import { Node } from '../../api/core/node.ts'
import { Pod } from '../../api/core/pod.ts'
import { EgressIP } from '../../api/ovn/egress-ip.ts'
import type { FakeApi } from '../../client/fake.ts'
import type { TestBench } from '../../client/testing.ts'
import { settled, testBench } from '../../client/testing.ts'
import { startEgressIP } from '../../controllers/egress-ip/controller.ts'
import type { ControllerBench } from '../../controllers/shared/testing.ts'
import { controllerBench } from '../../controllers/shared/testing.ts'
import { kernelArp } from '../../host/arp/real.ts'
import { kernelConntrack } from '../../host/conntrack/real.ts'
import { fakeFs } from '../../host/fs/fake.ts'
import type { Ip } from '../../lib/ip.ts'
import { ASSIGNABLE } from '../../model/egress/nodes.ts'
import type { World } from '../network/testing.ts'
import { DUAL_OPTIONS, OUTSIDE, OUTSIDE6, putDualNode } from '../network/testing.ts'
import type { EgressDeps } from './role.ts'
import { startEgress } from './role.ts'

export const OUTSIDE_PORT = 8099

/** Puts node-<number> of both families into the API, ready and with the label of egress nodes. */
export function putEgressNode(api: FakeApi, number: number): Node {
  const node = putDualNode(api, number, 'a')
  const conditions = [{ type: 'Ready', status: 'True' }]
  return api.put(Node, {
    ...node,
    metadata: { ...node.metadata, labels: { ...node.metadata.labels, [ASSIGNABLE]: '' } },
    status: { ...node.status, conditions },
  } as Node)
}

export const putNamespace = (api: FakeApi, name: string, labels: Record<string, string> = {}): Namespace =>
  api.put(Namespace, { metadata: { name, labels }, spec: {} })

export function putPod(
  api: FakeApi,
  node: number,
  name: string,
  addresses: readonly Ip[],
  labels: Record<string, string> = {},
): Pod {
  return api.put(Pod, {
    metadata: { namespace: 'shop', name, labels },
    spec: { nodeName: `node-${node}`, containers: [{ name: 'main', image: 'web' }] },
    status: { phase: 'Running', podIPs: addresses.map(ip => ({ ip })) },
  })
}

/** Puts an EgressIP for the namespaces called shop; `where`: the node of each address, as a controller would say. */
export function putEgressIP(
  api: FakeApi,
  where: Readonly<Record<string, number | undefined>>,
  { name = 'web', annotations = {}, podSelector = {} }: EgressShape = {},
): EgressIP {
  const items = Object.entries(where).flatMap(([egressIP, number]) =>
    number === undefined ? [] : [{ egressIP, node: `node-${number}` }],
  )
  return api.put(EgressIP, {
    metadata: { name, annotations },
    spec: { egressIPs: Object.keys(where), namespaceSelector: { matchLabels: { leaves: 'web' } }, podSelector },
    status: { items },
  })
}

interface EgressShape {
  readonly name?: string
  readonly annotations?: Record<string, string>
  readonly podSelector?: EgressIP['spec']['podSelector'] & object
}

/** An outside server of both families that says whom it sees. Its port answers on every address. */
export async function listenOutside(world: World): Promise<{ close(): void }> {
  const server = createServer(socket => {
    const from = (socket.remoteAddress ?? '').replace(/^::ffff:/, '')
    // Says it again whenever something arrives: for connections that stay.
    socket.on('error', () => {}).on('data', () => socket.write(`${from}\n`))
  })
  await world.sockets.listen(server, { netns: world.outside, port: OUTSIDE_PORT })
  return server
}

/** Beyond what a neighbour that is asked anew after a second takes. */
export const SILENCE_MS = 3500

/** Whom the outside host sees when a pod connects; the error's code, or "silence". */
export function seenOutside(
  world: World,
  from: { readonly netns: Parameters<World['ask']>[0] },
  family: 4 | 6 = 4,
  address = family === 4 ? OUTSIDE : OUTSIDE6,
): Promise<string> {
  return new Promise(resolve => {
    const socket = world.sockets.connect({ netns: from.netns, address, port: OUTSIDE_PORT })
    const timer = setTimeout(() => done('silence'), SILENCE_MS)
    const done = (what: string): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(what)
    }
    socket
      .setEncoding('utf8')
      .on('connect', () => socket.write('?'))
      .on('data', (text: string) => done(text.trim()))
      .on('error', error => done(('code' in error && String(error.code)) || error.message))
  })
}

export const startEgressOn = (
  world: World,
  bench: TestBench,
  number: number,
  options = DUAL_OPTIONS,
  more: Partial<EgressDeps> = {},
) =>
  startEgress(
    {
      ...bench,
      client: bench.api.client,
      nft: world.nft,
      fs: fakeFs(),
      link: world.link,
      sockets: world.sockets,
      conntrack: kernelConntrack(world.netns),
      arp: kernelArp(world.netns),
      ...more,
    },
    { ...options, node: `node-${number}`, netns: world.node(number) },
    bench.signal,
  )

/** Nodes with agents, and the controller that gives addresses to them. */
export interface Fleet {
  readonly world: World
  readonly api: FakeApi
  agent(number: number): Promise<void>
  /** As SIGKILL does: what is in the kernel stays. */
  kill(number: number): void
  isRunning(number: number): boolean
  controller(): Promise<void>
  killController(): void
  /** Everybody who runs has seen everything. */
  settled(): Promise<void>
  close(): void
}

export function createFleet(world: World): Fleet {
  const first = testBench()
  const agents = new Map<number, TestBench>()
  let decider: ControllerBench | undefined
  return {
    world,
    api: first.api,
    async agent(number) {
      const bench = testBench({}, first.api)
      agents.set(number, bench)
      await (await world.start(bench, number)).ready
      await startEgressOn(world, bench, number)
    },
    kill(number) {
      agents.get(number)!.close()
      agents.delete(number)
    },
    isRunning: number => agents.has(number),
    async controller() {
      decider = controllerBench({}, first.api)
      await startEgressIP(decider.deps, decider.signal)
    },
    killController: () => decider?.close(),
    async settled() {
      for (const bench of agents.values()) await settled(bench)
    },
    close() {
      for (const bench of agents.values()) bench.close()
      decider?.close()
      first.close()
      world.close()
    },
  }
}

export interface Witness {
  /** Which MACs answered for the address or told of it, one after the other; who goes on stands once. */
  answerers(): readonly string[]
  /** How many questions were asked. */
  asked(): number
  /** Questions that more than one MAC answered, each as those MACs. */
  doubles(): readonly string[]
  /** Packets with a pod's address that came out of the cluster. */
  leaks(): readonly string[]
  /** Forgets what was seen. */
  clear(): void
  close(): void
}

/** Asks for an address all the time, as a switch and a router would, and hears every answer and every pod's address. */
export async function witness(world: World, address: Ip): Promise<Witness> {
  const filter = 'arp or src net 10.128.0.0/14 or src net fd01::/48'
  const capture = spawn('ip', ['netns', 'exec', world.outside.name, 'tcpdump', '-lneU', '-i', 'eth0', filter], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let lines: string[] = []
  let rest = ''
  capture.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n')
    rest = parts.pop()!
    lines.push(...parts)
  })
  await once(capture.stderr, 'data')
  const socket = await world.sockets.udp({ netns: world.outside, address: OUTSIDE, port: 0 })
  socket.on('error', () => {})
  const timer = setInterval(() => {
    world.link.apply(world.outside, [{ op: 'neighbour-delete', dev: 'eth0', address, mac: '00:00:00:00:00:00' }])
    socket.send('?', 9, address, () => {})
  }, 20)
  const macsIn = (some: readonly string[]): readonly string[] =>
    some.flatMap(line => new RegExp(`Reply ${address} is-at ([0-9a-f:]+)`).exec(line)?.[1] ?? [])
  return {
    answerers: () => macsIn(lines).filter((mac, i, all) => mac !== all[i - 1]),
    asked: () => lines.filter(line => line.includes(`who-has ${address} tell ${OUTSIDE}`)).length,
    doubles() {
      const questions: string[][] = [[]]
      for (const line of lines)
        if (line.includes(`who-has ${address} tell ${OUTSIDE}`)) questions.push([])
        // Who has just begun tells everybody, and answers nobody by that.
        else if (!line.includes('> ff:ff:ff:ff:ff:ff')) questions.at(-1)!.push(...macsIn([line]))
      return questions.map(macs => [...new Set(macs)].join()).filter(macs => macs.includes(','))
    },
    leaks: () => lines.filter(line => !line.includes('ethertype ARP')),
    clear: () => {
      lines = []
    },
    close() {
      clearInterval(timer)
      socket.close()
      capture.kill()
    },
  }
}
