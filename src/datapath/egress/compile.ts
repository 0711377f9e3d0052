import type { Cidr } from '../../lib/cidr.ts'
import type { Family, Ip } from '../../lib/ip.ts'
import { familyOf } from '../../lib/ip.ts'
import type { EgressGroup } from '../../model/egress/members.ts'
import { isOfEgressIP } from '../../model/egress/members.ts'
import type { Command, Table } from '../../wire/nft/command.ts'
import type { NftText } from '../../wire/nft/text.ts'
import { addressText, at, name, nft, oneOf, quoted } from '../../wire/nft/text.ts'
import type { Place } from '../marks.ts'
import { PLACES } from '../marks.ts'
import type { DatapathOptions } from '../options.ts'
import { insideNetworks, MANAGEMENT_LINK, POD_LINKS, VXLAN_LINK } from '../options.ts'
import type { Ruleset, RulesetMap } from '../policy/ruleset.ts'
import { familyWord, mapName, newChain, shortHash } from '../shape.ts'
import { familiesOf } from '../skeleton.ts'
import type { Steerer } from './steering.ts'
import { STEERING_MASK, steeringOf, steeringsOf, steeringThrough, tablesAt } from './steering.ts'

export const EGRESS_TABLE: Table = { family: 'inet', name: 'fairlead-egress' }
export const EGRESS_COUNTERS = ['egress-leak-drop', 'egress-unassigned-drop', 'egress-stray-drop'] as const

export interface EgressInput extends Steerer {
  readonly groups: readonly EgressGroup[]
}

/** What never changes: counters, and the chains with hooks, which lead to chains of the ruleset. */
export const egressFoundation = (): readonly Command[] =>
  EGRESS_COUNTERS.map((counter): Command => ({ do: 'add', what: 'counter', name: counter }))

export function egressHooks(): readonly Command[] {
  const hook = (place: Place, ...rules: readonly NftText[]) => newChain(place.chain, rules, place)
  return [
    ...hook(
      PLACES.steer,
      nft`iifname ${quoted(POD_LINKS)} ct direction original jump steering`,
      nft`iifname != ${quoted(POD_LINKS)} ct direction original jump arriving`,
      nft`ct direction reply jump answering`,
    ),
    ...hook(PLACES.heldGuard, nft`jump held`),
    ...hook(PLACES.egressAddress, nft`jump leaving`),
    ...hook(PLACES.leakGuard, nft`jump leaks`),
  ]
}

/**
 * The rules of one node. Its pods' connections are steered to the node that has their address, or to a routing table (`steering`);
 * so is what comes from other nodes to leave here by a table (`arriving`), and what answers clients of their Service (`answering`). What others' pods send out by way of this node, and what
 * is steered to it, takes its addresses (`leaving`), and nothing else of theirs gets out; no packet leaves with a pod's address
 * (`leaks`); the addresses themselves are nobody's to talk to (`held`).
 */
export function compileEgress(input: EgressInput): Ruleset {
  const { options, self, groups } = input
  const families = familiesOf(options)
  const chains = new Map<string, readonly NftText[]>()
  const elements = new Map<string, Map<NftText, NftText>>()
  for (const family of families) for (const base of MAPS) elements.set(mapName(base, family), new Map())
  for (const group of groups) for (const family of families) addGroup(group, family, input, chains, elements)
  const nodes = input.nodes.flatMap(({ addresses }) => addresses)
  chains.set('take-steering', [nft`meta mark set ct mark and ${STEERING_MASK}`])
  const tables = tablesAt(
    self.name,
    groups.filter(({ ways }) => ways.length > 0),
  ).map(table => input.tables.get(table)!)
  chains.set('steering', steering(options, families, nodes, 'pods'))
  chains.set('arriving', tables.length > 0 ? steering(options, families, nodes, 'through') : [])
  chains.set('answering', answering(input, families, nodes))
  chains.set('leaving', leaving(options, families, nodes, steeringOf(options, self), tables))
  chains.set('own', [
    ...families.map(family => nft`${familyWord(family)} saddr vmap ${at(mapName('sources', family))}`),
    nft`counter name egress-stray-drop drop`,
  ])
  chains.set('leaks', leaks(options, families, nodes, steeringOf(options, self)))
  chains.set('held', held(groups, self.name))
  return { chains, maps: mapsOf(families, elements) }
}

