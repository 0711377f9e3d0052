import { createHash } from 'node:crypto'
import type { Cidr } from '../../lib/cidr.ts'
import type { Family, Ip } from '../../lib/ip.ts'
import { familyOf } from '../../lib/ip.ts'
import { namePattern } from '../../model/policy/names.ts'
import { portRanges } from '../../model/policy/ports.ts'
import { selects } from '../../model/policy/selector.ts'
import type {
  Direction,
  Member,
  NamedPort,
  NetPeer,
  PodsPeer,
  Policy,
  PolicyNode,
  Ports,
  Rule,
  Tier,
} from '../../model/policy/types.ts'
import type { NftText } from '../../wire/nft/text.ts'
import { at, name, nft } from '../../wire/nft/text.ts'
import { CONNECTION_MARK } from '../marks.ts'
import type { Identity } from './identities.ts'
import type { Answer, IdentityIndex, Meant } from './identity-index.ts'
import type { Interval } from './intervals.ts'
import { disjoint, intervalsOf, intervalText } from './intervals.ts'
import type { Versions } from './name-sets.ts'
import { nameRules, nameSet } from './name-sets.ts'
import type { PortSet } from './port-set.ts'
import { conditions, isEmpty, joined, NO_PORTS, portSet, union } from './port-set.ts'
import type { RulesetMap } from './ruleset.ts'
import { addressType, denyChain, field, whereMap } from './skeleton.ts'

/** Pods that the same policies are about, in one direction: they share chains. */
export interface PodClass {
  readonly direction: Direction
  /** Of each tier, those about these pods, first ones first. */
  readonly policies: Readonly<Record<Tier, readonly Policy[]>>
  /** What ports are called in these pods; empty for egress, where the other side's names count. */
  readonly ports: readonly NamedPort[]
}

/** What a class needs of the kernel; names of what is shared say what it holds. */
export interface CompiledClass {
  /** Where its packets go to. */
  readonly chain: string
  readonly chains: ReadonlyMap<string, readonly NftText[]>
  readonly maps: ReadonlyMap<string, RulesetMap>
  /** What was asked for it: as long as all of it stands, it need not be compiled again. */
  readonly asked: readonly Asked[]
  /** Whether it speaks of nodes. */
  readonly usesNodes: boolean
}

export interface Asked {
  readonly answer: Answer<unknown>
  readonly value: unknown
}

export interface ClassWorld {
  readonly index: IdentityIndex
  readonly nodes: readonly PolicyNode[]
  /** The number of a namespace, as it stands in the maps of addresses. */
  numberOf(namespace: string): number
  readonly versions: Versions
}

const FAMILIES: readonly Family[] = [4, 6]
const ACCEPT = nft`accept`

export const classKey = ({ direction, policies, ports }: PodClass): string =>
  JSON.stringify([direction, Object.values(policies).map(some => some.map(({ key }) => key)), ports])

export function compileClass(podClass: PodClass, world: ClassWorld): CompiledClass {
  const { direction, policies } = podClass
  const id = shortHash(classKey(podClass))
  const out: Out = { chains: new Map(), maps: new Map(), asked: new Map(), podClass, world, id }
  const rules: NftText[] = []
  for (const tier of ['admin', 'network', 'baseline'] as const) {
    if (policies[tier].length === 0) continue
    if (tier === 'network') {
      rules.push(...unionRules(out), nft`goto ${name(denyChain(direction))}`)
      break
    }
    rules.push(nft`jump ${name(orderedChain(out, tier))}`)
  }
  const chain = `${direction === 'egress' ? 'from' : 'to'}-${id}`
  out.chains.set(chain, rules)
  const asked = [...out.asked].map(([answer, value]): Asked => ({ answer, value }))
  return { chain, chains: out.chains, maps: out.maps, asked, usesNodes: speaksOfNodes(podClass) }
}

const speaksOfNodes = ({ direction, policies }: PodClass): boolean =>
  Object.values(policies)
    .flat()
    .some(policy =>
      policy[direction]!.some(({ peers }) => peers !== 'any' && peers.some(({ kind }) => kind === 'nodes')),
    )

