import { spawnSync } from 'node:child_process'
import type { Socket } from 'node:dgram'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AdminNetworkPolicy } from '../../api/cluster-policy/admin-network-policy.ts'
import { Namespace } from '../../api/core/namespace.ts'
import { Pod } from '../../api/core/pod.ts'
import { NetworkPolicy } from '../../api/networking/network-policy.ts'
import { EgressFirewall } from '../../api/ovn/egress-firewall.ts'
import { loadWorld } from '../../cli/trace/world.ts'
import type { TestBench } from '../../client/testing.ts'
import { eventually, settled, testBench } from '../../client/testing.ts'
import type { Netns } from '../../host/netns/mod.ts'
import type { Ip } from '../../lib/ip.ts'
import { ip } from '../../lib/ip.ts'
import { describe as inWords } from '../../model/policy/describe.ts'
import type { FlowDecision } from '../../model/policy/evaluate.ts'
import { createEngine } from '../../model/policy/evaluate.ts'
import { MULTICAST_ANNOTATION } from '../../model/policy/multicast.ts'
import { policyOn } from '../network/policy/testing.ts'
import type { World } from '../network/testing.ts'
import { createWorld, DUAL_OPTIONS, putDualNode } from '../network/testing.ts'
import { startMulticast } from './role.ts'

let world: World
let bench: TestBench
let stop: AbortController
const GROUP = { 4: '239.1.1.1', 6: 'ff15::1' } as const
const pods = new Map<string, { readonly netns: Netns; readonly address: Ip; readonly address6: Ip }>()
const VXLAN = DUAL_OPTIONS
const HOST_GW = { ...DUAL_OPTIONS, transport: 'host-gw', mtu: 1450 } as const

async function begin(options: typeof DUAL_OPTIONS): Promise<void> {
  stop = new AbortController()
  world = createWorld(2, true)
  bench = testBench()
  for (const number of [1, 2]) putDualNode(bench.api, number, 'a')
  for (const number of [1, 2]) await (await world.start(bench, number, bench.signal, options)).ready
  for (const number of [1, 2]) await agent(number, options)
  for (const number of [1, 2]) await (await policyOn(world, bench, number, bench.signal, options)).ready
  for (const namespace of ['on', 'off', 'also']) putNamespace(namespace, {})
  await put('sender', 'on', 1, 3)
  await put('near', 'on', 1, 4)
  await put('far', 'on', 2, 3)
  await put('stranger', 'off', 1, 5)
  await put('far stranger', 'also', 2, 4)
}
const agent = (number: number, options: typeof DUAL_OPTIONS, signal = stop.signal) =>
  startMulticast(
    { ...bench, nft: world.nft, link: world.link },
    { ...options, node: `node-${number}`, netns: world.node(number) },
    signal,
  )
function end(): void {
  stop.abort()
  bench.close()
  world.close()
  pods.clear()
}

const putNamespace = (name: string, annotations: Record<string, string>) =>
  bench.api.put(Namespace, { metadata: { name, annotations } } as never)

async function put(name: string, namespace: string, node: number, index: number): Promise<void> {
  const pod = await world.pod(node, index)
  pods.set(name, pod)
  bench.api.put(Pod, {
    metadata: { name: name.replace(' ', '-'), namespace, uid: `pod-${node}-${index}` },
    spec: { nodeName: `node-${node}`, containers: [] },
    status: { phase: 'Running', podIPs: [{ ip: pod.address }, { ip: pod.address6 }] },
  } as never)
}

const PORT = 5007

/** Who of all pods hears what the sender says to the group; each word is said until an honest unicast listener has it. */
async function hearers(from = 'sender', family: 4 | 6 = 4, bytes = 0): Promise<readonly string[]> {
  const heard = new Set<string>()
  const sockets: Socket[] = []
  let isMarked = false
  for (const [name, { netns }] of pods) {
    const socket = await world.sockets.udp({ netns, port: PORT, family })
    world.netns.within(netns, () => socket.addMembership(GROUP[family], family === 6 ? '::%eth0' : undefined))
    socket.on('message', text => {
      if (String(text) === 'end') isMarked = true
      else heard.add(name)
    })
    sockets.push(socket)
  }
  const { netns, address, address6 } = pods.get(from)!
  const sender = await world.sockets.udp({ netns, port: 0, family })
  world.netns.within(netns, () => sender.setMulticastInterface(family === 6 ? '::%eth0' : address))
  // Two rounds and then a word to itself: what would come has come by then.
  for (let round = 0; round < 3; round++) {
    isMarked = false
    sender.send(`word ${from}`.padEnd(bytes), PORT, GROUP[family])
    await new Promise(resolve => setImmediate(resolve))
    sender.send('end', PORT, family === 6 ? address6 : address)
    await eventually(() => isMarked)
  }
  for (const socket of [...sockets, sender]) socket.close()
  return [...heard].filter(name => name !== from).sort()
}

/** What `fairlead trace` says about a packet of the pod's. */
async function decided(from: string, to: { readonly [family in 4 | 6]: string }, family: 4 | 6): Promise<FlowDecision> {
  const { address, address6 } = pods.get(from)!
  const engine = createEngine(await loadWorld(bench.api.client, bench.api.all(Pod), true))
  const source = family === 4 ? address : address6
  return engine.decide({ source, destination: ip(to[family]), protocol: 'UDP', port: PORT })
}

const linksOf = (node: number): string =>
  spawnSync('ip', ['-n', world.node(node).name, 'link'], { encoding: 'utf8' }).stdout

async function ask(annotation: 'true' | 'false'): Promise<void> {
  putNamespace('on', { [MULTICAST_ANNOTATION]: annotation })
  await settled(bench)
}

