/** What breaks while pods leave with egress addresses: never two who answer for one, never a packet outside with a pod's address. */
import { once } from 'node:events'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { Node } from '../../api/core/node.ts'
import { Network } from '../../api/operator/network.ts'
import { EgressIP } from '../../api/ovn/egress-ip.ts'
import type { TestBench } from '../../client/testing.ts'
import { testBench } from '../../client/testing.ts'
import { EGRESS_TABLE } from '../../datapath/egress/compile.ts'
import { TABLE } from '../../datapath/skeleton.ts'
import { ip } from '../../lib/ip.ts'
import { egressNode } from '../../model/egress/nodes.ts'
import { lostOf } from '../../model/egress/voters.ts'
import type { World } from '../network/testing.ts'
import { createWorld, OUTSIDE, underlayOf } from '../network/testing.ts'
import type { Fleet, Witness } from './testing.ts'
import {
  createFleet,
  listenOutside,
  OUTSIDE_PORT,
  putEgressIP,
  putEgressNode,
  putNamespace,
  putPod,
  seenOutside,
  witness,
} from './testing.ts'

const EIP = ip('172.18.0.50')
const ALL = [1, 2, 3] as const
let world: World
let fleet: Fleet
let server: { close(): void }
let watcher: Witness
let pods: Awaited<ReturnType<World['pod']>>[]
/** To which nodes the address was given, one after the other. */
let decided: number[] = []
let historian: TestBench

beforeAll(async () => {
  world = createWorld(3, true)
  fleet = createFleet(world)
  server = await listenOutside(world)
  putNamespace(fleet.api, 'shop', { leaves: 'web' })
  for (const number of ALL) putEgressNode(fleet.api, number)
  for (const number of ALL) await fleet.agent(number)
  pods = [await world.pod(1, 3), await world.pod(2, 3), await world.pod(3, 3)]
  for (const [i, pod] of pods.entries()) putPod(fleet.api, i + 1, `pod-${i + 1}`, [pod.address, pod.address6])
  await fleet.settled()
  await fleet.controller()
  watcher = await witness(world, EIP)
  historian = testBench({}, fleet.api)
  historian.informers.of(EgressIP).onChange(({ object }) => {
    const number = Number(object.status?.items[0]?.node.slice('node-'.length))
    if (number && number !== decided.at(-1)) decided.push(number)
  })
  await historian.informers.sync(historian.signal)
})
afterAll(() => {
  watcher?.close()
  historian?.close()
  server?.close()
  fleet?.close()
})
/** node-2 has the address, everybody lives, and nothing was seen yet. */
beforeEach(async () => {
  for (const mend of [...cuts]) mend()
  for (const number of ALL) if (!fleet.isRunning(number)) await fleet.agent(number)
  await until(() => lost().length === 0, lost)
  putEgressIP(fleet.api, { [EIP]: 2 })
  await until(() => holders().join() === '2', holders)
  await until(() => watcher.answerers().at(-1) === macOf(2), watcher.answerers)
  await everybodyLeaves()
  watcher.clear()
  decided = decided.slice(-1)
  await until(() => watcher.answerers().length > 0)
})

const macOf = (number: number): string => world.link.links(world.node(number)).find(({ name }) => name === 'eth0')!.mac
const holders = (): readonly number[] =>
  ALL.filter(number => {
    const nft = world.nft.open(world.node(number))
    const claimed = nft.elements('arp', 'fairlead-egress-fence', 'claimed') ?? []
    nft.close()
    return claimed.length > 0
  })
const owner = (): string | undefined => fleet.api.get(EgressIP, { name: 'web' })?.status?.items[0]?.node
const seen = (which = pods) => Promise.all(which.map(pod => seenOutside(world, pod)))
const lost = (): readonly string[] => [...lostOf(fleet.api.all(Node).map(egressNode))]

