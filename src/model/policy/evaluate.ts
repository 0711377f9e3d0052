import type { Ip } from '../../lib/ip.ts'
import { firewallRule } from './firewall.ts'
import { isGroup } from './multicast.ts'
import { isNamed } from './names.ts'
import { isInNet, means } from './peers.ts'
import { covers } from './ports.ts'
import { selects } from './selector.ts'
import type {
  Direction,
  Flow,
  Member,
  Peer,
  PodFacts,
  Policy,
  PolicyNode,
  PolicyWorld,
  Rule,
  Tier,
  Verdict,
} from './types.ts'
import { TIERS } from './types.ts'

/** Why a direction was decided as it was. Without a tier nothing spoke about it, or nothing may. */
export interface Decision {
  readonly verdict: 'allow' | 'deny'
  readonly because: 'rule' | 'isolation' | 'default' | 'own node' | 'itself' | 'not a pod' | 'multicast'
  readonly tier?: Tier | 'firewall'
  /** The deciding policy; for isolation, every one that isolates; for multicast the namespace. */
  readonly policies?: readonly string[]
  /** Its place among the rules of the direction, from 0. */
  readonly rule?: number
  /** The rule of an egress firewall that allows what policy allows. */
  readonly firewall?: { readonly policy: string; readonly rule: number }
}

export interface FlowDecision {
  readonly verdict: 'allow' | 'deny'
  readonly egress: Decision
  readonly ingress: Decision
}

/** Asks about flows in one world. */
export interface Engine {
  decide(flow: Flow): FlowDecision
}

/** One end of a flow: whoever has the address. */
interface End {
  readonly address: Ip
  readonly pod: PodFacts | undefined
  readonly members: readonly Member[]
  /** The node whose own address it is. */
  readonly node: PolicyNode | undefined
}

/** The namespace that stands for what nodes send. Source: OKD, network policy for host-network ingress. */
export const HOST_NAMESPACE = 'openshift-host-network'
export const hostMember: Member = { kind: 'host', namespace: HOST_NAMESPACE, labels: {}, ports: [] }

export function createEngine(world: PolicyWorld): Engine {
  const end = endsOf(world)
  const tiers = TIERS.map(tier => ({
    tier,
    policies: world.policies.filter(policy => policy.tier === tier).toSorted(byPriority),
  }))
  const decideAt = (direction: Direction, self: End, peer: End, flow: Flow): Decision => {
    const { pod } = self
    if (!pod) return { verdict: 'allow', because: 'not a pod' }
    if (peer.node?.name === pod.node && (direction === 'ingress' || !world.policesOwnNode))
      return { verdict: 'allow', because: 'own node' }
    for (const { tier, policies } of tiers) {
      const about = policies.filter(
        policy => policy[direction] && means(policy.subject, pod, world.namespaces, policy.tier),
      )
      const decided = EVALUATORS[tier]({ world, direction, pod, peer, flow, about })
      if (decided) return { ...decided, tier }
    }
    return { verdict: 'allow', because: 'default' }
  }
  const firewalls = new Map(world.firewalls.map(firewall => [firewall.namespace, firewall] as const))
  /** What policy allows a firewall may still deny. */
  const guard = (decided: Decision, { pod }: End, flow: Flow): Decision => {
    const firewall = pod && decided.because !== 'own node' ? firewalls.get(pod.namespace) : undefined
    const rule = firewall && firewallRule(firewall, world, flow)
    if (!firewall || rule === undefined) return decided
    if (firewall.rules[rule]!.action === 'allow') return { ...decided, firewall: { policy: firewall.key, rule } }
    return { verdict: 'deny', because: 'rule', tier: 'firewall', policies: [firewall.key], rule }
  }
  return {
    decide(flow) {
      const [source, destination] = [end(flow.source), end(flow.destination)]
      if (source.pod && isGroup(flow.destination)) return toGroup(world, source.pod)
      const byPolicy = decideAt('egress', source, destination, flow)
      const egress = byPolicy.verdict === 'allow' ? guard(byPolicy, source, flow) : byPolicy
      const ingress = decideAt('ingress', destination, source, flow)
      return { verdict: egress.verdict === 'allow' ? ingress.verdict : 'deny', egress, ingress }
    },
  }
}