/** What a compilation gathers. */
interface Out {
  readonly chains: Map<string, readonly NftText[]>
  readonly maps: Map<string, RulesetMap>
  readonly asked: Map<Answer<unknown>, unknown>
  readonly podClass: PodClass
  readonly world: ClassWorld
  readonly id: string
}

function ask<T>({ asked }: Out, answer: Answer<T>): T {
  asked.set(answer, answer.value)
  return answer.value
}

const everybody = (out: Out): readonly Identity[] => ask(out, out.world.index.all())
const meantBy = (out: Out, peer: PodsPeer, tier: Tier): readonly Meant[] => ask(out, out.world.index.meant(peer, tier))

/** Ports as they are for packets between these pods and members of the other side. */
const portsFor = ({ podClass }: Out, ports: Ports, others: readonly Member[]): PortSet => {
  if (ports === 'any') return 'all'
  const own: Member = { kind: 'pod', namespace: '', labels: {}, ports: podClass.ports }
  return portSet(portRanges(ports, podClass.direction === 'ingress' ? [own] : others))
}

const isNamed = (ports: Ports): boolean => ports !== 'any' && ports.some(match => 'name' in match)

/** NetworkPolicies: one lookup of who it is, one of the address, one of ports that are open to all. */
function unionRules(out: Out): readonly NftText[] {
  const { podClass, world, id } = out
  const sets = createPortSets()
  const who = new Map<Identity, Set<number>>()
  const where = new Map<string, Set<number>>()
  const nets: { readonly interval: Interval; readonly family: Family; readonly value: readonly number[] }[] = []
  const anybody = new Set<number>()
  const allow = (identity: Identity, ports: PortSet): void => {
    if (!isEmpty(ports)) addTo(who, identity, sets.idOf(ports))
  }
  const read = ({ peers, ports }: Rule): void => {
    // Names differ from one destination to the next; numbers are the same for all.
    const common = portsFor(out, ports, [])
    const isSame = podClass.direction === 'ingress' || !isNamed(ports)
    const of = (members: readonly Member[]): PortSet => (isSame ? common : portsFor(out, ports, members))
    if (peers === 'any') {
      anybody.add(sets.idOf(common))
      if (!isSame) for (const identity of everybody(out)) allow(identity, of(identity.members))
      return
    }
    for (const peer of peers) {
      if (peer.kind === 'pods') {
        if (isSame && !peer.pods) {
          // Whole namespaces are one element each, however many identities they have.
          for (const namespace of isEmpty(common) ? [] : ask(out, world.index.namespacesOf(peer)))
            addTo(where, namespace, sets.idOf(common))
        } else for (const { identity, members } of meantBy(out, peer, 'network')) allow(identity, of(members))
      } else if (peer.kind === 'net' && !isEmpty(common))
        for (const interval of intervalsOf(peer))
          nets.push({ interval, family: peer.cidr.family, value: [sets.idOf(common)] })
    }
  }
  for (const policy of podClass.policies.network) for (const rule of policy[podClass.direction]!) read(rule)
  const verdict = remembered((key: string) => portVerdict(out, sets.union(key)))
  const elements = new Map([...who].map(([identity, ids]) => [nft`${identity.id}`, verdict(keyOf(ids))] as const))
  const whoName = `who-${id}`
  if (elements.size > 0) out.maps.set(whoName, { definition: nft`type mark : verdict;`, elements })
  const places = new Map(
    [...where].map(([namespace, ids]) => [nft`${world.numberOf(namespace)}`, verdict(keyOf(ids))] as const),
  )
  const whereName = `where-${id}`
  if (places.size > 0) out.maps.set(whereName, { definition: nft`type mark : verdict;`, elements: places })
  return [
    // A pod always reaches itself, also by way of a Service.
    nft`ct mark and ${CONNECTION_MARK.hairpin.mask} != 0 accept`,
    ...conditions(sets.union(keyOf(anybody))).map(condition => nft`${condition}accept`),
    ...(elements.size > 0 ? [nft`meta mark vmap ${at(whoName)}`] : []),
    ...(places.size > 0
      ? [
          nft`meta mark set 0`,
          ...FAMILIES.map(family => nft`meta mark set ${peerField(out, family)} map ${at(whereMap(family))}`),
          nft`meta mark vmap ${at(whereName)}`,
        ]
      : []),
    ...FAMILIES.flatMap(family =>
      netRules(
        out,
        family,
        nets.filter(net => net.family === family),
        verdict,
      ),
    ),
  ]
}