describe('by the tunnel', () => {
  beforeAll(() => begin(VXLAN))
  afterAll(end)

  test.each([4, 6] as const)(
    'off until the namespace says so, then for its pods alone, on all nodes; off again (IPv%i)',
    async family => {
      putNamespace('on', {})
      await settled(bench)
      expect(await hearers('sender', family)).toEqual([])
      await ask('true')
      expect(await hearers('sender', family)).toEqual(['far', 'near'])
      expect(await hearers('far', family)).toEqual(['near', 'sender'])
      expect(await hearers('stranger', family)).toEqual([])
      putNamespace('also', { [MULTICAST_ANNOTATION]: 'true' })
      await settled(bench)
      expect(await hearers('far stranger', family)).toEqual([])
      expect(await hearers('sender', family)).toEqual(['far', 'near'])
      putNamespace('on', { [MULTICAST_ANNOTATION]: 'false' })
      putNamespace('also', {})
      await settled(bench)
      expect(await hearers('sender', family)).toEqual([])
      expect(
        spawnSync('ip', ['netns', 'exec', world.node(1).name, 'nft', 'list', 'tables'], { encoding: 'utf8' }).stdout,
      ).not.toContain('multicast')
    },
  )

  test.each([4, 6] as const)('the model says what packets meet, whatever policies say (IPv%i)', async family => {
    const everybody = { 4: '0.0.0.0/0', 6: '::/0' }[family]
    bench.api.put(NetworkPolicy, {
      metadata: { namespace: 'on', name: 'closed' },
      spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
    } as never)
    bench.api.put(AdminNetworkPolicy, {
      metadata: { name: 'closed' },
      spec: {
        priority: 1,
        subject: { namespaces: {} },
        egress: [{ action: 'Deny', to: [{ networks: [everybody] }] }],
      },
    } as never)
    bench.api.put(EgressFirewall, {
      metadata: { namespace: 'on', name: 'default' },
      spec: { egress: [{ type: 'Deny', to: { cidrSelector: everybody } }] },
    } as never)
    const near = pods.get('near')!
    const unicast = { 4: near.address, 6: near.address6 }
    for (const isOn of [true, false]) {
      await ask(isOn ? 'true' : 'false')
      const said = await decided('sender', GROUP, family)
      expect([said.verdict, await hearers('sender', family)]).toEqual(isOn ? ['allow', ['far', 'near']] : ['deny', []])
      expect(inWords(said.egress, 'egress')).toContain(`namespace on has ${isOn ? 'the' : 'no'} annotation`)
      expect([(await decided('stranger', GROUP, family)).verdict, await hearers('stranger', family)]).toEqual([
        'deny',
        [],
      ])
      // What is said to one pod is theirs to decide.
      expect((await decided('sender', unicast, family)).verdict).toBe('deny')
      expect(await world.ask(pods.get('sender')!.netns, unicast[family], 8080)).toBe('timeout')
    }
    bench.api.drop(NetworkPolicy, { namespace: 'on', name: 'closed' })
    bench.api.drop(AdminNetworkPolicy, { name: 'closed' })
    bench.api.drop(EgressFirewall, { namespace: 'on', name: 'default' })
    await settled(bench)
    expect((await decided('sender', unicast, family)).verdict).toBe('allow')
    expect(await world.ask(pods.get('sender')!.netns, unicast[family], 8080)).toContain('pod-1-4')
  })

  test('pods that come and go are heard and hear no more', async () => {
    putNamespace('on', { [MULTICAST_ANNOTATION]: 'true' })
    await put('late', 'on', 2, 6)
    await settled(bench)
    expect(await hearers()).toEqual(['far', 'late', 'near'])
    bench.api.drop(Pod, { namespace: 'on', name: 'near' })
    await settled(bench)
    expect(await hearers()).toEqual(['far', 'late'])
    expect(await hearers('near')).toEqual([])
  })
})

describe('without a tunnel', () => {
  beforeAll(() => begin(HOST_GW))
  afterAll(end)

  test('there is one for groups alone, while a namespace asks, and datagrams of full size fit', async () => {
    await ask('false')
    expect(await hearers()).toEqual([])
    expect(linksOf(1)).not.toContain('vxlan0')
    await ask('true')
    expect(linksOf(1)).toContain('vxlan0')
    expect(await hearers('sender')).toEqual(['far', 'near'])
    expect(await hearers('sender', 6)).toEqual(['far', 'near'])
    expect(await hearers('far')).toEqual(['near', 'sender'])
    for (const { netns } of pods.values()) spawnSync('ip', ['-n', netns.name, 'link', 'set', 'eth0', 'mtu', '1450'])
    for (const node of [1, 2])
      for (const [link] of linksOf(node).matchAll(/\bpod[^@]+/g))
        spawnSync('ip', ['-n', world.node(node).name, 'link', 'set', link, 'mtu', '1450'])
    expect(await hearers('sender', 4, 1422)).toEqual(['far', 'near'])
    expect(await world.ask(pods.get('sender')!.netns, pods.get('far')!.address, 8080)).toContain('pod-2-3')
  })

  test('an agent that comes back keeps it, and takes it away when nobody asks any more', async () => {
    await ask('true')
    stop.abort()
    bench.api.put(Namespace, { metadata: { name: 'on', annotations: {} } } as never)
    stop = new AbortController()
    for (const number of [1, 2]) await agent(number, HOST_GW)
    await settled(bench)
    expect(linksOf(1) + linksOf(2)).not.toContain('vxlan0')
    await ask('true')
    stop.abort()
    stop = new AbortController()
    for (const number of [1, 2]) await agent(number, HOST_GW)
    await settled(bench)
    expect(await hearers()).toEqual(['far', 'near'])
  })
})