/** Groups are the annotation's matter alone: frames to them are copied before any policy sees them. */
function toGroup({ multicast }: PolicyWorld, { namespace }: PodFacts): FlowDecision {
  const verdict = multicast?.has(namespace) ? 'allow' : 'deny'
  const decision: Decision = { verdict, because: 'multicast', policies: [`namespace ${namespace}`] }
  return { verdict, egress: decision, ingress: decision }
}

/** Equal priorities: the name decides, so that every node decides alike. */
export const byPriority = (a: Policy, b: Policy): number =>
  a.priority - b.priority || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)

/** One direction of a flow at one pod. */
interface Question {
  readonly world: PolicyWorld
  readonly direction: Direction
  readonly pod: PodFacts
  readonly peer: End
  readonly flow: Flow
  /** The tier's policies about the pod in this direction, first ones first. */
  readonly about: readonly Policy[]
}

/** Undefined: pass. */
type Evaluator = (question: Question) => Decision | undefined

/** The first rule that matches decides. */
const ordered: Evaluator = question => {
  for (const policy of question.about)
    for (const [rule, one] of policy[question.direction]!.entries()) {
      if (!matches(one, policy.tier, question)) continue
      const verdict: Verdict = one.action
      return verdict === 'pass' ? undefined : { verdict, because: 'rule', policies: [policy.key], rule }
    }
  return undefined
}

/** Any rule allows; without one, whoever is isolated hears nothing. A pod always reaches itself. */
const union: Evaluator = question => {
  const { about, direction, pod, peer } = question
  if (about.length === 0) return undefined
  if (peer.pod?.uid === pod.uid) return { verdict: 'allow', because: 'itself' }
  for (const policy of about) {
    const rule = policy[direction]!.findIndex(one => matches(one, policy.tier, question))
    if (rule >= 0) return { verdict: 'allow', because: 'rule', policies: [policy.key], rule }
  }
  return { verdict: 'deny', because: 'isolation', policies: about.map(({ key }) => key) }
}

const EVALUATORS: Readonly<Record<Tier, Evaluator>> = { admin: ordered, network: union, baseline: ordered }

/** A rule matches by one of its peers, and by ports as that peer has them. */
function matches(rule: Rule, tier: Tier, question: Question): boolean {
  const { direction, pod, peer, flow } = question
  const covered = (meant: readonly Member[]): boolean =>
    covers(rule.ports, flow.protocol, flow.port, direction === 'ingress' ? [pod] : meant)
  if (rule.peers === 'any') return covered(peer.members)
  return rule.peers.some(one => {
    const meant = meantBy(one, tier, question)
    return meant !== undefined && covered(meant)
  })
}

/** Whom of those at the other end a peer means; undefined when it does not mean that end at all. */
function meantBy(one: Peer, tier: Tier, { world, peer, flow }: Question): readonly Member[] | undefined {
  switch (one.kind) {
    case 'net':
      return isInNet(one, peer.address) ? [] : undefined
    case 'nodes': {
      const isMeant = world.nodes.some(
        ({ addresses, labels }) => addresses.includes(peer.address) && selects(one.selector, labels),
      )
      return isMeant ? [] : undefined
    }
    case 'names':
      return isNamed(one.names, 'more', flow.names) ? [] : undefined
    case 'pods': {
      const meant = peer.members.filter(member => means(one, member, world.namespaces, tier))
      return meant.length > 0 ? meant : undefined
    }
  }
}

function endsOf({ pods, hostPods, nodes }: PolicyWorld): (address: Ip) => End {
  const podAt = new Map(pods.flatMap(pod => pod.addresses.map(address => [address, pod] as const)))
  const nodeAt = new Map(
    nodes.flatMap(node => [...node.addresses, ...node.management].map(address => [address, node] as const)),
  )
  return address => {
    const pod = podAt.get(address)
    const sharing = hostPods.filter(({ addresses }) => addresses.includes(address)).map(({ member }) => member)
    const isHost = nodes.some(({ management, join }) => management.includes(address) || join.includes(address))
    return {
      address,
      pod,
      members: pod ? [pod] : [...sharing, ...(isHost ? [hostMember] : [])],
      node: nodeAt.get(address),
    }
  }
}