function addTo<K>(sets: Map<K, Set<number>>, key: K, id: number): void {
  const known = sets.get(key)
  if (known) known.add(id)
  else sets.set(key, new Set([id]))
}

/** Sets of ports by number, so that the same sets meeting again are united once. */
interface PortSets {
  idOf(ports: PortSet): number
  /** Of sets by their numbers, as `keyOf` writes them. */
  union(key: string): PortSet
}

function createPortSets(): PortSets {
  const ids = new Map<string, number>()
  const all: PortSet[] = []
  const idOf = remembered((ports: PortSet): number => {
    const text = JSON.stringify(ports)
    const known = ids.get(text) ?? all.push(ports) - 1
    ids.set(text, known)
    return known
  })
  return {
    idOf,
    union: key => (key === '' ? NO_PORTS : unionOf(key.split(',').map(id => all[Number(id)]!))),
  }
}

const unionOf = (sets: readonly PortSet[]): PortSet =>
  sets.includes('all') ? 'all' : portSet(sets.flatMap(set => (set === 'all' ? [] : set)))

const keyOf = (ids: Iterable<number>): string => [...new Set(ids)].toSorted((a, b) => a - b).join()

function remembered<K, V>(make: (key: K) => V): (key: K) => V {
  const known = new Map<K, V>()
  return key => {
    if (!known.has(key)) known.set(key, make(key))
    return known.get(key)!
  }
}

/** Everything, or a chain that is named by the ports that it lets through. */
function portVerdict(out: Out, ports: PortSet): NftText {
  if (ports === 'all') return ACCEPT
  const rules = conditions(ports).map(condition => nft`${condition}accept`)
  const chain = `ports-${shortHash(rules.join('\n'))}`
  out.chains.set(chain, rules)
  return nft`jump ${name(chain)}`
}

function netRules(
  out: Out,
  family: Family,
  nets: readonly { readonly interval: Interval; readonly value: readonly number[] }[],
  verdict: (key: string) => NftText,
): readonly NftText[] {
  if (nets.length === 0) return []
  const combined = disjoint(nets, values => {
    const value = values.flat()
    return { key: keyOf(value), value }
  })
  const elements = new Map(
    combined.map(({ interval, value }) => [intervalText(interval, family), verdict(keyOf(value))] as const),
  )
  // An interval map is never edited, its name says what it holds.
  const map = `nets-${shortHash([...elements].flat().join('\n'))}`
  out.maps.set(map, { definition: nft`type ${addressType(family)} : verdict; flags interval;`, elements })
  return [nft`${peerField(out, family)} vmap ${at(map)}`]
}

const peerField = ({ podClass }: Out, family: Family): NftText =>
  field(family, podClass.direction === 'egress' ? 'daddr' : 'saddr')

/** A rule of an ordered tier as it stands for one identity. */
interface Step {
  readonly rule: Rule
  /** What of the rule holds for the identity whatever its address; undefined: nothing. */
  readonly ports?: PortSet
}

/**
 * Tiers in which the first match decides: for each identity a chain of the rules that speak about it, found by one
 * lookup. Rules about addresses stand in all of them, at their place.
 */
function orderedChain(out: Out, tier: 'admin' | 'baseline'): string {
  const { podClass } = out
  const rules = podClass.policies[tier].flatMap(policy => policy[podClass.direction]!)
  const steps = new Map<Identity, Map<Rule, PortSet>>()
  for (const rule of rules) {
    for (const [identity, ports] of portsByIdentity(out, tier, rule)) {
      const own = steps.get(identity) ?? new Map<Rule, PortSet>()
      steps.set(identity, own)
      own.set(rule, union(own.get(rule) ?? NO_PORTS, ports))
    }
  }
  const stepsOf = (ports: ReadonlyMap<Rule, PortSet>): readonly Step[] =>
    rules.map(rule => {
      const own = rule.peers === 'any' ? portsFor(out, rule.ports, []) : ports.get(rule)
      return own ? { rule, ports: own } : { rule }
    })
  const elements = new Map<NftText, NftText>()
  for (const [identity, own] of steps) {
    const lines = stepsOf(own).flatMap(step => stepRules(out, step))
    const chain = `steps-${shortHash([podClass.direction, ...lines].join('\n'))}`
    out.chains.set(chain, lines)
    elements.set(nft`${identity.id}`, nft`goto ${name(chain)}`)
  }
  const map = `${tier}-${out.id}`
  if (elements.size > 0) out.maps.set(map, { definition: nft`type mark : verdict;`, elements })
  const chain = `${tier}-${podClass.direction}-${out.id}`
  out.chains.set(chain, [
    ...(elements.size > 0 ? [nft`meta mark vmap ${at(map)}`] : []),
    ...stepsOf(new Map()).flatMap(step => stepRules(out, step)),
  ])
  return chain
}

