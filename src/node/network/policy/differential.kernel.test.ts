/**
 * The model against packets: random worlds of pods and policies of every kind, every other one in IPv6, told to the real loops
 * of two nodes, and connections between the pods, by their own addresses and by a Service's. POLICY_WORLDS=<n> asks about more worlds,
 * POLICY_SEED=<n> about others; what disagrees is told with its seed, and without the policies that make no difference.
 */
import { createServer } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { AdminNetworkPolicy } from '../../../api/cluster-policy/admin-network-policy.ts'
import { BaselineAdminNetworkPolicy } from '../../../api/cluster-policy/baseline-admin-network-policy.ts'
import { ClusterNetworkPolicy } from '../../../api/cluster-policy/cluster-network-policy.ts'
import { Namespace } from '../../../api/core/namespace.ts'
import { Node } from '../../../api/core/node.ts'
import { Pod } from '../../../api/core/pod.ts'
import { NetworkPolicy } from '../../../api/networking/network-policy.ts'
import { EgressFirewall } from '../../../api/ovn/egress-firewall.ts'
import type { TestBench } from '../../../client/testing.ts'
import { settled, testBench } from '../../../client/testing.ts'
import type { Netns } from '../../../host/netns/mod.ts'
import type { Cidr } from '../../../lib/cidr.ts'
import { cidr, cidrText } from '../../../lib/cidr.ts'
import type { Ip } from '../../../lib/ip.ts'
import { ip } from '../../../lib/ip.ts'
import { engineOf } from '../../../model/policy/testing/engine.ts'
import { keep, shrink } from '../../../model/policy/testing/kept.ts'
import type { OracleWorld } from '../../../model/policy/testing/oracle.ts'
import { inIpv6, randomFlow, randomOf, randomWorld } from '../../../model/policy/testing/worlds.ts'
import type { Six, World } from '../testing.ts'
import {
  createWorld,
  DUAL_OPTIONS,
  OPTIONS,
  OUTSIDE,
  podNetworkOf,
  putDualNode,
  putService,
  putSlice,
  underlayOf,
} from '../testing.ts'
import { policyOn, putNamespace, putPod } from './testing.ts'

const WORLDS = Number(process.env.POLICY_WORLDS ?? 8)
const FIRST_SEED = Number(process.env.POLICY_SEED ?? 1)
const FLOWS = 40
const PORTS = [53, 80, 81, 8443]
/** Every other world speaks IPv6: the same one, with other addresses. */
type Family = <T>(value: T) => T
const isSix = (seed: number): boolean => seed % 2 === 0
const familyOf = (seed: number): Family => (isSix(seed) ? inIpv6 : value => value)
const serviceOf = (seed: number): Ip => ip(isSix(seed) ? 'fd02::9' : '172.30.2.9')
const network6 = (network: Cidr): Cidr => cidr(inIpv6(cidrText(network)))
const SIX: Six = {
  options: {
    ...DUAL_OPTIONS,
    clusterNetworks: [
      ...OPTIONS.clusterNetworks,
      ...OPTIONS.clusterNetworks.map(({ cidr: own, hostPrefix }) => ({
        cidr: network6(own),
        hostPrefix: 96 + hostPrefix,
      })),
    ],
  },
  podNetwork: node => network6(podNetworkOf(node)),
  underlay: node => ip(inIpv6(underlayOf(node))),
  underlayBits: 120,
  outside: ip(inIpv6(OUTSIDE)),
}
/** Where random worlds put their pods: the third address of a node's network and those after it. */
const PLACES = [1, 2].flatMap(node => [3, 4, 5, 6, 7, 8, 9].map(index => ({ node, index })))

let world: World
let bench: TestBench
const at = new Map<string, Netns>()

beforeAll(async () => {
  world = createWorld(2, true, SIX)
  bench = testBench()
  for (const number of [1, 2]) putDualNode(bench.api, number, 'a', SIX)
  for (const number of [1, 2]) {
    await (await world.start(bench, number)).ready
    await (await policyOn(world, bench, number, bench.signal, SIX.options)).ready
  }
  for (const { node, index } of PLACES) {
    const { netns, address } = await world.pod(node, index)
    at.set(address, netns)
    for (const port of PORTS) {
      const server = createServer(socket => socket.on('error', () => {}).end('here'))
      await world.sockets.listen(server, { netns, port })
      server.unref()
    }
  }
})
afterAll(() => {
  bench.close()
  world.close()
})

const KINDS = [Pod, NetworkPolicy, AdminNetworkPolicy, ClusterNetworkPolicy, BaselineAdminNetworkPolicy, EgressFirewall]

