import type { Node } from '../../api/core/node.ts'
import type { PodAffinityTerm } from '../../api/core/pod/affinity.ts'
import type { TopologySpreadConstraint } from '../../api/core/pod/parts.ts'
import type { Pod } from '../../api/core/pod.ts'
import { matchesLabels, matchesSelector } from '../../api/meta/matches.ts'
import { matchesNode } from '../placement/affinity.ts'
import { untolerated } from '../placement/taints.ts'

type Labels = Readonly<Record<string, string>>

/** Where pods are, as far as demands about other pods need it. */
export interface World {
  readonly nodes: readonly Node[]
  /** Everything that holds room on a node. */
  readonly placed: readonly { readonly pod: Pod; readonly node: Node }[]
  /** Those of `placed` that keep others away. */
  readonly guarded: World['placed']
  /** Those of `placed` that would rather have others near or away, or need them near. */
  readonly social: World['placed']
  readonly namespaceLabels: (name: string) => Labels | undefined
}

/** What one pod asks of where other pods are. */
export interface Constraints {
  /** The scheduler's words for why the node will not do. */
  readonly refusal: (node: Node) => string | undefined
}

const NOTHING: Constraints = { refusal: () => undefined }

export const guards = ({ spec }: Pod): boolean =>
  (spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).length > 0

export function isSocial({ spec }: Pod): boolean {
  const { podAffinity, podAntiAffinity } = spec.affinity ?? {}
  return podAffinity !== undefined || podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution !== undefined
}

/** PodTopologySpread, then InterPodAffinity: in upstream's order, the first to refuse speaks. */
export function constraintsOf(pod: Pod, world: World): Constraints {
  const { affinity, topologySpreadConstraints = [] } = pod.spec
  const isFree = !affinity?.podAffinity && !affinity?.podAntiAffinity && topologySpreadConstraints.length === 0
  if (isFree && world.guarded.length === 0) return NOTHING
  const rules = [...spreadRules(pod, world), ...affinityRules(pod, world)]
  return {
    refusal(node) {
      for (const rule of rules) {
        const why = rule(node)
        if (why !== undefined) return why
      }
      return undefined
    },
  }
}

type Rule = (node: Node) => string | undefined

export const labelOf = ({ metadata }: Node, key: string): string | undefined => metadata.labels?.[key]

/** How many pods are in each domain of a topology. */
export function countBy(
  placed: World['placed'],
  key: string,
  counts: (pod: Pod, node: Node) => boolean,
): Map<string, number> {
  const result = new Map<string, number>()
  for (const { pod, node } of placed) {
    const value = labelOf(node, key)
    if (value !== undefined && counts(pod, node)) result.set(value, (result.get(value) ?? 0) + 1)
  }
  return result
}

const SPREAD = "node(s) didn't match pod topology spread constraints"

function spreadRules(pod: Pod, world: World): readonly Rule[] {
  const demands = (pod.spec.topologySpreadConstraints ?? []).filter(one => one.whenUnsatisfiable === 'DoNotSchedule')
  const keys = demands.map(({ topologyKey }) => topologyKey)
  return demands.map(demand => {
    const eligible = eligibleNodes(pod, demand, keys, world)
    const likes = likesOf(pod, demand)
    const counts = countBy(world.placed, demand.topologyKey, (one, node) => eligible.has(node) && likes(one))
    const domains = new Set([...eligible].map(node => labelOf(node, demand.topologyKey)!))
    const isFew = domains.size < (demand.minDomains ?? 1)
    const least = isFew ? 0 : Math.min(...[...domains].map(domain => counts.get(domain) ?? 0))
    const own = likes(pod) ? 1 : 0
    return node => {
      const domain = labelOf(node, demand.topologyKey)
      if (domain === undefined) return `${SPREAD} (missing required label)`
      return (counts.get(domain) ?? 0) + own - least > demand.maxSkew ? SPREAD : undefined
    }
  })
}

/** Which nodes count as domains at all: those with all the keys. */
export const eligibleNodes = (
  pod: Pod,
  demand: TopologySpreadConstraint,
  keys: readonly string[],
  { nodes }: World,
): ReadonlySet<Node> => new Set(nodes.filter(node => isEligible(pod, demand, keys, node)))

