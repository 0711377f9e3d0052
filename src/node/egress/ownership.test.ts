/** Who answers for an egress address while nodes are cut off and decisions pass them by, on a clock and in a network of the test's own. */
import { expect, test } from 'vitest'
import type { Node } from '../../api/core/node.ts'
import type { FakeClock } from '../../host/clock/fake.ts'
import { fakeClock } from '../../host/clock/fake.ts'
import { fakeLinks } from '../../host/link/fake.ts'
import { fakeNetns } from '../../host/netns/fake.ts'
import type { Netns } from '../../host/netns/mod.ts'
import { fakeNft } from '../../host/nft/fake.ts'
import { fakeSockets } from '../../host/socket/fake.ts'
import type { Ip } from '../../lib/ip.ts'
import { ip } from '../../lib/ip.ts'
import { silent } from '../../lib/log.ts'
import { ASSIGNABLE, egressNode, UNHEARD } from '../../model/egress/nodes.ts'
import { lostOf } from '../../model/egress/voters.ts'
import { OPTIONS } from '../network/testing.ts'
import type { Ownership } from './ownership.ts'
import { createOwnership } from './ownership.ts'

const [EIP, OTHER] = [ip('172.18.0.50'), ip('172.18.0.51')]

/** What the API holds: nodes, and to which of them an address was given by which decision. */
interface Decided {
  readonly nodes: ReadonlyMap<string, Node>
  readonly given: ReadonlyMap<Ip, { readonly node: string; readonly epoch: number }>
}

interface Agent {
  readonly name: string
  readonly ownership: Ownership
  /** What its caches hold. */
  seen: Decided
  /** Until when its kernel answers for the address. */
  readonly answersMs: Map<Ip, number>
}

const nodeOf = (number: number): Node =>
  ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: `node-${number}`, labels: { [ASSIGNABLE]: '' }, annotations: {} },
    spec: { podCIDRs: [`10.128.${2 * number}.0/23`] },
    status: {
      addresses: [{ type: 'InternalIP', address: `172.18.0.1${number}` }],
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  }) as unknown as Node

/** Three agents, each with a kernel, and an API that those see who are not cut off from it. */
async function createCluster() {
  const clock: FakeClock = fakeClock()
  const namespaces = fakeNetns()
  const kernels = new Map<string, Netns>()
  const byAddress = new Map<string, string>()
  /** Pairs of nodes that do not reach each other, and nodes that do not reach the API. */
  const cut = new Set<string>()
  const agents: Agent[] = []
  const sockets = fakeSockets((from, address) => {
    const [a, b] = [from.name, byAddress.get(address) ?? '']
    return cut.has(`${a} ${b}`) || cut.has(`${b} ${a}`) ? undefined : kernels.get(b)
  })
  const [nft, link] = [fakeNft(), fakeLinks(namespaces)]
  let api: Decided = { nodes: new Map(), given: new Map() }
  let isNew = false
  let most = 0
  const answering = (address: Ip): readonly string[] =>
    agents.filter(one => (one.answersMs.get(address) ?? 0) > clock.monotonic()).map(({ name }) => name)
  const put = (nodes: readonly Node[], given: Readonly<Record<string, readonly [string, number]>> = {}): void => {
    api = {
      nodes: new Map([...api.nodes, ...nodes.map(node => [node.metadata.name, node] as const)]),
      given: new Map([
        ...api.given,
        ...Object.entries(given).map(([address, [node, epoch]]) => [address as Ip, { node, epoch }] as const),
      ]),
    }
    isNew = true
  }
  const create = (number: number): Agent => {
    const name = `node-${number}`
    const netns = kernels.get(name)!
    link.apply(netns, [{ op: 'address', name: 'lo', address: ip(`172.18.0.1${number}`), bits: 24 }])
    const answersMs = new Map<Ip, number>()
    const kernel = nft.open(netns)
    const run = (text: string): void => {
      kernel.run(text)
      for (const [, verb, elements = ''] of text.matchAll(/(add|delete) element arp \S+ claimed \{(.*)\}/g))
        for (const [, address, ms] of elements.matchAll(/([\d.]+)(?: timeout (\d+)ms)?/g))
          answersMs.set(address as Ip, verb === 'add' && ms ? clock.monotonic() + Number(ms) : 0)
      most = Math.max(most, answering(EIP).length)
    }
    const agent: Agent = {
      name,
      answersMs,
      seen: api,
      ownership: createOwnership(
        {
          nft: { ...kernel, run },
          link,
          arp: { announce: () => {} },
          sockets,
          clock,
          log: silent,
          annotations: () => agent.seen.nodes.get(name)?.metadata.annotations ?? {},
          report: {
            set(wanted) {
              if (cut.has(`${name} api`)) return
              const node = api.nodes.get(name)!
              const unheard = wanted[UNHEARD] ?? undefined
              if (node.metadata.annotations?.[UNHEARD] === unheard) return
              const annotations = unheard === undefined ? {} : { [UNHEARD]: unheard }
              put([{ ...node, metadata: { ...node.metadata, annotations } }])
            },
          },
          watch: {
            given: node =>
              new Map(
                [...agent.seen.given].flatMap(([address, to]) => (to.node === node ? [[address, to.epoch]] : [])),
              ),
            addresses: () => [...agent.seen.given.keys()],
            hosts: () => new Set(),
            silenceMs: () => 0,
            isIdle: () => agent.seen.given.size === 0,
          },
        },
        { ...OPTIONS, node: name, netns },
      ),
    }
    return agent
  }
  const tell = async (): Promise<void> => {
    isNew = false
    for (const agent of agents) {
      if (cut.has(`${agent.name} api`)) continue
      agent.seen = api
      const nodes = [...api.nodes.values()].map(egressNode)
      await agent.ownership.step(nodes.find(one => one.name === agent.name)!, nodes)
    }
  }
  for (const number of [1, 2, 3]) {
    kernels.set(`node-${number}`, namespaces.create(`node-${number}`))
    for (const address of [`172.18.0.1${number}`, `10.128.${2 * number}.2`]) byAddress.set(address, `node-${number}`)
    put([nodeOf(number)])
  }
  for (const number of [1, 2, 3]) agents.push(create(number))
  return {
    cut,
    put,
    answering,
    node: (name: string): Node => api.nodes.get(name)!,
    lost: () => [...lostOf([...api.nodes.values()].map(egressNode))],
    /** The most who ever answered at once for EIP. */
    most: () => most,
    async pass(ms: number): Promise<void> {
      for (let i = 0; i < ms; i++) {
        if (isNew) await tell()
        await clock.advance(1)
      }
    },
  }
}

