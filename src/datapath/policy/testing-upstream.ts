/** For tests: nine pods in three namespaces, and who may reach whom there, asked of the engine and of the rules' words. */
import type { ClusterNetworkPolicy } from '../../api/cluster-policy/cluster-network-policy.ts'
import type { Pod } from '../../api/core/pod.ts'
import type { NetworkPolicy } from '../../api/networking/network-policy.ts'
import { cidr } from '../../lib/cidr.ts'
import { ip } from '../../lib/ip.ts'
import { createEngine } from '../../model/policy/evaluate.ts'
import { podView } from '../../model/policy/pods.ts'
import { readNetworkPolicy } from '../../model/policy/read.ts'
import { readClusterNetworkPolicy } from '../../model/policy/read-cluster.ts'
import type { Policy, PolicyWorld } from '../../model/policy/types.ts'
import { createPolicyCompiler } from './compile.ts'
import { walk } from './testing.ts'

const NAMESPACES = ['x', 'y', 'z'] as const
const PODS = ['a', 'b', 'c'] as const
export const PORTS = [80, 81] as const
export const PROTOCOLS = ['TCP', 'UDP', 'SCTP'] as const
const NODES = ['node-1', 'node-2']

/** One connection between two of the pods, as "x/a", or to a node, as its name. */
export interface Probe {
  readonly from: string
  readonly to: string
  readonly port: number
  readonly protocol: string
}

export interface State {
  readonly policies: readonly Policy[]
  /** More labels of a pod or a namespace. */
  readonly labels?: Readonly<Record<string, Readonly<Record<string, string>>>>
}

export const np = (namespace: string, spec: object, name = 'policy'): Policy =>
  readNetworkPolicy({ metadata: { namespace, name }, spec } as unknown as NetworkPolicy)
export const cnp = (name: string, spec: object): Policy =>
  readClusterNetworkPolicy({ metadata: { name }, spec } as unknown as ClusterNetworkPolicy)

export const addressOf = (pod: string): string => {
  const [namespace = '', name = ''] = pod.split('/')
  const index = NAMESPACES.indexOf(namespace as 'x') * PODS.length + PODS.indexOf(name as 'a')
  if (pod.startsWith('node-')) return `172.18.0.1${pod.slice(5)}`
  return `10.128.${index % 2 === 0 ? 0 : 2}.${10 + index}`
}

function podOf(pod: string, labels: State['labels'] = {}): Pod {
  const [namespace, name = ''] = pod.split('/')
  const address = addressOf(pod)
  const ports = PORTS.flatMap(port =>
    PROTOCOLS.map(protocol => ({ name: `serve-${port}-${protocol.toLowerCase()}`, containerPort: port, protocol })),
  )
  return {
    metadata: { name, namespace, uid: pod, labels: { pod: name, ...labels[pod] } },
    spec: { nodeName: address.startsWith('10.128.0.') ? 'node-1' : 'node-2', containers: [{ name: 'c', ports }] },
    status: { phase: 'Running', podIPs: [{ ip: address }] },
  } as unknown as Pod
}

const ALL_PODS = NAMESPACES.flatMap(namespace => PODS.map(name => `${namespace}/${name}`))

export function worldIn({ policies, labels = {} }: State): PolicyWorld {
  return {
    namespaces: new Map(
      NAMESPACES.map(name => [name, { ns: name, 'kubernetes.io/metadata.name': name, ...labels[name] }] as const),
    ),
    pods: ALL_PODS.flatMap(pod => {
      const view = podView(podOf(pod, labels))
      return view?.is === 'pod' ? [view.pod] : []
    }),
    hostPods: [],
    nodes: NODES.map((name, i) => ({
      name,
      labels: { node: name },
      addresses: [ip(addressOf(name))],
      management: [ip(`10.128.${2 * i}.2`)],
      join: [],
    })),
    policies,
    firewalls: [],
    clusterNetworks: [cidr('10.128.0.0/14')],
    policesOwnNode: true,
  }
}

/** All connections of the protocols between two different pods; with `nodes` also those to nodes. */
export const probes = (protocols: readonly string[], nodes = false): readonly Probe[] =>
  ALL_PODS.flatMap(from =>
    [...ALL_PODS, ...(nodes ? NODES : [])]
      // What a pod does to itself is not defined, nor asked upstream.
      .filter(to => to !== from)
      .flatMap(to => PORTS.flatMap(port => protocols.map(protocol => ({ from, to, port, protocol })))),
  )

/** Whether a connection is made; the engine and the rules of both nodes must say the same. */
export function reach(state: State): (probe: Probe) => boolean {
  const world = worldIn(state)
  const engine = createEngine(world)
  const rulesets = new Map(NODES.map(node => [node, createPolicyCompiler(node).compile(world)]))
  const nodeOf = (pod: string): string => (addressOf(pod).startsWith('10.128.0.') ? 'node-1' : 'node-2')
  return ({ from, to, port, protocol }) => {
    const [source, destination] = [ip(addressOf(from)), ip(addressOf(to))]
    const decided = engine.decide({ source, destination, protocol, port }).verdict === 'allow'
    const packet = { source, destination, protocol: protocol.toLowerCase(), port }
    const leaves = walk(rulesets.get(nodeOf(from))!, 'egress', packet) === 'accept'
    const enters = to.startsWith('node-') || walk(rulesets.get(nodeOf(to))!, 'ingress', packet) === 'accept'
    if (decided !== (leaves && enters))
      throw new Error(`${JSON.stringify({ from, to, port, protocol, decided, leaves, enters })}`)
    return decided
  }
}

/** Policies, and which connections they cut. */
export interface Step extends State {
  readonly cuts: (probe: Probe) => boolean
}
export type Steps = readonly Step[]
export interface Scenario {
  readonly steps: Steps
  readonly protocols?: readonly string[]
  readonly nodes?: boolean
}

export const step = (policies: readonly Policy[], cuts: Step['cuts'], labels: State['labels'] = {}): Step => ({
  policies,
  cuts,
  labels,
})

export const nsOf = (pod: string): string => pod.split('/')[0]!

/** Every connection is made or cut as the steps say; something passes and something does not. */
export function judge({ steps, protocols = ['TCP', 'UDP', 'SCTP'], nodes = false }: Scenario): void {
  let [open, cut] = [0, 0]
  for (const one of steps) {
    const reaches = reach(one)
    for (const probe of probes(protocols, nodes)) {
      const expected = !one.cuts(probe)
      if (reaches(probe) !== expected)
        throw new Error(`${JSON.stringify(probe)} should ${expected ? 'pass' : 'be cut'}`)
      if (expected) open++
      else cut++
    }
  }
  if (open === 0 || cut === 0) throw new Error(`${open} pass and ${cut} are cut: that proves nothing`)
}
