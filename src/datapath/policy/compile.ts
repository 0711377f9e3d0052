import type { Family, Ip } from '../../lib/ip.ts'
import { familyOf } from '../../lib/ip.ts'
import { byPriority } from '../../model/policy/evaluate.ts'
import type { Firewall } from '../../model/policy/firewall.ts'
import { means } from '../../model/policy/peers.ts'
import type { Direction, PodFacts, Policy, PolicyNode, PolicyWorld } from '../../model/policy/types.ts'
import { DIRECTIONS } from '../../model/policy/types.ts'
import type { NftText } from '../../wire/nft/text.ts'
import { addressText, name, nft } from '../../wire/nft/text.ts'
import type { CompiledClass, PodClass } from './classes.ts'
import { classKey, compileClass } from './classes.ts'
import type { CompiledFirewall } from './firewall.ts'
import { compileFirewall } from './firewall.ts'
import type { Identities, IdentityIndex, IdentityLedger } from './identities.ts'
import { createIdentityIndex, identitiesOf } from './identities.ts'
import type { Ruleset, RulesetMap } from './ruleset.ts'
import { firewallMap, fromMap, toMap, verdictDefinition, whereMap, whoDefinition, whoMap } from './skeleton.ts'

/**
 * Compiles policy for the pods of one node. It keeps what it made, so that a change costs little more than its own size;
 * what it answers depends on the world and on the numbers that identities were given before.
 */
export interface PolicyCompiler {
  /** Parts of the world that did not change should be the same objects. Throws RangeError when identities run out. */
  compile(world: PolicyWorld): Ruleset
}

const FAMILIES: readonly Family[] = [4, 6]

interface Kept {
  readonly policies: readonly Policy[]
  readonly index: IdentityIndex
  readonly nodes: readonly PolicyNode[]
  readonly compiled: CompiledClass
}

interface KeptFirewall {
  readonly firewall: Firewall
  readonly nodes: readonly PolicyNode[]
  readonly compiled: CompiledFirewall
}

export function createPolicyCompiler(node: string): PolicyCompiler {
  let ledger: IdentityLedger = new Map()
  const numbers = new Map<string, number>()
  const numberOf = (namespace: string): number => {
    const known = numbers.get(namespace) ?? numbers.size + 1
    numbers.set(namespace, known)
    return known
  }
  let index: IdentityIndex | undefined
  let namespaces: PolicyWorld['namespaces'] | undefined
  let kept = new Map<string, Kept>()
  let firewalls = new Map<string, KeptFirewall>()
  return {
    compile(world) {
      const identities = identitiesOf(world, ledger)
      if (!index || ledger !== identities.ledger || namespaces !== world.namespaces)
        index = createIdentityIndex(identities.ledger, world.namespaces)
      ledger = identities.ledger
      namespaces = world.namespaces
      const classWorld = { index, nodes: world.nodes, numberOf }
      const classes = new Map<string, Kept>()
      const classOf = createClassOf(world)
      const leads = (pod: PodFacts, direction: Direction): string | undefined => {
        const podClass = classOf(pod, direction)
        if (!podClass) return undefined
        const key = classKey(podClass)
        const policies = Object.values(podClass.policies).flat()
        const known = classes.get(key) ?? kept.get(key)
        const isSame =
          known?.index === classWorld.index &&
          known.nodes === world.nodes &&
          known.policies.length === policies.length &&
          known.policies.every((policy, i) => policy === policies[i])
        const current = isSame
          ? known
          : { policies, index: classWorld.index, nodes: world.nodes, compiled: compileClass(podClass, classWorld) }
        classes.set(key, current)
        return current.compiled.chain
      }
      firewalls = new Map(
        world.firewalls.map(firewall => {
          const known = firewalls.get(firewall.namespace)
          const isSame = known?.firewall === firewall && known.nodes === world.nodes
          const current = isSame ? known : { firewall, nodes: world.nodes, compiled: compileFirewall(firewall, world) }
          return [firewall.namespace, current]
        }),
      )
      const guard = (pod: PodFacts): string | undefined => firewalls.get(pod.namespace)?.compiled.chain
      const dispatch = dispatchMaps(world, node, leads, guard)
      kept = classes
      return gather(
        identities,
        numberOf,
        dispatch,
        [...classes.values(), ...firewalls.values()].map(({ compiled }) => compiled),
      )
    },
  }
}

