import type { Node } from '../../api/core/node.ts'
import type { Pod } from '../../api/core/pod.ts'
import type { Service } from '../../api/core/service.ts'
import { matchesLabels } from '../../api/meta/matches.ts'
import { controllerOf } from '../../client/owner.ts'
import { preferenceFor } from '../placement/affinity.ts'
import { untolerated } from '../placement/taints.ts'
import { type NodeState, nodeState, occupy, refusals } from './filter.ts'

export interface Snapshot {
  readonly nodes: readonly Node[]
  /** Pods that hold room on a node: bound, or bound by this very process a moment ago, and not ended. */
  readonly placed: readonly { readonly pod: Pod; readonly node: string }[]
  readonly services: readonly Service[]
}

export type Placement =
  | { readonly pod: Pod; readonly node: string }
  /** message: upstream's text, as kubectl describe shows it. */
  | { readonly pod: Pod; readonly node: undefined; readonly message: string }

const ZONE = 'topology.kubernetes.io/zone'

/** Places pods one after another, each seeing those before it: higher priority first, then older. */
export function place(pending: readonly Pod[], snapshot: Snapshot): readonly Placement[] {
  const round = createRound(snapshot)
  return [...pending].sort(byUrgency).map(pod => placeOne(pod, round))
}

const byUrgency = (a: Pod, b: Pod): number =>
  (b.spec.priority ?? 0) - (a.spec.priority ?? 0) ||
  compare(a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? '') ||
  compare(a.metadata.namespace ?? '', b.metadata.namespace ?? '') ||
  compare(a.metadata.name, b.metadata.name)

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

interface Round {
  readonly states: readonly NodeState[]
  /** How many peers of a group run on a node: group -> node -> count. Made when first asked for. */
  peers(group: Peers): ReadonlyMap<string, number>
  add(pod: Pod, state: NodeState): void
  readonly services: readonly Service[]
}

interface Peers {
  readonly id: string
  readonly includes: (pod: Pod) => boolean
}

function createRound({ nodes, placed, services }: Snapshot): Round {
  const byNode = new Map<string, Pod[]>(nodes.map(node => [node.metadata.name, []]))
  const here = [...placed]
  for (const { pod, node } of placed) byNode.get(node)?.push(pod)
  const states = nodes.map(node => nodeState(node, byNode.get(node.metadata.name) ?? []))
  const groups = new Map<string, { readonly includes: (pod: Pod) => boolean; readonly counts: Map<string, number> }>()
  const count = (counts: Map<string, number>, node: string): void => void counts.set(node, (counts.get(node) ?? 0) + 1)
  return {
    states,
    services,
    peers({ id, includes }) {
      const known = groups.get(id)
      if (known) return known.counts
      const counts = new Map<string, number>()
      for (const { pod, node } of here) if (includes(pod)) count(counts, node)
      groups.set(id, { includes, counts })
      return counts
    },
    add(pod, state) {
      occupy(state, pod)
      here.push({ pod, node: state.node.metadata.name })
      for (const { includes, counts } of groups.values()) if (includes(pod)) count(counts, state.node.metadata.name)
    },
  }
}

function placeOne(pod: Pod, round: Round): Placement {
  const fitting: NodeState[] = []
  const reasons = new Map<string, number>()
  for (const state of round.states) {
    const refused = refusals(pod, state)
    if (refused.length === 0) fitting.push(state)
    for (const reason of refused) reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
  }
  if (fitting.length === 0) return { pod, node: undefined, message: failureMessage(round.states.length, reasons) }
  const best = cheapest(pod, fitting, round)
  round.add(pod, best)
  return { pod, node: best.node.metadata.name }
}

/** framework.FitError.Error. */
export function failureMessage(nodes: number, reasons: ReadonlyMap<string, number>): string {
  if (nodes === 0) return 'no nodes available to schedule pods'
  const parts = [...reasons].map(([reason, count]) => `${count} ${reason}`).sort()
  const help = `preemption: 0/${nodes} nodes are available: ${nodes} Preemption is not helpful for scheduling.`
  return `0/${nodes} nodes are available: ${parts.join(', ')}. ${help}`
}

/** What kind of pod this is, for spreading: those of the same controller, else those behind the same Services. */
function peersOf(pod: Pod, services: readonly Service[]): Peers | undefined {
  const { namespace } = pod.metadata
  const owner = controllerOf(pod)
  if (owner) return { id: owner.uid, includes: other => controllerOf(other)?.uid === owner.uid }
  const matching = services.filter(
    ({ metadata, spec }) =>
      metadata.namespace === namespace &&
      isSelecting(spec.selector) &&
      matchesLabels(spec.selector, pod.metadata.labels),
  )
  if (matching.length === 0) return undefined
  return {
    id: matching.map(service => service.metadata.uid).join(),
    includes: other =>
      other.metadata.namespace === namespace &&
      matching.some(({ spec }) => matchesLabels(spec.selector, other.metadata.labels)),
  }
}

const isSelecting = (selector: Service['spec']['selector']): boolean =>
  selector !== undefined && Object.keys(selector).length > 0

/**
 * The node with, in this order: fewest taints that the pod should avoid, most of what it prefers, fewest peers on the node,
 * fewest in the zone, least in use, first name.
 */
function cheapest(pod: Pod, fitting: readonly NodeState[], round: Round): NodeState {
  const group = peersOf(pod, round.services)
  const peers = group ? round.peers(group) : undefined
  const inZone = new Map<string, number>()
  if (peers)
    for (const { node } of round.states) {
      const zone = node.metadata.labels?.[ZONE] ?? ''
      inZone.set(zone, (inZone.get(zone) ?? 0) + (peers.get(node.metadata.name) ?? 0))
    }
  const cost = (state: NodeState): readonly number[] => [
    untolerated(state.node.spec.taints, pod.spec.tolerations, ['PreferNoSchedule']) ? 1 : 0,
    -preferenceFor(pod.spec, state.node),
    peers?.get(state.node.metadata.name) ?? 0,
    inZone.get(state.node.metadata.labels?.[ZONE] ?? '') ?? 0,
    load(state),
  ]
  const ranked = fitting.map(state => ({ state, cost: cost(state) }))
  ranked.sort((a, b) => compareAll(a.cost, b.cost) || compare(a.state.node.metadata.name, b.state.node.metadata.name))
  return ranked[0]!.state
}

/** The fullest of a node's resources, and of equally full ones how many pods. */
function load({ room, used, pods }: NodeState): number {
  const share = (name: string): number => (room[name] ? (used[name] ?? 0) / room[name] : 0)
  return Math.max(share('cpu'), share('memory'), pods / (room.pods ?? 110))
}

function compareAll(a: readonly number[], b: readonly number[]): number {
  for (const [i, value] of a.entries()) if (value !== b[i]) return value - b[i]!
  return 0
}
