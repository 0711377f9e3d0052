import { createServer } from 'node:net'
import { Namespace } from '../../api/core/namespace.ts'
import { Node } from '../../api/core/node.ts'
import { Pod } from '../../api/core/pod.ts'
import { EgressIP } from '../../api/ovn/egress-ip.ts'
import type { FakeApi } from '../../client/fake.ts'
import type { TestBench } from '../../client/testing.ts'
import { kernelArp } from '../../host/arp/real.ts'
import { kernelConntrack } from '../../host/conntrack/real.ts'
import type { Ip } from '../../lib/ip.ts'
import { ASSIGNABLE } from '../../model/egress/nodes.ts'
import type { World } from '../network/testing.ts'
import { DUAL_OPTIONS, OUTSIDE, OUTSIDE6, putDualNode } from '../network/testing.ts'
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
    status: { phase: 'Running', podIP: addresses[0]!, podIPs: addresses.map(ip => ({ ip })) },
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

/** Whom the outside host sees when a pod connects; the error's code, or "silence". */
export function seenOutside(
  world: World,
  from: { readonly netns: Parameters<World['ask']>[0] },
  family: 4 | 6 = 4,
): Promise<string> {
  const address = family === 4 ? OUTSIDE : OUTSIDE6
  return new Promise(resolve => {
    const socket = world.sockets.connect({ netns: from.netns, address, port: OUTSIDE_PORT })
    const timer = setTimeout(() => done('silence'), 1300)
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

export const startEgressOn = (world: World, bench: TestBench, number: number, signal = bench.signal) =>
  startEgress(
    {
      ...bench,
      client: bench.api.client,
      nft: world.nft,
      link: world.link,
      sockets: world.sockets,
      conntrack: kernelConntrack(world.netns),
      arp: kernelArp(world.netns),
    },
    { ...DUAL_OPTIONS, node: `node-${number}`, netns: world.node(number) },
    signal,
  )