/** Which policies are about a pod. */
function createClassOf(world: PolicyWorld): (pod: PodFacts, direction: Direction) => PodClass | undefined {
  const sorted = world.policies.toSorted(byPriority)
  const byNamespace = new Map<string, Policy[]>()
  const everywhere: Policy[] = []
  for (const policy of sorted) {
    const { scope } = policy.subject
    if ('selector' in scope) everywhere.push(policy)
    else byNamespace.set(scope.namespace, [...(byNamespace.get(scope.namespace) ?? []), policy])
  }
  return (pod, direction) => {
    const about = [...everywhere, ...(byNamespace.get(pod.namespace) ?? [])].filter(
      policy => policy[direction] && means(policy.subject, pod, world.namespaces, policy.tier),
    )
    if (about.length === 0) return undefined
    const isNamed = direction === 'ingress' && about.some(policy => hasNames(policy))
    return {
      direction,
      policies: {
        admin: about.filter(({ tier }) => tier === 'admin'),
        network: about.filter(({ tier }) => tier === 'network'),
        baseline: about.filter(({ tier }) => tier === 'baseline'),
      },
      ports: isNamed ? pod.ports.toSorted((a, b) => (a.name < b.name ? -1 : 1)) : [],
    }
  }
}

const hasNames = ({ ingress = [] }: Policy): boolean =>
  ingress.some(({ ports }) => ports !== 'any' && ports.some(match => 'name' in match))

type Elements = Map<NftText, NftText>

function dispatchMaps(
  { pods }: PolicyWorld,
  node: string,
  leads: (pod: PodFacts, direction: Direction) => string | undefined,
  guard: (pod: PodFacts) => string | undefined,
): ReadonlyMap<string, Elements> {
  const maps = new Map(
    FAMILIES.flatMap(family => [fromMap(family), toMap(family), firewallMap(family)]).map(
      map => [map, new Map()] as const,
    ),
  )
  for (const pod of pods) {
    if (pod.node !== node) continue
    const firewall = guard(pod)
    if (firewall !== undefined)
      for (const address of pod.addresses)
        maps.get(firewallMap(familyOf(address)))!.set(addressText(address), nft`jump ${name(firewall)}`)
    for (const direction of DIRECTIONS) {
      const chain = leads(pod, direction)
      if (chain === undefined) continue
      for (const address of pod.addresses) {
        const family = familyOf(address)
        maps
          .get(direction === 'egress' ? fromMap(family) : toMap(family))!
          .set(addressText(address), nft`goto ${name(chain)}`)
      }
    }
  }
  return maps
}

function gather(
  identities: Identities,
  numberOf: (namespace: string) => number,
  dispatch: ReadonlyMap<string, Elements>,
  classes: readonly Pick<CompiledClass, 'chains' | 'maps'>[],
): Ruleset {
  const chains = new Map<string, readonly NftText[]>()
  const maps = new Map<string, RulesetMap>()
  for (const family of FAMILIES) {
    maps.set(whoMap(family), { definition: whoDefinition(family), elements: whoElements(identities, family) })
    maps.set(whereMap(family), {
      definition: whoDefinition(family),
      elements: whereElements(identities, numberOf, family),
    })
    for (const map of [fromMap(family), toMap(family), firewallMap(family)])
      maps.set(map, { definition: verdictDefinition(family), elements: dispatch.get(map)! })
  }
  for (const compiled of classes) {
    for (const [key, rules] of compiled.chains) chains.set(key, rules)
    for (const [key, map] of compiled.maps) maps.set(key, map)
  }
  return { chains, maps }
}

const whoElements = ({ byAddress }: Identities, family: Family): Elements =>
  new Map(
    [...byAddress]
      .filter(([address]: readonly [Ip, unknown]) => familyOf(address) === family)
      .map(([address, { id }]) => [addressText(address), nft`${id}`] as const),
  )

const whereElements = (
  { namespaceAt }: Identities,
  numberOf: (namespace: string) => number,
  family: Family,
): Elements =>
  new Map(
    [...namespaceAt]
      .filter(([address]) => familyOf(address) === family)
      .map(([address, namespace]) => [addressText(address), nft`${numberOf(namespace)}`] as const),
  )