/** By pods' addresses: how they leave, what they get here as their own, and by which table what comes by way of this node goes on. */
const MAPS = ['pods', 'sources', 'through'] as const

function mapsOf(
  families: readonly Family[],
  elements: ReadonlyMap<string, ReadonlyMap<NftText, NftText>>,
): ReadonlyMap<string, RulesetMap> {
  return new Map(
    families.flatMap(family =>
      MAPS.map(base => {
        const definition = nft`type ${family === 4 ? nft`ipv4_addr` : nft`ipv6_addr`} : verdict;`
        return [mapName(base, family), { definition, elements: elements.get(mapName(base, family))! }] as const
      }),
    ),
  )
}

const nodesRule = (family: Family, nodes: readonly Ip[]): readonly NftText[] => {
  const own = nodes.filter(address => familyOf(address) === family)
  return own.length > 0 ? [nft`${familyWord(family)} daddr ${oneOf(own)} return`] : []
}
const within = (networks: readonly Cidr[], family: Family): NftText =>
  oneOf(networks.filter(network => network.family === family))
const pods = ({ clusterNetworks }: DatapathOptions, family: Family): NftText =>
  within(
    clusterNetworks.map(({ cidr }) => cidr),
    family,
  )

/** What stays inside, and what the nodes themselves are asked. */
const inside = (options: DatapathOptions, families: readonly Family[], nodes: readonly Ip[]): readonly NftText[] =>
  families.flatMap(family => [
    nft`${familyWord(family)} daddr ${within(insideNetworks(options), family)} return`,
    ...nodesRule(family, nodes),
  ])

function steering(
  options: DatapathOptions,
  families: readonly Family[],
  nodes: readonly Ip[],
  by: 'pods' | 'through',
): readonly NftText[] {
  return [
    ...inside(options, families, nodes),
    nft`fib daddr type { local, broadcast, multicast } return`,
    nft`ct mark and ${STEERING_MASK} != 0 goto take-steering`,
    // Connections that are older than this keep the address that they have.
    nft`ct state != new return`,
    ...families.map(family => nft`${familyWord(family)} saddr vmap ${at(mapName(by, family))}`),
  ]
}

/** The connection's own mark is not touched: it steers what the pods themselves begin. */
function answering(input: EgressInput, families: readonly Family[], nodes: readonly Ip[]): readonly NftText[] {
  const rules = input.groups.flatMap(group => {
    const [table] = tablesAt(input.self.name, [group])
    const fronts = group.fronts ?? []
    if (table === undefined || fronts.length === 0) return []
    return families.flatMap(family => {
      const own = fronts.filter(front => familyOf(front) === family)
      const mark = input.tables.get(table)!
      return own.length === 0 ? [] : [nft`ct original ${familyWord(family)} daddr ${oneOf(own)} meta mark set ${mark}`]
    })
  })
  return rules.length === 0 ? [] : [...inside(input.options, families, nodes), ...rules]
}

/** What does not leave by the machine network. */
const elsewhere = (options: DatapathOptions, families: readonly Family[], nodes: readonly Ip[]): readonly NftText[] => [
  nft`oifname { "lo", ${quoted(MANAGEMENT_LINK)}, ${quoted(VXLAN_LINK)} } return`,
  nft`oifname ${quoted(POD_LINKS)} return`,
  ...inside(options, families, nodes),
]