function portsByIdentity(out: Out, tier: Tier, { peers, ports }: Rule): readonly (readonly [Identity, PortSet])[] {
  if (peers === 'any')
    return out.podClass.direction === 'egress' && isNamed(ports)
      ? everybody(out).map(identity => [identity, portsFor(out, ports, identity.members)] as const)
      : []
  return peers.flatMap(peer =>
    peer.kind === 'pods'
      ? meantBy(out, peer, tier).map(({ identity, members }) => [identity, portsFor(out, ports, members)] as const)
      : [],
  )
}

function stepRules(out: Out, { rule, ports }: Step): readonly NftText[] {
  const verdict = verdictText(out, rule)
  const byWhom = ports === undefined ? [] : conditions(ports).map(condition => nft`${condition}${verdict}`)
  const addresses = rule.peers === 'any' ? [] : rule.peers.flatMap(peer => addressesOf(out, peer))
  const open = conditions(portsFor(out, rule.ports, []))
  const byAddress = FAMILIES.flatMap(family => {
    const own = addresses.filter(one => one.family === family).map(({ text }) => text)
    if (own.length === 0) return []
    return open.map(condition => nft`${peerField(out, family)} { ${joined(own)} } ${condition}${verdict}`)
  })
  return [...byWhom, ...byAddress, ...FAMILIES.flatMap(family => namedRules(out, rule, family, open, verdict))]
}

/** Only what allows speaks of names. */
function namedRules(
  out: Out,
  { peers, action }: Rule,
  family: Family,
  open: readonly NftText[],
  verdict: NftText,
): readonly NftText[] {
  const named = peers === 'any' ? [] : peers.flatMap(peer => (peer.kind === 'names' ? peer.names : []))
  if (named.length === 0 || action !== 'allow') return []
  const { name: set, set: holds } = nameSet(
    named.map(text => namePattern(text, 'more')),
    family,
  )
  out.maps.set(set, holds)
  const memory = { in: CONNECTION_MARK.policyNames, version: versionOf(out) }
  return open.flatMap(condition => nameRules(set, family, condition, verdict, memory))
}

const versionOf = ({ podClass, world, id }: Out): number =>
  world.versions.of(
    `class ${id}`,
    JSON.stringify(
      Object.values(podClass.policies)
        .flat()
        .map(policy => policy.egress),
    ),
  )

interface AddressText {
  readonly family: Family
  readonly text: NftText
}

function addressesOf({ world }: Out, peer: Exclude<Rule['peers'], 'any'>[number]): readonly AddressText[] {
  if (peer.kind === 'pods' || peer.kind === 'names') return []
  const nets: readonly NetPeer[] =
    peer.kind === 'net'
      ? [peer]
      : world.nodes
          .filter(({ labels }) => selects(peer.selector, labels))
          .flatMap(({ addresses }) => addresses.map(address => ({ kind: 'net', cidr: single(address), except: [] })))
  return nets.flatMap(net =>
    intervalsOf(net).map(interval => ({ family: net.cidr.family, text: intervalText(interval, net.cidr.family) })),
  )
}

const single = (address: Ip): Cidr => ({
  address,
  bits: familyOf(address) === 4 ? 32 : 128,
  family: familyOf(address),
})

const verdictText = ({ podClass }: Out, { action }: Rule): NftText =>
  action === 'allow' ? ACCEPT : action === 'pass' ? nft`return` : nft`goto ${name(denyChain(podClass.direction))}`

const shortHash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16)