function isEligible(pod: Pod, demand: TopologySpreadConstraint, keys: readonly string[], node: Node): boolean {
  if (keys.some(key => labelOf(node, key) === undefined)) return false
  if (demand.nodeAffinityPolicy !== 'Ignore' && !matchesNode(pod.spec, node)) return false
  return (
    demand.nodeTaintsPolicy !== 'Honor' ||
    untolerated(node.spec.taints, pod.spec.tolerations, ['NoSchedule', 'NoExecute']) === undefined
  )
}

/** Pods of the same namespace that the constraint selects and that are not on their way out. */
export function likesOf(
  pod: Pod,
  { labelSelector, matchLabelKeys = [] }: TopologySpreadConstraint,
): (other: Pod) => boolean {
  const shared = Object.fromEntries(
    matchLabelKeys.flatMap(key => (pod.metadata.labels?.[key] === undefined ? [] : [[key, pod.metadata.labels[key]]])),
  ) as Labels
  return other =>
    other.metadata.namespace === pod.metadata.namespace &&
    !other.metadata.deletionTimestamp &&
    matchesSelector(labelSelector, other.metadata.labels) &&
    matchesLabels(shared, other.metadata.labels)
}

/** Whether a term of one pod speaks of another. */
export function selects(term: PodAffinityTerm, self: Pod, other: Pod, world: World): boolean {
  const namespace = other.metadata.namespace ?? ''
  const isHere =
    term.namespaces?.length || term.namespaceSelector
      ? term.namespaces?.includes(namespace) ||
        matchesSelector(term.namespaceSelector, world.namespaceLabels(namespace))
      : namespace === self.metadata.namespace
  if (!isHere || !matchesSelector(term.labelSelector, other.metadata.labels)) return false
  const own = self.metadata.labels ?? {}
  const their = other.metadata.labels ?? {}
  return (
    (term.matchLabelKeys ?? []).every(key => own[key] === undefined || own[key] === their[key]) &&
    (term.mismatchLabelKeys ?? []).every(key => own[key] === undefined || own[key] !== their[key])
  )
}

function affinityRules(pod: Pod, world: World): readonly Rule[] {
  const { podAffinity, podAntiAffinity } = pod.spec.affinity ?? {}
  const near = podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []
  const away = podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []
  return [
    ...(near.length > 0 ? [nearRule(pod, near, world)] : []),
    ...away.map(term => awayRule(pod, term, world)),
    ...(world.guarded.length > 0 ? [guardRule(pod, world)] : []),
  ]
}

/** Of a group that wants to be together the first goes anywhere. */
function nearRule(pod: Pod, terms: readonly PodAffinityTerm[], world: World): Rule {
  const suits = (other: Pod): boolean => terms.every(term => selects(term, pod, other, world))
  const counted = terms.map(({ topologyKey }) => ({ topologyKey, counts: countBy(world.placed, topologyKey, suits) }))
  const isFirst = counted.every(({ counts }) => counts.size === 0) && suits(pod)
  return node => {
    const holds = counted.every(({ topologyKey, counts }) => {
      const domain = labelOf(node, topologyKey)
      return domain !== undefined && (isFirst || (counts.get(domain) ?? 0) > 0)
    })
    return holds ? undefined : "node(s) didn't match pod affinity rules"
  }
}

function awayRule(pod: Pod, term: PodAffinityTerm, world: World): Rule {
  const counts = countBy(world.placed, term.topologyKey, other => selects(term, pod, other, world))
  return node => {
    const domain = labelOf(node, term.topologyKey)
    return domain !== undefined && counts.has(domain) ? "node(s) didn't match pod anti-affinity rules" : undefined
  }
}

/** Pods that are there already may keep this one away. */
function guardRule(pod: Pod, world: World): Rule {
  const closed = new Map<string, Set<string>>()
  for (const { pod: other, node } of world.guarded)
    for (const term of other.spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []) {
      const domain = labelOf(node, term.topologyKey)
      if (domain === undefined || !selects(term, other, pod, world)) continue
      const domains = closed.get(term.topologyKey) ?? new Set()
      closed.set(term.topologyKey, domains.add(domain))
    }
  return node =>
    [...closed].some(([key, domains]) => domains.has(labelOf(node, key) ?? ''))
      ? "node(s) didn't satisfy existing pods anti-affinity rules"
      : undefined
}