function leaving(
  options: DatapathOptions,
  families: readonly Family[],
  nodes: readonly Ip[],
  own: number,
  tables: readonly number[],
): readonly NftText[] {
  return [
    ...elsewhere(options, families, nodes),
    nft`ct mark and ${STEERING_MASK} == ${own} goto own`,
    // Others may leave by the same table with the address of a link.
    ...tables.flatMap(mark =>
      families.map(
        family =>
          nft`ct mark and ${STEERING_MASK} == ${mark} ${familyWord(family)} saddr vmap ${at(mapName('sources', family))}`,
      ),
    ),
    nft`iifname ${quoted(POD_LINKS)} return`,
    ...families.map(family => nft`${familyWord(family)} saddr ${pods(options, family)} goto own`),
  ]
}

function leaks(
  options: DatapathOptions,
  families: readonly Family[],
  nodes: readonly Ip[],
  own: number,
): readonly NftText[] {
  return [
    ...elsewhere(options, families, nodes),
    // Without a tunnel what is steered to another node goes there as it is.
    ...(options.transport === 'vxlan'
      ? []
      : [nft`ct mark and ${STEERING_MASK} != 0 ct mark and ${STEERING_MASK} != ${own} return`]),
    ...families.map(
      family => nft`${familyWord(family)} saddr ${pods(options, family)} counter name egress-leak-drop drop`,
    ),
  ]
}

/** Answers come to connections alone: whatever else is sent to an egress address would meet the node's own servers. */
function held(groups: readonly EgressGroup[], self: string): readonly NftText[] {
  const own = groups
    .filter(isOfEgressIP)
    .flatMap(({ ways }) => ways.filter(({ node }) => node === self).map(({ address }) => address))
  return [4, 6].flatMap(family => {
    const some = own.filter(address => familyOf(address) === family)
    const ip = familyWord(family as Family)
    return some.length > 0 ? [nft`${ip} daddr ${oneOf(some)} meta l4proto { tcp, udp, sctp } drop`] : []
  })
}

function addGroup(
  group: EgressGroup,
  family: Family,
  input: EgressInput,
  chains: Map<string, readonly NftText[]>,
  elements: ReadonlyMap<string, Map<NftText, NftText>>,
): void {
  const { self } = input
  const to = wayRules(group, family, input)
  const id = `${shortHash(group.key)}-${family}`
  const own = group.ways.find(({ node, address }) => node === self.name && familyOf(address) === family)
  const through = steeringThrough(input, group, family)
  for (const member of group.members)
    for (const address of member.addresses.filter(one => familyOf(one) === family)) {
      if (member.node === self.name && to) put('pods', address, `to-${id}`)
      if (own) put('sources', address, `from-${id}`)
      if (through !== undefined && member.node !== self.name) put('through', address, `by-${id}`)
    }
  if (to) chains.set(`to-${id}`, to)
  if (through !== undefined) chains.set(`by-${id}`, take(through))
  if (own) chains.set(`from-${id}`, [nft`snat ${familyWord(family)} to ${own.address}`])

  function put(base: string, address: Ip, chain: string): void {
    elements.get(mapName(base, family))!.set(addressText(address), nft`goto ${name(chain)}`)
  }
}

const take = (mark: number): readonly NftText[] => [nft`ct mark set ${mark}`, nft`goto take-steering`]

/** Undefined: the group's pods leave as others do. */
function wayRules(group: EgressGroup, family: Family, input: EgressInput): readonly NftText[] | undefined {
  const marks = steeringsOf(input, group, family)
  if (marks.length > 1) {
    const map = marks.map((mark, i) => nft`${i} : ${mark}`)
    return [nft`ct mark set numgen random mod ${marks.length} map ${oneOf(map)}`, nft`goto take-steering`]
  }
  if (marks.length === 1) return take(marks[0]!)
  return group.dropped.includes(family) ? [nft`counter name egress-unassigned-drop drop`] : undefined
}
