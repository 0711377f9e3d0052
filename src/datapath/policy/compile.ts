import type { Family, Ip } from '../../lib/ip.ts'
import { familyOf } from '../../lib/ip.ts'
import { byPriority } from '../../model/policy/evaluate.ts'
import type { Firewall } from '../../model/policy/firewall.ts'
import { means } from '../../model/policy/peers.ts'
import type { Direction, PodFacts, Policy, PolicyNode, PolicyWorld } from '../../model/policy/types.ts'
import { DIRECTIONS } from '../../model/policy/types.ts'
import type { NftText } from '../../wire/nft/text.ts'
import { addressText, name, nft } from '../../wire/nft/text.ts'
import type { CompiledClass } from './classes.ts'
import { classKey, compileClass } from './classes.ts'
import type { CompiledFirewall } from './firewall.ts'
import { compileFirewall } from './firewall.ts'
import type { PodClass } from './gathering.ts'
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
  readonly policies: readonly Policy[]
  readonly nodes: readonly PolicyNode[]
  readonly compiled: CompiledClass
  /** What leads to it. */
  readonly lead: NftText
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
  const isCurrent = (known: Kept, policies: readonly Policy[], nodes: readonly PolicyNode[]): boolean =>
    sameItems(known.policies, policies) &&
    (known.nodes === nodes || !known.compiled.usesNodes) &&
    // All of them are asked, so that all of them are kept.
    known.compiled.asked.filter(({ answer, value }) => !index.stands(answer, value)).length === 0
  return {
    compile(world) {
      const identities = identify(world)
      index.follow(identities.ledger, world.namespaces)
      const { nodes } = world
      const classes = new Map<string, Kept>()
      const told = new Map<string, readonly NftText[]>()
      const leadsOf = classesOf(world)
      const leads = (pod: PodFacts, direction: Direction): NftText | undefined => {
        const found = leadsOf(pod)[direction]
        if (!found) return undefined
        const current = classOf(found)
        if (!world.allowLogged?.has(pod.namespace)) return current.lead
        const watched = `watched-${current.compiled.chain}`
        told.set(watched, [nft`ct state new ${logRule(`new-${direction}`)}`, current.lead])
        return nft`goto ${name(watched)}`
      }
      const classOf = ({ key, podClass, policies }: FoundClass): Kept => {
        const done = classes.get(key)
        if (done) return done
        const known = kept.get(key)
        const current = known && isCurrent(known, policies, nodes) ? known : keep(podClass, policies)
        classes.set(key, current)
        return current
      }
      const keep = (podClass: PodClass, policies: readonly Policy[]): Kept => {
        const compiled = compileClass(podClass, { ...shared, nodes, numberOf })
        return { policies, nodes, compiled, lead: nft`goto ${name(compiled.chain)}` }
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
      kept = classes
      const parts = [...classes.values(), ...firewalls.values()].map(({ compiled }) => compiled)
      return gather(addressMaps(identities), dispatch, [...parts, { chains: told, maps: new Map() }])
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

interface FoundClass {
  readonly key: string
  readonly podClass: PodClass
  readonly policies: readonly Policy[]
}

type PodClasses = Readonly<Partial<Record<Direction, FoundClass>>>

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
  const about = all.filter(policy => policy[direction])
  if (about.length === 0) return {}
  const isNamed = direction === 'ingress' && about.some(policy => hasNames(policy))
  const podClass: PodClass = {
    direction,
    policies: {
      admin: about.filter(({ tier }) => tier === 'admin'),
      network: about.filter(({ tier }) => tier === 'network'),
      baseline: about.filter(({ tier }) => tier === 'baseline'),
    },
    ports: isNamed ? pod.ports.toSorted((a, b) => (a.name < b.name ? -1 : 1)) : [],
  }
  return { [direction]: { key: classKey(podClass), podClass, policies: about } }
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
  classes: readonly Pick<CompiledClass, 'chains' | 'maps'>[],
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