async function until(condition: () => boolean | Promise<boolean>, seen: () => unknown = () => ''): Promise<void> {
  const endMs = Date.now() + 60_000
  while (!(await condition())) {
    if (Date.now() > endMs) throw new Error(`it never came true: ${condition} ${JSON.stringify(seen())}`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

const cuts = new Set<() => void>()
/** Rules of the test's own in a node: what they drop is cut. Answers the way to mend it. */
function cut(number: number, rules: readonly string[], arp: 'with ARP' | 'ARP passes' = 'ARP passes'): () => void {
  const nft = world.nft.open(world.node(number))
  const chains = [
    'add chain inet cut in { type filter hook prerouting priority -400; policy accept; }',
    'add chain inet cut out { type filter hook postrouting priority 400; policy accept; }',
  ]
  nft.run(`add table inet cut\n${chains.join('\n')}\n${rules.map(rule => `add rule inet cut ${rule}\n`).join('')}`)
  nft.run('add table arp cut\nadd chain arp cut in { type filter hook input priority 0; policy accept; }\n')
  if (arp === 'with ARP') nft.run('add rule arp cut in drop\n')
  const mend = (): void => {
    cuts.delete(mend)
    nft.run('delete table inet cut\ndelete table arp cut\n')
    nft.close()
  }
  cuts.add(mend)
  return mend
}

/** One answers at a time, in the order in which they were given the address, and no pod's address was seen. */
async function expectOneAtATime(): Promise<void> {
  await until(() => watcher.answerers().at(-1) === macOf(Number(owner()!.slice('node-'.length))), watcher.answerers)
  expect(watcher.doubles()).toEqual([])
  const given = decided.map(macOf)
  for (const mac of watcher.answerers()) {
    while (given.length > 0 && given[0] !== mac) given.shift()
    expect(given[0], `${watcher.answerers()} of ${decided.map(macOf)}`).toBe(mac)
  }
  expect(watcher.leaks()).toEqual([])
}

const everybodyLeaves = (): Promise<void> => until(async () => (await seen()).every(from => from === EIP))
const moved = async (): Promise<void> => {
  await until(() => owner() !== undefined && owner() !== 'node-2', owner)
  await until(() => holders().length === 1 && holders()[0] !== 2, holders)
  await until(() => watcher.answerers().at(-1) !== macOf(2), watcher.answerers)
}

/** What is on a node's lo each time that its fence is made anew, when nothing is guarded for a moment. */
function leftAtNewFence(number: number): () => readonly (readonly string[])[] {
  const found: string[][] = []
  const open = world.nft.open
  const spy = vi.spyOn(world.nft, 'open').mockImplementation(netns => {
    const nft = open(netns)
    const run = (text: string): void => {
      const addresses = world.link.addresses(world.node(number)).map(one => one.address as string)
      if (text.includes('delete table arp fairlead-egress-fence')) found.push(addresses.filter(one => one === EIP))
      nft.run(text)
    }
    return { ...nft, run }
  })
  return () => {
    spy.mockRestore()
    return found
  }
}

test('a node dies: another has its address, and connections live on', async () => {
  const connection = world.sockets.connect({ netns: pods[0]!.netns, address: OUTSIDE, port: OUTSIDE_PORT })
  const said = async (): Promise<string> => {
    connection.write('?')
    return String((await once(connection, 'data'))[0]).trim()
  }
  expect(await said()).toBe(EIP)
  fleet.kill(2)
  const mend = cut(2, ['in iifname "eth0" drop', 'out oifname "eth0" drop'], 'with ARP')
  await moved()
  await until(() => lost().join() === 'node-2', lost)
  await expectOneAtATime()
  expect(await said()).toBe(EIP)
  connection.destroy()
  await until(async () => (await seen([pods[0]!, pods[2]!])).every(from => from === EIP))
  // It comes back: it takes nothing, and what it has left behind answers for nothing.
  mend()
  expect(world.link.addresses(world.node(2)).map(one => one.address)).toContain(EIP)
  const left = leftAtNewFence(2)
  await fleet.agent(2)
  await everybodyLeaves()
  expect(left()).toEqual([[]])
  await until(() => lost().length === 0, lost)
  await expectOneAtATime()
})

test('an agent is killed: its kernel stops answering before another node begins', async () => {
  fleet.kill(2)
  await moved()
  await expectOneAtATime()
  // It is the fence that keeps the kernel, which still has the address, from answering.
  const nft = world.nft.open(world.node(2))
  nft.run('delete table arp fairlead-egress-fence\n')
  nft.close()
  await until(() => watcher.doubles().length > 0, watcher.answerers)
  await fleet.agent(2)
  await everybodyLeaves()
})

test.each([
  ['the overlay', 'overlay', ['in udp dport 4789 drop', 'out udp dport 4789 drop']],
  [
    'the uplink',
    'uplink',
    [
      'in iifname "eth0" udp dport != 4789 drop',
      'in iifname "eth0" meta l4proto tcp drop',
      'out oifname "eth0" udp dport != 4789 drop',
      'out oifname "eth0" meta l4proto tcp drop',
    ],
  ],
] as const)(
  'only %s of a node is cut: each signal alone moves its addresses, and mending it makes no second answerer',
  async (_, path, rules) => {
    const mend = cut(2, rules)
    await moved()
    const unheard = () => fleet.api.get(Node, { name: 'node-1' })!.metadata.annotations!['fairlead.dev/egress-unheard']
    await until(() => unheard() === `node-2:${path}`, unheard)
    await expectOneAtATime()
    await until(async () => (await seen([pods[0]!, pods[2]!])).every(from => from === EIP))
    mend()
    await until(() => lost().length === 0, lost)
    await everybodyLeaves()
    await expectOneAtATime()
  },
)

test('the controller dies in the middle of a move, and the address is taken back: one answers at a time', async () => {
  fleet.killController()
  // To and fro, as fast as it can be written: the last word holds.
  for (const number of [3, 1, 2, 3, 2, 1]) {
    putEgressIP(fleet.api, { [EIP]: number })
    await new Promise(resolve => setImmediate(resolve))
  }
  await fleet.controller()
  await until(() => holders().join() === '1', holders)
  await everybodyLeaves()
  await expectOneAtATime()
})

test('for how long a node must not be heard is the Network’s to say, and 0 is for ever', async () => {
  const put = (egressIPConfig: object): void => {
    const spec = {
      managementState: 'Managed',
      clusterNetwork: [],
      serviceNetwork: [],
      defaultNetwork: { type: '', ovnKubernetesConfig: { egressIPConfig } },
    }
    fleet.api.put(Network, { metadata: { name: 'cluster' }, spec })
  }
  put({ reachabilityTotalTimeoutSeconds: 0 })
  await fleet.settled()
  cut(2, ['in udp dport 4789 drop', 'out udp dport 4789 drop'])
  await until(() => holders().length === 0, holders)
  watcher.clear()
  await until(() => watcher.asked() > 100)
  expect([owner(), lost(), holders()]).toEqual(['node-2', [], []])
  put({ reachabilityTotalTimeoutSeconds: 1 })
  await moved()
  await expectOneAtATime()
  fleet.api.drop(Network, { name: 'cluster' })
})

test('without a node pods leave as others do, or not at all where that is asked for', async () => {
  const label = (isAssignable: boolean): void => {
    for (const number of ALL) {
      const node = fleet.api.get(Node, { name: `node-${number}` })!
      const labels = isAssignable ? { 'k8s.ovn.org/egress-assignable': '' } : {}
      fleet.api.put(Node, { ...node, metadata: { ...node.metadata, labels } })
    }
  }
  label(false)
  await until(async () => (await seen()).every((from, i) => from === underlayOf(i + 1)))
  const one = fleet.api.get(EgressIP, { name: 'web' })!
  const annotations = { 'fairlead.dev/egress-when-unassigned': 'Drop' }
  fleet.api.put(EgressIP, { ...one, metadata: { ...one.metadata, annotations } })
  await fleet.settled()
  expect(await seen()).toEqual(['silence', 'silence', 'silence'])
  // What stays inside is not concerned.
  expect(await world.ask(pods[0]!.netns, pods[1]!.address, 8080)).toBe(`pod-2-3 ${pods[0]!.address}`)
  label(true)
  await everybodyLeaves()
  expect(watcher.leaks()).toEqual([])
})

test('what still has a pod address does not leave: the witness sees it where the guard is taken away', async () => {
  fleet.killController()
  const nft = world.nft.open(world.node(2))
  nft.run(
    `flush chain ${TABLE.family} ${TABLE.name} source\nflush chain ${EGRESS_TABLE.family} ${EGRESS_TABLE.name} leaving\n`,
  )
  expect(await seenOutside(world, pods[0]!)).toBe('silence')
  expect(watcher.leaks()).toEqual([])
  nft.run(`flush chain ${EGRESS_TABLE.family} ${EGRESS_TABLE.name} leaks\n`)
  await seenOutside(world, pods[0]!)
  await until(() => watcher.leaks().length > 0)
  nft.close()
})
