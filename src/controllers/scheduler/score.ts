/** Which of the nodes that will do is best: upstream's plugins with their weights, each from 0 to 100. Images weigh nothing here. */
import type { Node } from '../../api/core/node.ts'
import type { Pod } from '../../api/core/pod.ts'
import { preferenceFor } from '../placement/affinity.ts'
import { untolerated } from '../placement/taints.ts'
import { countBy, eligibleNodes, labelOf, likesOf, selects, type World } from './constraints.ts'
import { asked, type NodeState, requestsOf } from './filter.ts'

const MAX = 100
const ZONE = 'topology.kubernetes.io/zone'
const HOSTNAME = 'kubernetes.io/hostname'

export interface ScoreInput {
  readonly pod: Pod
  /** The nodes to choose from. */
  readonly fitting: readonly NodeState[]
  readonly world: World
  /** How many pods of its kind each node has; undefined for a pod that is alone of its kind. */
  readonly peers: ReadonlyMap<string, number> | undefined
}

/** The most becomes 100. */
function upTo100(raw: readonly number[]): readonly number[] {
  const most = Math.max(...raw)
  return most === 0 ? raw : raw.map(value => Math.floor((MAX * value) / most))
}

/** TaintToleration: fewer taints that it should rather avoid. */
function taints({ pod, fitting }: ScoreInput): readonly number[] {
  const counts = fitting.map(
    ({ node }) =>
      (node.spec.taints ?? []).filter(taint => untolerated([taint], pod.spec.tolerations, ['PreferNoSchedule'])).length,
  )
  return upTo100(counts).map(share => MAX - share)
}

/** NodeAffinity. */
const nodeAffinity = ({ pod, fitting }: ScoreInput): readonly number[] =>
  upTo100(fitting.map(({ node }) => preferenceFor(pod.spec, node)))

/** NodeResourcesFit with LeastAllocated: containers that ask for nothing count as 100m and 200 MiB. */
function leastAllocated(pod: Pod, { room, asks }: NodeState): number {
  const own = asked(pod)
  const known = (['cpu', 'memory'] as const).filter(name => room[name])
  if (known.length === 0) return 0
  const free = known.map(name => Math.max(0, Math.floor(((room[name]! - asks[name] - own[name]) * MAX) / room[name]!)))
  return Math.floor(free.reduce((sum, share) => sum + share, 0) / known.length)
}

/** NodeResourcesBalancedAllocation: cpu and memory in use alike. A pod that asks for nothing changes nothing. */
function balanced(pod: Pod, { room, used }: NodeState): number {
  const own = requestsOf(pod)
  if (!own.cpu && !own.memory) return 0
  const shares = ['cpu', 'memory']
    .filter(name => room[name])
    .map(name => Math.min(1, ((used[name] ?? 0) + (own[name] ?? 0)) / room[name]!))
  const apart = shares.length === 2 ? Math.abs(shares[0]! - shares[1]!) / 2 : 0
  return Math.floor((1 - apart) * MAX)
}

interface Topology {
  readonly key: string
  readonly maxSkew: number
  /** How many of its like are where the node is. */
  readonly count: (node: Node) => number
}

/** PodTopologySpread: what the pod wishes, or for pods that say nothing one that keeps peers apart. */
function spread(input: ScoreInput): readonly number[] {
  const { pod, fitting, peers } = input
  const said = pod.spec.topologySpreadConstraints ?? []
  const wishes = said.length > 0 ? wished(input) : peers ? byDefault(input.world, peers) : []
  if (wishes.length === 0) return fitting.map(() => 0)
  const isOutside = (node: Node): boolean =>
    said.length > 0 && wishes.some(({ key }) => labelOf(node, key) === undefined)
  const inside = fitting.filter(({ node }) => !isOutside(node))
  const weights = wishes.map(({ key }) => Math.log(domainsOf(key, inside) + 2))
  const raw = fitting.map(({ node }) => {
    if (isOutside(node)) return undefined
    const sum = wishes.reduce((total, { key, maxSkew, count }, i) => {
      if (labelOf(node, key) === undefined) return total
      return total + count(node) * weights[i]! + maxSkew - 1
    }, 0)
    return Math.round(sum)
  })
  const known = raw.filter(value => value !== undefined)
  const [least, most] = [Math.min(...known), Math.max(...known)]
  return raw.map(value => {
    if (value === undefined) return 0
    return most === 0 ? MAX : Math.floor((MAX * (most + least - value)) / most)
  })
}

