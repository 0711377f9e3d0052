/** Whose place a pod takes that finds none. Source: k8s.io/kubernetes/pkg/scheduler/framework/preemption and its plugin. */
import type { Node } from '../../api/core/node.ts'
import type { Pod } from '../../api/core/pod.ts'
import { matchesSelector } from '../../api/meta/matches.ts'
import type { PodDisruptionBudget } from '../../api/policy/pod-disruption-budget.ts'
import type { World } from './constraints.ts'
import { constraintsOf, guards } from './constraints.ts'
import { nodeState, refusals } from './filter.ts'

export interface Preemption {
  readonly node: string
  /** The most important first. */
  readonly victims: readonly Pod[]
}

export interface Attempt {
  readonly found: Preemption | undefined
  /** For each node that was looked at in vain: why. */
  readonly reasons: readonly string[]
}

export const priorityOf = ({ spec }: Pod): number => spec.priority ?? 0

/** Why the pod may not take anybody's place at present. */
export function ineligible(pod: Pod, world: World): string | undefined {
  if (pod.spec.preemptionPolicy === 'Never') return 'not eligible due to preemptionPolicy=Never.'
  const nominated = pod.status?.nominatedNodeName
  const isBeingFreed =
    nominated &&
    world.placed.some(
      one =>
        one.node.metadata.name === nominated &&
        one.pod.metadata.deletionTimestamp !== undefined &&
        priorityOf(one.pod) < priorityOf(pod),
    )
  return isBeingFreed ? 'not eligible due to a terminating pod on the nominated node.' : undefined
}

/** Looks on each of the nodes for the fewest and least important pods whose end would let the pod in, and picks a node. */
export function preempt(
  pod: Pod,
  nodes: readonly Node[],
  world: World,
  budgets: readonly PodDisruptionBudget[],
): Attempt {
  const candidates: Candidate[] = []
  const reasons: string[] = []
  for (const node of nodes) {
    const result = victimsOn(pod, node, world, budgets)
    if (typeof result === 'string') reasons.push(result)
    else if (result.victims.length > 0) candidates.push(result)
  }
  candidates.sort((a, b) => compareAll(costOf(a), costOf(b)) || (a.node < b.node ? -1 : 1))
  return { found: candidates[0], reasons }
}

interface Candidate extends Preemption {
  /** Victims that a budget would rather keep. */
  readonly violations: number
}

/** SelectVictimsOnNode: all lesser pods go, then as many as possible stay after all, the important and guarded first. */
function victimsOn(pod: Pod, node: Node, world: World, budgets: readonly PodDisruptionBudget[]): Candidate | string {
  const here = world.placed.filter(one => one.node === node).map(one => one.pod)
  const lesser = here.filter(one => priorityOf(one) < priorityOf(pod)).sort(byImportance)
  if (lesser.length === 0) return 'No preemption victims found for incoming pod'
  const gone = new Set(lesser)
  const why = refusal(pod, node, world, here, gone)
  if (why !== undefined) return why
  const guarded = violating(lesser, budgets)
  let violations = 0
  for (const one of [
    ...lesser.filter(victim => guarded.has(victim)),
    ...lesser.filter(victim => !guarded.has(victim)),
  ]) {
    gone.delete(one)
    if (refusal(pod, node, world, here, gone) === undefined) continue
    gone.add(one)
    if (guarded.has(one)) violations++
  }
  return { node: node.metadata.name, victims: [...gone].sort(byImportance), violations }
}

function refusal(pod: Pod, node: Node, world: World, here: readonly Pod[], gone: ReadonlySet<Pod>): string | undefined {
  const stay = here.filter(one => !gone.has(one))
  const [first] = refusals(pod, nodeState(node, stay))
  if (first !== undefined) return first
  const placed = world.placed.filter(one => !gone.has(one.pod))
  return constraintsOf(pod, { ...world, placed, guarded: placed.filter(one => guards(one.pod)) }).refusal(node)
}

/** filterPodsWithPDBViolation: those beyond what their budgets let go, the important ones counted first. */
function violating(pods: readonly Pod[], budgets: readonly PodDisruptionBudget[]): ReadonlySet<Pod> {
  const left = new Map(budgets.map(budget => [budget, budget.status?.disruptionsAllowed ?? 0]))
  return new Set(
    pods.filter(pod => {
      const own = budgets.filter(budget => isGuarding(budget, pod))
      for (const budget of own) left.set(budget, left.get(budget)! - 1)
      return own.some(budget => left.get(budget)! < 0)
    }),
  )
}

const isGuarding = ({ metadata, spec, status }: PodDisruptionBudget, pod: Pod): boolean =>
  metadata.namespace === pod.metadata.namespace &&
  Object.keys({ ...spec?.selector?.matchLabels, ...spec?.selector?.matchExpressions }).length > 0 &&
  matchesSelector(spec?.selector, pod.metadata.labels) &&
  status?.disruptedPods?.[pod.metadata.name] === undefined

const startOf = ({ status, metadata }: Pod): number =>
  Date.parse(status?.startTime ?? metadata.creationTimestamp ?? '') || 0

const byImportance = (a: Pod, b: Pod): number =>
  priorityOf(b) - priorityOf(a) || startOf(a) - startOf(b) || (a.metadata.uid < b.metadata.uid ? -1 : 1)

/** pickOneNodeForPreemption: the first difference decides. */
function costOf({ victims, violations }: Candidate): readonly number[] {
  const highest = priorityOf(victims[0]!)
  const earliest = Math.min(...victims.filter(pod => priorityOf(pod) === highest).map(startOf))
  return [
    violations,
    highest,
    victims.reduce((sum, pod) => sum + priorityOf(pod) + 2 ** 31, 0),
    victims.length,
    -earliest,
  ]
}

function compareAll(a: readonly number[], b: readonly number[]): number {
  for (const [i, value] of a.entries()) if (value !== b[i]) return value - b[i]!
  return 0
}
