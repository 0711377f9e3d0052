import type { Node } from '../../api/core/node.ts'
import type { Pod } from '../../api/core/pod.ts'
import type { Service } from '../../api/core/service.ts'
import { matchesLabels } from '../../api/meta/matches.ts'
import type { PodDisruptionBudget } from '../../api/policy/pod-disruption-budget.ts'
import { controllerOf } from '../../client/owner.ts'
import { type Constraints, constraintsOf, guards, isSocial, type World } from './constraints.ts'
import { type NodeState, nodeState, occupy, refusals, requestsOf } from './filter.ts'
import { type Attempt, ineligible, type Preemption, preempt } from './preempt.ts'
import { scores } from './score.ts'

export interface Snapshot {
  readonly nodes: readonly Node[]
  /** Pods that hold room on a node: bound, or bound by this very process a moment ago, and not ended. */
  readonly placed: readonly { readonly pod: Pod; readonly node: string }[]
  readonly services: readonly Service[]
  /** What preemption should rather not break. */
  readonly budgets?: readonly PodDisruptionBudget[]
  /** For demands about pods of namespaces with a label. */
  readonly namespaceLabels?: (name: string) => Readonly<Record<string, string>> | undefined
}

export type Placement =
  | { readonly pod: Pod; readonly node: string }
  /** message: upstream's text, as kubectl describe shows it. */
  | {
      readonly pod: Pod
      readonly node: undefined
      readonly message: string
      /** The pods whose place it takes, and where. */
      readonly preemption?: Preemption
    }

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
  constraints(pod: Pod): Constraints
  readonly world: World
  readonly budgets: readonly PodDisruptionBudget[]
  readonly services: readonly Service[]
}

interface Peers {
  readonly id: string
  readonly includes: (pod: Pod) => boolean
}

function createRound(snapshot: Snapshot): Round {
  const { nodes, placed, services, budgets = [], namespaceLabels = () => undefined } = snapshot
  const byNode = new Map<string, Pod[]>(nodes.map(node => [node.metadata.name, []]))
  const here = [...placed]
  for (const { pod, node } of placed) byNode.get(node)?.push(pod)
  const states = nodes.map(node => nodeState(node, byNode.get(node.metadata.name) ?? []))
  const nodeOf = new Map(nodes.map(node => [node.metadata.name, node]))
  const located = placed.flatMap(({ pod, node }) => {
    const at = nodeOf.get(node)
    return at ? [{ pod, node: at }] : []
  })
  const world = {
    nodes,
    placed: located,
    guarded: located.filter(({ pod }) => guards(pod)),
    social: located.filter(({ pod }) => isSocial(pod)),
    namespaceLabels,
  }
  const groups = new Map<string, { readonly includes: (pod: Pod) => boolean; readonly counts: Map<string, number> }>()
  const count = (counts: Map<string, number>, node: string): void => void counts.set(node, (counts.get(node) ?? 0) + 1)
  return {
    states,
    services,
    budgets,
    world,
    constraints: pod => constraintsOf(pod, world),
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
      const at = { pod, node: state.node }
      located.push(at)
      if (guards(pod)) world.guarded.push(at)
      if (isSocial(pod)) world.social.push(at)
      for (const { includes, counts } of groups.values()) if (includes(pod)) count(counts, state.node.metadata.name)
    },
  }
}

function placeOne(pod: Pod, round: Round): Placement {
  const fitting: NodeState[] = []
  const reasons = new Map<string, number>()
  const resolvable: NodeState[] = []
  const constraints = round.constraints(pod)
  for (const state of round.states) {
    const refused = refusalsOf(pod, state, constraints)
    if (refused.length === 0) fitting.push(state)
    else if (refused.every(reason => isResolvable(reason, pod, state))) resolvable.push(state)
    for (const reason of refused) reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
  }
  if (fitting.length === 0) return { pod, node: undefined, ...displace(pod, round, reasons, resolvable) }
  const chosen = best(pod, fitting, round)
  round.add(pod, chosen)
  return { pod, node: chosen.node.metadata.name }
}

