import { expect, test } from 'vitest'
import { cidr } from '../../lib/cidr.ts'
import { ip } from '../../lib/ip.ts'
import type { EgressGroup, Member } from '../../model/egress/members.ts'
import type { EgressNode } from '../../model/egress/nodes.ts'
import { OPTIONS } from '../testing.ts'
import { compileEgress } from './compile.ts'
import {
  STEERING_MASK,
  steeringFacts,
  steeringOf,
  steeringsOf,
  steeringThrough,
  tableFacts,
  tableSteerings,
  tablesAt,
} from './steering.ts'

const node = (number: number): EgressNode => ({
  name: `node-${number}`,
  labels: {},
  isAssignable: true,
  isReady: true,
  addresses: [ip(`172.18.0.${10 + number}`)],
  podNetworks: [cidr(`10.128.${2 * (number - 1)}.0/23`)],
  hosts: [],
  networks: [],
  capacity: {},
  unheard: new Map(),
})
const NODES = [1, 2, 3].map(node)
const member = (number: number): Member => ({
  namespace: 'shop',
  name: `web-${number}`,
  labels: {},
  node: `node-${number}`,
  addresses: [ip(`10.128.${2 * (number - 1)}.5`)],
})
const group = (more: Partial<EgressGroup> = {}): EgressGroup => ({
  key: 'egressip web',
  ways: [],
  members: [1, 2, 3].map(member),
  dropped: [],
  ...more,
})
const compile = (groups: readonly EgressGroup[], self = 1) =>
  compileEgress({ options: OPTIONS, self: node(self), nodes: NODES, groups, tables: tableSteerings(groups) })
const elements = (groups: readonly EgressGroup[], map: string, self = 1) =>
  [...compile(groups, self).maps.get(map)!.elements.keys()].map(String)
const chainsTo = (groups: readonly EgressGroup[], self = 1) =>
  [...compile(groups, self).chains].filter(([name]) => name.startsWith('to-')).flatMap(([, rules]) => rules)

test('a node steers its own pods alone, and gives its address to the pods of all', () => {
  const web = group({ ways: [{ address: ip('172.18.0.50'), node: 'node-2' }] })
  expect([elements([web], 'pods4'), elements([web], 'sources4')]).toEqual([['10.128.0.5'], []])
  expect([elements([web], 'pods4', 2), elements([web], 'sources4', 2)]).toEqual([
    ['10.128.2.5'],
    ['10.128.0.5', '10.128.2.5', '10.128.4.5'],
  ])
  expect(chainsTo([web])).toEqual([`ct mark set ${2 << 20}`, 'goto take-steering'])
})

test('a move changes one chain, whatever the number of pods', () => {
  const [before, next] = ['node-2', 'node-3'].map(name =>
    compile([group({ ways: [{ address: ip('172.18.0.50'), node: name }] })]),
  )
  expect(before!.maps.get('pods4')!.elements).toEqual(next!.maps.get('pods4')!.elements)
  const changed = [...next!.chains].filter(([name, rules]) => before!.chains.get(name)?.join() !== rules.join())
  expect(changed).toHaveLength(1)
})

test('what is unassigned leaves as others do, is dropped, or takes a routing table', () => {
  expect(elements([group()], 'pods4')).toEqual([])
  expect(chainsTo([group({ dropped: [4] })])).toEqual(['counter name egress-unassigned-drop drop'])
  expect(chainsTo([group({ dropped: [6] })])).toEqual([])
  const byTable = group({ key: 'egressservice shop/web', table: 100 })
  const tables = tableSteerings([byTable])
  const mark = tables.get(100)!
  expect(chainsTo([byTable])).toEqual([`ct mark set ${mark}`, 'goto take-steering'])
  expect(tableFacts({ options: OPTIONS, tables }, [100])[0]?.make).toEqual([
    { op: 'rule', priority: 6000, table: 100, family: 4, mark, mask: STEERING_MASK },
  ])
})

