import type { Family, Ip } from '../../lib/ip.ts'
import { familyOf } from '../../lib/ip.ts'
import { byPriority } from '../../model/policy/evaluate.ts'
import type { Firewall } from '../../model/policy/firewall.ts'
import { means } from '../../model/policy/peers.ts'
import type { Direction, PodFacts, Policy, PolicyNode, PolicyWorld, Tier } from '../../model/policy/types.ts'
import { DIRECTIONS } from '../../model/policy/types.ts'
import type { NftText } from '../../wire/nft/text.ts'
import { addressText, name, nft } from '../../wire/nft/text.ts'
import { shortHash } from '../shape.ts'
import type { CompiledFirewall } from './firewall.ts'
import { compileFirewall } from './firewall.ts'
import type { TierClass } from './gathering.ts'
import type { Identities } from './identities.ts'
import { identitiesOf } from './identities.ts'
import { createIdentityIndex } from './identity-index.ts'
import { createVersions } from './name-sets.ts'
import { createNetMaps } from './net-maps.ts'
import { createNumbers } from './numbers.ts'
import { createPortUnions } from './port-unions.ts'
import type { Ruleset, RulesetMap } from './ruleset.ts'
import {
  firewallMap,
  leadMap,
  logRule,
  markDefinition,
  podMap,
  verdictDefinition,
  whereMap,
  whoMap,
} from './skeleton.ts'
import type { CompiledTier } from './tiers.ts'
import { compileTier } from './tiers.ts'

/**
 * Compiles policy for the pods of one node. It keeps what it made, so that a change costs little more than its own size;
 * what it answers depends on the world and on the numbers that identities were given before.
 */
export interface PolicyCompiler {
  /** Parts of the world that did not change should be the same objects. Throws RangeError when identities run out. */
  compile(world: PolicyWorld): Ruleset
}

const FAMILIES: readonly Family[] = [4, 6]
/** Beyond it numbers of classes are given anew: most are of classes that are gone. */
const MOST_LEADS = 20_000

interface Kept {
  readonly about: TierClass
  readonly nodes: readonly PolicyNode[]
  readonly compiled: CompiledTier
}

interface KeptFirewall {
  readonly firewall: Firewall
  readonly nodes: readonly PolicyNode[]
  readonly compiled: CompiledFirewall
}

export function createPolicyCompiler(node: string): PolicyCompiler {
  const index = createIdentityIndex()
  const identify = createIdentify()
  const classesOf = createClassesOf()
  const versions = createVersions()
  const unions = createPortUnions()
  const shared = { index, versions, unions, netMaps: createNetMaps(unions) }
  let leadNumbers = createNumbers()
  const numbers = new Map<string, NftText>()
  const numberOf = (namespace: string): NftText => {
    const known = numbers.get(namespace) ?? nft`${numbers.size + 1}`
    numbers.set(namespace, known)
    return known
  }
  const addressMaps = whenSame((identities: Identities) => whoAndWhere(identities, numberOf))
  let kept = new Map<string, Kept>()
  let firewalls = new Map<string, KeptFirewall>()
  const isCurrent = (known: Kept, { policies }: TierClass, nodes: readonly PolicyNode[]): boolean =>
    sameItems(known.about.policies, policies) &&
    (known.nodes === nodes || !known.compiled.usesNodes) &&
    // All of them are asked, so that all of them are kept.
    known.compiled.asked.filter(({ answer, value }) => !index.stands(answer, value)).length === 0
  return {
    compile(world) {
      const identities = identify(world)
      index.follow(identities.ledger, world.namespaces)
      const { nodes } = world
      const tiers = new Map<string, Kept>()
      const chains = new Map<string, readonly NftText[]>()
      const leadsOf = classesOf(world)
      const leads = (pod: PodFacts, direction: Direction): NftText | undefined => {
        const found = leadsOf(pod)[direction]
        if (!found) return undefined
        for (const tier of found.tiers) if (!tiers.has(tier.chain)) tiers.set(tier.chain, keptOrMade(tier))
        const { chain, rules } = found
        if (rules) chains.set(chain, rules)
        if (!world.allowLogged?.has(pod.namespace)) return nft`goto ${name(chain)}`
        const watched = `watched-${chain}`
        chains.set(watched, [nft`ct state new ${logRule(`new-${direction}`)}`, nft`goto ${name(chain)}`])
        return nft`goto ${name(watched)}`
      }
      const keptOrMade = (about: TierClass): Kept => {
        const known = kept.get(about.chain)
        if (known && isCurrent(known, about, nodes)) return known
        return { about, nodes, compiled: compileTier(about, { ...shared, nodes, numberOf }) }
      }
      firewalls = new Map(
        world.firewalls.map(firewall => {
          const known = firewalls.get(firewall.namespace)
          const isSame = known?.firewall === firewall && known.nodes === nodes
          const current = isSame ? known : { firewall, nodes, compiled: compileFirewall(firewall, world, versions) }
          return [firewall.namespace, current]
        }),
      )
      const guard = (pod: PodFacts): string | undefined => firewalls.get(pod.namespace)?.compiled.chain
      if (leadNumbers.size > MOST_LEADS) leadNumbers = createNumbers()
      const dispatch = podMaps(world, node, { leads, guard, leadNumber: leadNumbers.of })
      kept = tiers
      const parts = [...tiers.values(), ...firewalls.values()].map(({ compiled }) => compiled)
      return gather(addressMaps(identities), dispatch, [...parts, { chains, maps: new Map() }])
    },
  }
}