/** What becomes of a pod that fits nowhere: it may take the place of lesser ones, and holds the place that was promised to it. */
function displace(
  pod: Pod,
  round: Round,
  reasons: ReadonlyMap<string, number>,
  resolvable: readonly NodeState[],
): { readonly message: string; readonly preemption?: Preemption } {
  const total = round.states.length
  const why = ineligible(pod, round.world)
  const attempt =
    why === undefined
      ? preempt(
          pod,
          resolvable.map(({ node }) => node),
          round.world,
          round.budgets,
        )
      : NONE
  const nominated = attempt.found?.node ?? pod.status?.nominatedNodeName
  const state = nominated ? round.states.find(({ node }) => node.metadata.name === nominated) : undefined
  // Whoever comes after it in this round must not take the room that is being made.
  if (state) round.add(pod, state)
  const help = attempt.found ? undefined : (why ?? helpText(total, attempt.reasons))
  return { message: failureMessage(total, reasons, help), ...(attempt.found ? { preemption: attempt.found } : {}) }
}

const NONE: Attempt = { found: undefined, reasons: [] }

function refusalsOf(pod: Pod, state: NodeState, constraints: Constraints): readonly string[] {
  const refused = refusals(pod, state)
  if (refused.length > 0) return refused
  const why = constraints.refusal(state.node)
  return why === undefined ? [] : [why]
}

/** Reasons that go away when other pods do. */
const RESOLVABLE = new Set([
  'Too many pods',
  "node(s) didn't have free ports for the requested pod ports",
  "node(s) didn't match pod topology spread constraints",
  "node(s) didn't match pod anti-affinity rules",
  "node(s) didn't satisfy existing pods anti-affinity rules",
])

/** What the whole node is too small for stays refused, however empty it is. */
function isResolvable(reason: string, pod: Pod, { room }: NodeState): boolean {
  const [, resource] = /^Insufficient (.*)$/.exec(reason) ?? []
  if (resource === undefined) return RESOLVABLE.has(reason)
  return (requestsOf(pod)[resource] ?? 0) <= (room[resource] ?? 0)
}

/** framework.FitError.Error. help: what preemption says, where it finds nobody. */
export function failureMessage(nodes: number, reasons: ReadonlyMap<string, number>, help: string | undefined): string {
  if (nodes === 0) return 'no nodes available to schedule pods'
  const why = listed(
    nodes,
    [...reasons].map(([reason, count]) => `${count} ${reason}`),
  )
  return help === undefined ? why : `${why} preemption: ${help}`
}

const listed = (nodes: number, parts: readonly string[]): string =>
  `0/${nodes} nodes are available: ${[...parts].sort().join(', ')}.`

/** reasons: of the nodes where fewer pods could have helped. */
function helpText(nodes: number, reasons: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  const hopeless = nodes - reasons.length
  if (hopeless > 0) counts.set('Preemption is not helpful for scheduling', hopeless)
  return listed(
    nodes,
    [...counts].map(([reason, count]) => `${count} ${reason}`),
  )
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

/** The node with the highest score; of equal ones the least in use, then the first name. Upstream draws lots. */
function best(pod: Pod, fitting: readonly NodeState[], round: Round): NodeState {
  if (fitting.length === 1) return fitting[0]!
  const group = peersOf(pod, round.services)
  const points = scores({ pod, fitting, world: round.world, peers: group && round.peers(group) })
  const ranked = fitting.map((state, i) => ({ state, points: points[i]! }))
  ranked.sort(
    (a, b) =>
      b.points - a.points ||
      load(a.state) - load(b.state) ||
      compare(a.state.node.metadata.name, b.state.node.metadata.name),
  )
  return ranked[0]!.state
}

/** The fullest of a node's resources, and of equally full ones how many pods. */
function load({ room, used, pods }: NodeState): number {
  const share = (name: string): number => (room[name] ? (used[name] ?? 0) / room[name] : 0)
  return Math.max(share('cpu'), share('memory'), pods / (room.pods ?? 110))
}