/** node-1 has EIP, node-3 another address; then node-1 reaches nobody. */
async function withoutFirst() {
  const cluster = await createCluster()
  cluster.put([], { [EIP]: ['node-1', 10], [OTHER]: ['node-3', 11] })
  await cluster.pass(500)
  expect(cluster.answering(EIP)).toEqual(['node-1'])
  expect(cluster.answering(OTHER)).toEqual(['node-3'])
  for (const other of ['node-2', 'node-3', 'api']) cluster.cut.add(`node-1 ${other}`)
  await cluster.pass(1000)
  expect(cluster.answering(EIP)).toEqual([])
  expect(cluster.lost()).toEqual(['node-1'])
  return cluster
}

/** A node that is no candidate any more, and not ready. */
const retired = (node: Node): Node => ({
  ...node,
  metadata: { ...node.metadata, labels: {} },
  status: { ...node.status!, conditions: [{ type: 'Ready', status: 'False' }] as never },
})

test.each([
  ['for a moment', 700, (node: Node) => node],
  ['until nobody waited for it, and lost its label and readiness', 7000, retired],
] as const)('a node that was silent %s goes on by no old decision, whomever it hears first', async (_, ms, become) => {
  const cluster = await withoutFirst()
  cluster.put([become(cluster.node('node-1'))], { [EIP]: ['node-2', 20] })
  await cluster.pass(ms)
  expect(cluster.answering(EIP)).toEqual(['node-2'])
  // One of those who confirm it is enough for it, and this one has no part in the address.
  cluster.cut.delete('node-1 node-3')
  await cluster.pass(1000)
  expect(cluster.answering(EIP)).toEqual(['node-2'])
  expect(cluster.most()).toBe(1)
  // By a new decision it has the address again.
  cluster.cut.clear()
  cluster.put([nodeOf(1)], { [EIP]: ['node-1', 30] })
  await cluster.pass(1000)
  expect(cluster.answering(EIP)).toEqual(['node-1'])
  expect(cluster.most()).toBe(1)
})

test('a node whose address went to nobody meanwhile answers again as soon as it is heard, before the API', async () => {
  const cluster = await withoutFirst()
  cluster.cut.delete('node-1 node-3')
  await cluster.pass(300)
  expect(cluster.answering(EIP)).toEqual(['node-1'])
})