const domainsOf = (key: string, states: readonly NodeState[]): number =>
  key === HOSTNAME ? states.length : new Set(states.map(({ node }) => labelOf(node, key))).size

function wished({ pod, world }: ScoreInput): readonly Topology[] {
  const wishes = (pod.spec.topologySpreadConstraints ?? []).filter(one => one.whenUnsatisfiable === 'ScheduleAnyway')
  const keys = wishes.map(({ topologyKey }) => topologyKey)
  return wishes.map(wish => {
    const likes = likesOf(pod, wish)
    const eligible = eligibleNodes(pod, wish, keys, world)
    const counts = countBy(world.placed, wish.topologyKey, (other, node) => eligible.has(node) && likes(other))
    const count = (node: Node): number => counts.get(labelOf(node, wish.topologyKey)!) ?? 0
    return { key: wish.topologyKey, maxSkew: wish.maxSkew, count }
  })
}

/** systemDefaultConstraints. */
function byDefault({ nodes }: World, peers: ReadonlyMap<string, number>): readonly Topology[] {
  const inZone = new Map<string, number>()
  for (const node of nodes) {
    const zone = labelOf(node, ZONE) ?? ''
    inZone.set(zone, (inZone.get(zone) ?? 0) + (peers.get(node.metadata.name) ?? 0))
  }
  return [
    { key: HOSTNAME, maxSkew: 3, count: node => peers.get(node.metadata.name) ?? 0 },
    { key: ZONE, maxSkew: 5, count: node => inZone.get(labelOf(node, ZONE) ?? '') ?? 0 },
  ]
}

/** What a required affinity of a pod that is there counts towards those it wants near. */
const HARD_WEIGHT = 1

/** InterPodAffinity: whom the pod would rather be near to and away from, and who would of it. */
function podAffinity({ pod, fitting, world }: ScoreInput): readonly number[] {
  const sums = new Map<string, Map<string, number>>()
  const add = (node: Node, key: string, weight: number): void => {
    const domain = labelOf(node, key)
    if (domain === undefined) return
    const of = sums.get(key) ?? new Map<string, number>()
    sums.set(key, of.set(domain, (of.get(domain) ?? 0) + weight))
  }
  for (const { weight, term } of preferred(pod))
    for (const there of world.placed)
      if (selects(term, pod, there.pod, world)) add(there.node, term.topologyKey, weight)
  for (const there of world.social) {
    const required = there.pod.spec.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []
    const terms = [...preferred(there.pod), ...required.map(term => ({ term, weight: HARD_WEIGHT }))]
    for (const { weight, term } of terms)
      if (selects(term, there.pod, pod, world)) add(there.node, term.topologyKey, weight)
  }
  if (sums.size === 0) return fitting.map(() => 0)
  const raw = fitting.map(({ node }) =>
    [...sums].reduce((sum, [key, of]) => sum + (of.get(labelOf(node, key) ?? '') ?? 0), 0),
  )
  const [least, most] = [Math.min(...raw), Math.max(...raw)]
  return raw.map(value => (most === least ? 0 : Math.floor((MAX * (value - least)) / (most - least))))
}

function preferred({ spec }: Pod) {
  const { podAffinity: near, podAntiAffinity: away } = spec.affinity ?? {}
  const signed = (terms: typeof near | typeof away, sign: number) =>
    (terms?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ weight, podAffinityTerm }) => ({
      term: podAffinityTerm,
      weight: sign * weight,
    }))
  return [...signed(near, 1), ...signed(away, -1)]
}

/** By upstream's names. Each answers in the order of `fitting`. */
export const PLUGINS: Readonly<
  Record<string, { readonly weight: number; readonly score: (input: ScoreInput) => readonly number[] }>
> = {
  TaintToleration: { weight: 3, score: taints },
  NodeAffinity: { weight: 2, score: nodeAffinity },
  PodTopologySpread: { weight: 2, score: spread },
  InterPodAffinity: { weight: 2, score: podAffinity },
  NodeResourcesFit: {
    weight: 1,
    score: ({ pod, fitting }) => fitting.map(state => leastAllocated(pod, state)),
  },
  NodeResourcesBalancedAllocation: {
    weight: 1,
    score: ({ pod, fitting }) => fitting.map(state => balanced(pod, state)),
  },
}

/** In the order of `fitting`. */
export function scores(input: ScoreInput): readonly number[] {
  const parts = Object.values(PLUGINS).map(({ weight, score }) => ({ weight, points: score(input) }))
  return input.fitting.map((_, i) => parts.reduce((sum, { weight, points }) => sum + weight * points[i]!, 0))
}
