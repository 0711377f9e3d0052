import type { Cidr } from '../../lib/cidr.ts'
import type { Family } from '../../lib/ip.ts'
import { familyOf } from '../../lib/ip.ts'
import type { EgressGroup, Way } from '../../model/egress/members.ts'
import type { EgressNode } from '../../model/egress/nodes.ts'
import type { LinkFact, LinkStep } from '../links.ts'
import { CONNECTION_MARK, FIRST_TABLE_STEERING } from '../marks.ts'
import type { DatapathOptions } from '../options.ts'
import { EVERYWHERE, managementOf, numberOf, VXLAN_LINK } from '../options.ts'
import { familiesOf } from '../skeleton.ts'

export const STEERING_MASK = CONNECTION_MARK.steering.mask
const SHIFT = 20
/** Numbers of nodes: 1 to one below this; those from here on are of routing tables. */
const NODES = (FIRST_TABLE_STEERING >>> SHIFT) - 1
const TABLES = 0xff

/**
 * The steering of a node: by the number of its pod network, so that an agent that starts anew gives the same. 0: it has no pod
 * network. Beyond 3,839 nodes numbers come again, and packets would reach the wrong one: such clusters are refused elsewhere.
 */
export function steeringOf(options: DatapathOptions, { podNetworks }: Pick<EgressNode, 'podNetworks'>): number {
  const [network] = podNetworks
  const number = network && numberOf(options, network)
  return number === undefined ? 0 : markOf(Number(number % BigInt(NODES)) + 1)
}

/** The steerings of the routing tables that groups leave by: tables of one number modulo 255 are kept apart. */
export function tableSteerings(groups: readonly EgressGroup[]): ReadonlyMap<number, number> {
  const tables = new Set(groups.flatMap(({ table, ways }) => [table, ...ways.map(way => way.table)]))
  const taken = new Set<number>()
  const inOrder = [...tables].filter(table => table !== undefined).toSorted((a, b) => a - b)
  return new Map(
    inOrder.map(table => {
      let number = table % TABLES
      while (taken.has(number) && taken.size < TABLES) number = (number + 1) % TABLES
      taken.add(number)
      return [table, markOf(NODES + 1 + number)] as const
    }),
  )
}

/** A node that steers, and all of them. */
export interface Steerer {
  readonly options: DatapathOptions
  readonly self: EgressNode
  readonly nodes: readonly EgressNode[]
  /** As `tableSteerings` of all groups says. */
  readonly tables: ReadonlyMap<number, number>
}

/** How connections of the group's pods on this node leave: one for each way of the family; by the group's table where it has none. */
export function steeringsOf(steerer: Steerer, group: EgressGroup, family: Family): readonly number[] {
  const { options, self, nodes } = steerer
  if (group.ways.length === 0) return through(steerer, group.table)
  return waysIn(group, family)
    .flatMap(way => {
      const byTable = way.node === self.name ? through(steerer, way.table ?? group.table) : []
      if (byTable.length > 0) return byTable
      return nodes.filter(({ name }) => name === way.node).map(node => steeringOf(options, node))
    })
    .filter(mark => mark !== 0)
}

/** How what comes from other nodes leaves here; undefined: by the main table, or not here. */
export const steeringThrough = (steerer: Steerer, group: EgressGroup, family: Family): number | undefined =>
  waysIn(group, family)
    .filter(({ node }) => node === steerer.self.name)
    .flatMap(way => through(steerer, way.table ?? group.table))[0]

/** The tables by which something of these groups leaves here. */
export const tablesAt = (self: string, groups: readonly EgressGroup[]): readonly number[] => [
  ...new Set(
    groups.flatMap(({ ways, table }) => {
      const here = ways.filter(({ node }) => node === self).map(way => way.table ?? table)
      return (ways.length === 0 ? [table] : here).filter(one => one !== undefined)
    }),
  ),
]

const waysIn = ({ ways }: EgressGroup, family: Family): readonly Way[] =>
  ways.filter(({ address }) => familyOf(address) === family)

const through = ({ tables }: Steerer, table: number | undefined): readonly number[] =>
  table === undefined ? [] : [tables.get(table)!]

const markOf = (number: number): number => (number << SHIFT) >>> 0

/** As OVN-Kubernetes' rules for egress addresses. */
const RULE_PRIORITY = 6000
/** Tables of ours begin here; others' are rarely that high. */
const FIRST_TABLE = 410_000

/** The rules and routes by which steered packets get to other nodes. */
export function steeringFacts(options: DatapathOptions, targets: readonly EgressNode[]): readonly LinkFact[] {
  return targets.flatMap(target => {
    const mark = steeringOf(options, target)
    const table = FIRST_TABLE + (mark >>> SHIFT)
    return target.podNetworks.flatMap((network): readonly LinkFact[] => {
      const route = routeTo(options, target, network, table)
      const rule = ruleOf(mark, table, network.family)
      return route ? [route, rule] : []
    })
  })
}

/** Packets of the tables' steerings leave by these, which somebody else fills. */
export const tableFacts = ({ options, tables }: Pick<Steerer, 'options' | 'tables'>, at: readonly number[]) =>
  at.flatMap((table): readonly LinkFact[] =>
    familiesOf(options).map(family => ruleOf(tables.get(table)!, table, family)),
  )

function ruleOf(mark: number, table: number, family: 4 | 6): LinkFact {
  const rule = { priority: RULE_PRIORITY, table, family, mark, mask: STEERING_MASK }
  return {
    key: `rule ${mark} ${family}`,
    make: [{ op: 'rule', ...rule }],
    unmake: [{ op: 'rule-delete', ...rule }],
  }
}

function routeTo(options: DatapathOptions, target: EgressNode, network: Cidr, table: number): LinkFact | undefined {
  const { family } = network
  const underlay = target.addresses.find(address => address.includes(':') === (family === 6))
  const hop =
    options.transport === 'vxlan'
      ? ({ via: managementOf(network), dev: VXLAN_LINK, onlink: true } as const)
      : underlay && { via: underlay }
  if (!hop) return undefined
  const to = EVERYWHERE[family]
  const make: readonly LinkStep[] = [{ op: 'route-replace', to, ...hop, mtu: options.mtu, table, family }]
  return {
    key: `route ${table} ${family}`,
    make,
    unmake: [{ op: 'route-delete', to, table, family }],
  }
}