test('with an address and a table what leaves takes both, on the node that has the address, wherever the pod is', () => {
  const web = group({
    key: 'egressservice shop/web',
    ways: [{ address: ip('172.18.0.50'), node: 'node-2' }],
    table: 100,
  })
  expect(chainsTo([web])).toEqual([`ct mark set ${2 << 20}`, 'goto take-steering'])
  expect([elements([web], 'through4'), compile([web]).chains.get('arriving')]).toEqual([[], []])
  expect(chainsTo([web], 2)).toEqual([`ct mark set ${tableSteerings([web]).get(100)}`, 'goto take-steering'])
  expect(elements([web], 'through4', 2)).toEqual(['10.128.0.5', '10.128.4.5'])
  expect(compile([web], 2).chains.get('arriving')?.at(-1)).toContain('@through4')
  const answering = (self: number) =>
    compile([{ ...web, fronts: [ip('172.18.0.50')] }], self)
      .chains.get('answering')!
      .map(String)
  expect(answering(1)).toEqual([])
  expect(answering(2).at(-1)).toBe(
    `ct original ip daddr { 172.18.0.50 } meta mark set ${tableSteerings([web]).get(100)}`,
  )
})

test('steerings of nodes and of tables are never the same, and none is 0', () => {
  const nodes = Array.from({ length: 512 }, (_, i) =>
    steeringOf(OPTIONS, { podNetworks: [cidr(`10.${128 + (i >> 7)}.${(i & 127) * 2}.0/23`)] }),
  )
  const byTables = (tables: readonly number[]) => tableSteerings(tables.map(table => group({ table })))
  const tables = [...byTables(Array.from({ length: 255 }, (_, i) => i)).values()]
  expect(new Set([...nodes, ...tables, 0]).size).toBe(512 + 255 + 1)
  for (const mark of [...nodes, ...tables]) expect((mark & STEERING_MASK) >>> 0).toBe(mark)
  expect(steeringOf(OPTIONS, { podNetworks: [] })).toBe(0)
  // Tables whose numbers would be one: the smaller has it, whoever came first.
  const [small, large] = [100, 355].map(table => byTables([table]).get(table))
  expect(small).toBe(large)
  for (const both of [byTables([100, 355]), byTables([355, 100])]) {
    expect(both.get(100)).toBe(small)
    expect(both.get(355)).not.toBe(small)
  }
  expect(byTables(Array.from({ length: 300 }, (_, i) => i)).size).toBe(300)
})

test('addresses of both families on one node leave each by the table of its own link', () => {
  const web = group({
    ways: [
      { address: ip('10.77.0.50'), node: 'node-2', table: 7 },
      { address: ip('10.78.0.50'), node: 'node-3', table: 8 },
    ],
  })
  const tables = tableSteerings([web])
  const ways = { options: OPTIONS, self: node(2), nodes: NODES, tables }
  expect(steeringsOf(ways, web, 4)).toEqual([tables.get(7), 3 << 20])
  const dual = group({
    ways: [
      { address: ip('10.77.0.50'), node: 'node-2', table: 7 },
      { address: ip('fd78::50'), node: 'node-2', table: 8 },
    ],
  })
  expect(([4, 6] as const).map(family => steeringsOf(ways, dual, family))).toEqual([[tables.get(7)], [tables.get(8)]])
  expect(([4, 6] as const).map(family => steeringThrough(ways, dual, family))).toEqual([tables.get(7), tables.get(8)])
  expect([tablesAt('node-2', [dual]), tablesAt('node-1', [dual])]).toEqual([[7, 8], []])
})

test('another node is reached through the tunnel, or by its own address where there is none', () => {
  const make = (transport: 'vxlan' | 'host-gw') =>
    steeringFacts({ ...OPTIONS, transport }, [node(2)])[0]?.make.map(step => ('via' in step ? step.via : ''))
  expect(make('vxlan')).toEqual(['10.128.2.2'])
  expect(make('host-gw')).toEqual(['172.18.0.12'])
})