const sameItems = <T>(a: readonly T[], b: readonly T[]): boolean =>
  a === b || (a.length === b.length && a.every((one, i) => one === b[i]))

/** Looks anew only when somebody who has an address changed. */
function createIdentify(): (world: PolicyWorld) => Identities {
  let before: { readonly world: PolicyWorld; readonly identities: Identities } | undefined
  return world => {
    const isSame =
      before &&
      sameItems(before.world.pods, world.pods) &&
      sameItems(before.world.hostPods, world.hostPods) &&
      before.world.nodes === world.nodes
    const identities =
      before && isSame ? before.identities : identitiesOf(world, before?.identities.ledger ?? new Map())
    before = { world, identities }
    return identities
  }
}

function whenSame<A, B>(make: (from: A) => B): (from: A) => B {
  let before: { readonly from: A; readonly made: B } | undefined
  return from => {
    if (before?.from !== from) before = { from, made: make(from) }
    return before.made
  }
}

/** Pods about which all tiers say the same, in one direction. */
interface PodClass {
  /** Where their packets go to. */
  readonly chain: string
  /** In the order in which they are asked. */
  readonly tiers: readonly TierClass[]
  /** Of the chain, where it is not that of a tier. */
  readonly rules?: readonly NftText[]
}

type PodClasses = Readonly<Partial<Record<Direction, PodClass>>>

/** Policies by where their subjects are. Lists that hold the same as before are the same objects. */
interface Grouped {
  readonly everywhere: readonly Policy[]
  readonly byNamespace: ReadonlyMap<string, readonly Policy[]>
}

const NONE: readonly Policy[] = []

function groupPolicies(policies: readonly Policy[], before: Grouped): Grouped {
  const everywhere: Policy[] = []
  const found = new Map<string, Policy[]>()
  for (const policy of policies) {
    const { scope } = policy.subject
    if ('selector' in scope) everywhere.push(policy)
    else {
      const known = found.get(scope.namespace)
      if (known) known.push(policy)
      else found.set(scope.namespace, [policy])
    }
  }
  const settled = (list: Policy[], old: readonly Policy[] = NONE): readonly Policy[] => {
    list.sort(byPriority)
    return sameItems(list, old) ? old : list
  }
  return {
    everywhere: settled(everywhere, before.everywhere),
    byNamespace: new Map([...found].map(([key, list]) => [key, settled(list, before.byNamespace.get(key))])),
  }
}

/** Which policies are about a pod: looked up anew only for pods that a change may concern. */
function createClassesOf(): (world: PolicyWorld) => (pod: PodFacts) => PodClasses {
  let grouped: Grouped = { everywhere: NONE, byNamespace: new Map() }
  let before: readonly Policy[] = NONE
  interface Known {
    readonly everywhere: readonly Policy[]
    readonly own: readonly Policy[]
    readonly namespaces: PolicyWorld['namespaces']
    readonly classes: PodClasses
  }
  const known = new WeakMap<PodFacts, Known>()
  return world => {
    if (world.policies !== before) grouped = groupPolicies(world.policies, grouped)
    before = world.policies
    const { everywhere, byNamespace } = grouped
    const { namespaces } = world
    return pod => {
      const own = byNamespace.get(pod.namespace) ?? NONE
      const found = known.get(pod)
      // Labels of namespaces concern those policies alone that are about several.
      const isSame =
        found?.own === own &&
        found.everywhere === everywhere &&
        (found.namespaces === namespaces || everywhere.length === 0)
      if (isSame) return found.classes
      const about = [...everywhere, ...own].filter(policy => means(policy.subject, pod, namespaces, policy.tier))
      const classes: PodClasses = {
        ...directed('ingress', pod, about),
        ...directed('egress', pod, about),
      }
      known.set(pod, { everywhere, own, namespaces, classes })
      return classes
    }
  }
}