/** Makes the API hold this world, and waits until it is in force. */
async function become(drawn: OracleWorld): Promise<void> {
  for (const kind of [...KINDS, Namespace])
    for (const { metadata } of bench.api.all(kind as typeof Pod)) bench.api.drop(kind as typeof Pod, metadata)
  for (const [name, labels] of Object.entries(drawn.namespaces)) putNamespace(bench.api, name, labels)
  for (const { name, labels } of drawn.nodes) {
    const node = bench.api.get(Node, { name })!
    bench.api.put(Node, { ...node, metadata: { ...node.metadata, labels } })
  }
  for (const { ip: address, ...pod } of drawn.pods) putPod(bench.api, { ...pod, address } as never)
  const put = (kind: unknown, objects: readonly unknown[]): void => {
    for (const object of objects) bench.api.put(kind as typeof Pod, object as never)
  }
  put(NetworkPolicy, drawn.networkPolicies)
  put(AdminNetworkPolicy, drawn.adminPolicies)
  put(ClusterNetworkPolicy, drawn.clusterNetworkPolicies)
  put(BaselineAdminNetworkPolicy, drawn.baselinePolicies)
  put(EgressFirewall, drawn.firewalls)
  await settled(bench)
}

/** In addresses of IPv4, whatever the world speaks. */
interface Asked {
  readonly from: string
  /** Whom the model is asked about. */
  readonly to: string
  readonly port: number
  readonly isService: boolean
  readonly seed: number
}

/** Policy makes silence; whoever refuses was reached. */
async function isReached({ from, to, port, isService, seed }: Asked): Promise<boolean> {
  const [address, asked] = isService ? [serviceOf(seed), 80] : [ip(familyOf(seed)(to)), port]
  return (await world.ask(at.get(from)!, address, asked)) !== 'timeout'
}

const saysModel = (drawn: OracleWorld, { from, to, port, seed }: Asked): boolean =>
  engineOf(familyOf(seed)(drawn))(familyOf(seed)({ from, to, protocol: 'TCP', port }))

test('packets of random worlds meet what the model says', { timeout: 300_000 + WORLDS * 30_000 }, async () => {
  let [reached, denied, byService] = [0, 0, 0]
  for (let seed = FIRST_SEED; seed < FIRST_SEED + WORLDS; seed++) {
    const random = randomOf(seed)
    const drawn: OracleWorld = { ...randomWorld(random), policesOwnNode: true }
    const family = familyOf(seed)
    await become(family(drawn))
    const backend = drawn.pods.find(pod => at.has(pod.ip))
    if (backend) {
      const [families, service] = [[isSix(seed) ? 'IPv6' : 'IPv4'], serviceOf(seed)]
      putService(bench.api, 'any', service, { ipFamilies: families })
      putSlice(bench.api, 'any', [{ address: ip(family(backend.ip)), node: backend.node }])
      await settled(bench)
    }
    const asked = Array.from({ length: FLOWS }, (_, i): Asked | undefined => {
      const { from, to, port } = randomFlow(random, drawn)
      if (!at.has(from)) return undefined
      if (i % 4 === 0 && backend) return { from, to: backend.ip, port: 8080, isService: true, seed }
      const isKnown = to !== from && (at.has(to) || drawn.nodes.some(node => node.ip === to))
      return isKnown ? { from, to, port, isService: false, seed } : undefined
    }).filter(one => one !== undefined)
    const met = await Promise.all(asked.map(isReached))
    for (const [i, one] of asked.entries()) {
      if (met[i] !== saysModel(drawn, one)) throw new Error(await disagreement(seed, drawn, one))
      if (met[i]) reached++
      else denied++
      if (one.isService) byService++
    }
  }
  console.info(`policy: seeds ${FIRST_SEED} to ${FIRST_SEED + WORLDS - 1}: ${reached} reached, ${denied} denied`)
  expect(Math.min(reached, denied, byService)).toBeGreaterThan(WORLDS)
})

/** What remains when all that makes no difference is taken out; it is kept, and the oracle is asked about it from now on. */
async function disagreement(seed: number, drawn: OracleWorld, one: Asked): Promise<string> {
  const disagrees = async (smaller: OracleWorld): Promise<boolean> => {
    await become(familyOf(seed)(smaller))
    return (await isReached(one)) !== saysModel(smaller, one)
  }
  const small = await shrink(drawn, disagrees)
  await become(familyOf(seed)(small))
  const [met, said] = [await isReached(one), saysModel(small, one)]
  const { from, to, port } = one
  const path = keep({ flow: { from, to, protocol: 'TCP', port }, world: small })
  return `seed ${seed}: reached ${met}, the model says ${said}: ${path}\n${JSON.stringify(one)}`
}