function directed(direction: Direction, pod: PodFacts, all: readonly Policy[]): PodClasses {
  const of = (tier: Tier): readonly TierClass[] => {
    const policies = all.filter(policy => policy.tier === tier && policy[direction])
    if (policies.length === 0) return []
    const isNamed = direction === 'ingress' && policies.some(hasNames)
    const ports = isNamed ? pod.ports.toSorted((a, b) => (a.name < b.name ? -1 : 1)) : []
    const id = shortHash(JSON.stringify([policies.map(({ key }) => key), ports]))
    return [{ chain: `${tier}-${direction}-${id}`, direction, tier, policies, ports }]
  }
  const network = of('network')
  // Who is isolated is not asked about further.
  const tiers = [...of('admin'), ...(network.length > 0 ? network : of('baseline'))]
  const [first, second] = tiers
  if (!first) return {}
  if (!second) return { [direction]: { chain: first.chain, tiers } }
  const rules = tiers.map(({ chain }) => nft`jump ${name(chain)}`)
  return { [direction]: { chain: `${leadMap(direction)}-${shortHash(rules.join())}`, tiers, rules } }
}

const hasNames = ({ ingress = [] }: Policy): boolean =>
  ingress.some(({ ports }) => ports !== 'any' && ports.some(match => 'name' in match))

interface Ways {
  leads(pod: PodFacts, direction: Direction): NftText | undefined
  guard(pod: PodFacts): string | undefined
  leadNumber(lead: string): NftText
}

/** Pods lead to numbers and these to chains: so a pod that comes or goes is nothing that the kernel has to follow. */
function podMaps(
  { pods }: PolicyWorld,
  node: string,
  { leads, guard, leadNumber }: Ways,
): ReadonlyMap<string, RulesetMap> {
  const ways = {
    ingress: createWay('ingress'),
    egress: createWay('egress'),
  }
  const guards = createByFamily(firewallMap, verdictDefinition)
  for (const pod of pods) {
    if (pod.node !== node) continue
    const firewall = guard(pod)
    if (firewall !== undefined) guards.set(pod, nft`jump ${name(firewall)}`)
    for (const direction of DIRECTIONS) {
      const lead = leads(pod, direction)
      if (lead === undefined) continue
      const { byPod, byNumber } = ways[direction]
      const number = leadNumber(lead)
      byNumber.set(number, lead)
      byPod.set(pod, number)
    }
  }
  return new Map([...ways.ingress.maps(), ...ways.egress.maps(), ...guards.maps])
}

function createWay(direction: Direction) {
  const byPod = createByFamily(family => podMap(direction, family), markDefinition)
  const byNumber = new Map<NftText, NftText>()
  const map: RulesetMap = { definition: nft`type mark : verdict;`, elements: byNumber }
  return { byPod, byNumber, maps: () => [...byPod.maps, [leadMap(direction), map] as const] }
}

/** Maps of one meaning, one for each family. */
function createByFamily(nameOf: (family: Family) => string, definitionOf: (family: Family) => NftText) {
  const elements = { 4: new Map<NftText, NftText>(), 6: new Map<NftText, NftText>() }
  return {
    set(pod: PodFacts, value: NftText) {
      for (const [family, address] of addressTexts(pod)) elements[family].set(address, value)
    },
    maps: FAMILIES.map(
      family => [nameOf(family), { definition: definitionOf(family), elements: elements[family] }] as const,
    ),
  }
}

const ADDRESS_TEXTS = new WeakMap<PodFacts, readonly (readonly [Family, NftText])[]>()

/** Of each pod they are looked at once. */
function addressTexts(pod: PodFacts): readonly (readonly [Family, NftText])[] {
  const known = ADDRESS_TEXTS.get(pod)
  if (known) return known
  const texts = pod.addresses.map(address => [familyOf(address), addressText(address)] as const)
  ADDRESS_TEXTS.set(pod, texts)
  return texts
}

function gather(
  addresses: ReadonlyMap<string, RulesetMap>,
  dispatch: ReadonlyMap<string, RulesetMap>,
  classes: readonly Pick<CompiledTier, 'chains' | 'maps'>[],
): Ruleset {
  const chains = new Map<string, readonly NftText[]>()
  const maps = new Map([...addresses, ...dispatch])
  for (const compiled of classes) {
    for (const [key, rules] of compiled.chains) chains.set(key, rules)
    for (const [key, map] of compiled.maps) maps.set(key, map)
  }
  return { chains, maps }
}

/** Who has an address, and in which namespace. */
function whoAndWhere(
  { byAddress, namespaceAt }: Identities,
  numberOf: (namespace: string) => NftText,
): ReadonlyMap<string, RulesetMap> {
  const numbered = <T>(all: ReadonlyMap<Ip, T>, family: Family, numberOf: (value: T) => NftText): RulesetMap => ({
    definition: markDefinition(family),
    elements: new Map(
      [...all]
        .filter(([address]) => familyOf(address) === family)
        .map(([address, value]) => [addressText(address), numberOf(value)] as const),
    ),
  })
  return new Map(
    FAMILIES.flatMap(family => [
      [whoMap(family), numbered(byAddress, family, ({ id }) => nft`${id}`)] as const,
      [whereMap(family), numbered(namespaceAt, family, numberOf)] as const,
    ]),
  )
}
