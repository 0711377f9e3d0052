import { expect, test } from 'vitest'
import type { EgressIP } from '../../api/ovn/egress-ip.ts'
import { cidr } from '../../lib/cidr.ts'
import type { Ip } from '../../lib/ip.ts'
import { ip } from '../../lib/ip.ts'
import type { EgressWorld } from './assign.ts'
import { assign } from './assign.ts'
import type { Member } from './members.ts'
import { groupsOf } from './members.ts'
import type { EgressNode } from './nodes.ts'
import { egressNode, printUnheard } from './nodes.ts'

const node = (name: string, more: Partial<EgressNode> = {}): EgressNode => ({
  name,
  labels: {},
  isAssignable: true,
  isReady: true,
  addresses: [ip(`172.18.0.${10 + Number(name.slice(1))}`)],
  podNetworks: [],
  hosts: [],
  networks: [cidr('172.18.0.0/24')],
  capacity: {},
  unheard: new Map(),
  ...more,
})
const eip = (
  name: string,
  where: Readonly<Record<string, string>>,
  more: Partial<EgressIP['metadata']> = {},
): EgressIP => ({
  apiVersion: 'k8s.ovn.org/v1',
  kind: 'EgressIP',
  metadata: { name, uid: name, resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z', ...more },
  spec: { egressIPs: Object.keys(where), namespaceSelector: {} },
  status: {
    items: Object.entries(where).flatMap(([egressIP, on]) => (on ? [{ egressIP, node: on }] : [])),
  },
})
const run = (egressIPs: readonly EgressIP[], nodes: readonly EgressNode[], more: Partial<EgressWorld> = {}) => {
  const { items, notes } = assign({ egressIPs, nodes, lost: new Set(), inUse: new Map(), ...more })
  const where = [...items].map(([name, some]) => `${name} ${some.map(one => `${one.egressIP}@${one.node}`).join(' ')}`)
  return { where, notes: notes.map(({ egressIP, reason, message }) => `${egressIP} ${reason}: ${message}`) }
}
const NODES = ['n1', 'n2', 'n3'].map(name => node(name))
const [A, B, C, D] = [50, 51, 52, 53].map(last => `172.18.0.${last}`) as [string, string, string, string]

test('addresses go to the nodes with the fewest, and no two of one EgressIP to the same', () => {
  expect(run([eip('a', { [A]: '', [B]: '' }), eip('b', { [C]: '' })], NODES).where).toEqual([
    `a ${A}@n1 ${B}@n2`,
    `b ${C}@n3`,
  ])
  const two = run([eip('a', { [A]: '', [B]: '', [C]: '' })], NODES.slice(0, 2))
  expect(two.where).toEqual([`a ${A}@n1 ${B}@n2`])
  expect(two.notes).toEqual([`a UnassignedRequest: ${C} has no node: label more nodes`])
})

test('what stands stays, whatever the order of objects and nodes', () => {
  const stood = [eip('a', { [A]: 'n3', [B]: 'n1' }), eip('b', { [C]: 'n3' })]
  const expected = [`a ${A}@n3 ${B}@n1`, `b ${C}@n3`]
  expect(run(stood, NODES).where).toEqual(expected)
  expect(run(stood.toReversed(), NODES.toReversed()).where.toSorted()).toEqual(expected)
})

test('an address leaves a node that is lost, not ready, or has lost its label', () => {
  const stood = [eip('a', { [A]: 'n1' })]
  expect(run(stood, NODES).where).toEqual([`a ${A}@n1`])
  expect(run(stood, NODES, { lost: new Set(['n1']) }).where).toEqual([`a ${A}@n2`])
  for (const change of [{ isReady: false }, { isAssignable: false }])
    expect(run(stood, [node('n1', change), NODES[1]!]).where).toEqual([`a ${A}@n2`])
  const none = run(stood, [node('n1', { isAssignable: false })])
  expect(none.where).toEqual(['a '])
  expect(none.notes[0]).toMatch(/^a NoMatchingNodeFound: no node with the label k8s.ovn.org\/egress-assignable/)
})

test('only one address at a time moves for balance, and only to nodes that may have it', () => {
  const stood = [A, B, C, D].map((address, i) => eip(`e${i}`, { [address]: 'n1' }))
  const movable = new Set(['n1', 'n2', 'n3'])
  expect(run(stood, NODES).where.filter(line => !line.endsWith('@n1'))).toEqual([])
  expect(run(stood, NODES, { movable }).where.filter(line => !line.endsWith('@n1'))).toEqual([`e0 ${A}@n2`])
  expect(run(stood, NODES, { movable: new Set(['n3']) }).where.filter(line => !line.endsWith('@n1'))).toEqual([
    `e0 ${A}@n3`,
  ])
  const fixed = stood.map(one => ({
    ...one,
    metadata: { ...one.metadata, annotations: { 'fairlead.dev/egress-rebalance': 'false' } },
  }))
  expect(run(fixed, NODES, { movable }).where.filter(line => !line.endsWith('@n1'))).toEqual([])
  // A difference of one is balance: an address does not follow a node that comes and goes.
  expect(run([eip('a', { [A]: 'n1' })], NODES, { movable }).where).toEqual([`a ${A}@n1`])
})

test('addresses that are a node’s, a Service’s, an elder EgressIP’s or none at all are given to nobody', () => {
  const inUse = new Map<Ip, string>([
    [ip('172.18.0.12'), 'node n2'],
    [ip(B), 'Service shop/web'],
  ])
  const elder = eip('z-elder', { [A]: '' }, { creationTimestamp: '2025-01-01T00:00:00Z' })
  const found = run([eip('a', { [A]: '', '172.18.0.12': '', [B]: '', nowhere: '', [C]: '' }), elder], NODES, { inUse })
  expect(found.where).toEqual([`z-elder ${A}@n1`, `a ${C}@n2`])
  expect(found.notes).toEqual([
    'a InvalidEgressIP: "nowhere" is not an IP address: it is given to no node',
    `a UnsupportedRequest: ${A} is asked for by EgressIP z-elder already`,
    'a EgressIPConflict: 172.18.0.12 is the address of node n2: it is given to no node',
    `a EgressIPConflict: ${B} is the address of Service shop/web: it is given to no node`,
  ])
  // An address that two have by mistake (a control plane that was restarted) stays with one.
  expect(run([eip('a', { [A]: 'n1' }), eip('b', { [A]: 'n2' })], NODES).where).toEqual([`a ${A}@n1`, 'b '])
})

test('a node has what lies in its networks, each address by itself, and no more than it has room for', () => {
  const far = node('n1', { networks: [cidr('10.9.0.0/24'), cidr('fd18::/64')] })
  const both = run([eip('a', { '10.9.0.7': '', [A]: '', 'fd18::7': '' })], [far, NODES[1]!])
  expect(both.where).toEqual([`a 10.9.0.7@n1 ${A}@n2`])
  const outside = run([eip('a', { '192.0.2.1': '' })], NODES)
  expect(outside.notes).toEqual(["a UnassignedRequest: 192.0.2.1 has no node: 192.0.2.1 is in no node's network"])
  const small = NODES.map(one => ({ ...one, capacity: { ipv4: 1 } }))
  expect(
    run(
      [A, B, C, D].map((address, i) => eip(`e${i}`, { [address]: '' })),
      small,
    ).where.at(-1),
  ).toBe('e3 ')
  // What no longer fits is looked at again, not only what is new.
  const less = run([eip('a', { [A]: 'n1' }), eip('b', { [B]: 'n1' })], [node('n1', { capacity: { ip: 1 } }), NODES[1]!])
  expect(less.where).toEqual([`a ${A}@n1`, `b ${B}@n2`])
})

test('what a Node says of itself: networks, a cloud’s limits, whom it does not hear', () => {
  const unheard = new Map([
    ['n3', ['uplink', 'overlay']],
    ['n2', ['uplink']],
  ] as const)
  const annotations = {
    'k8s.ovn.org/node-primary-ifaddr': '{"ipv4":"172.18.0.11/24","ipv6":"fd18::11/64"}',
    'fairlead.dev/egress-unheard': printUnheard(unheard),
  }
  const object = (some: Record<string, string>) =>
    egressNode({ metadata: { name: 'n1', annotations: some }, spec: {}, status: {} } as never)
  expect(object(annotations)).toMatchObject({ networks: [cidr('172.18.0.0/24'), cidr('fd18::/64')], isReady: false })
  expect(object(annotations).unheard).toEqual(
    new Map([
      ['n2', ['uplink']],
      ['n3', ['overlay', 'uplink']],
    ]),
  )
  const config = '[{"interface":"eth0","ifaddr":{"ipv4":"10.0.0.0/24"},"capacity":{"ipv4":2}}]'
  expect(object({ ...annotations, 'cloud.network.openshift.io/egress-ipconfig': config })).toMatchObject({
    networks: [cidr('10.0.0.0/24')],
    capacity: { ipv4: 2 },
  })
  expect(object({ 'k8s.ovn.org/node-primary-ifaddr': '{"ipv4":' }).networks).toEqual([])
})

const pod = (name: string, labels: Record<string, string> = {}): Member => ({
  namespace: 'shop',
  name,
  labels,
  node: 'n1',
  addresses: [ip('10.128.0.5')],
})

test('a pod that several EgressIPs select leaves by the eldest, and the others are told so', () => {
  const labels = new Map([['shop', {}]])
  const pods = [pod('web', { app: 'web' }), pod('db')]
  const elder = eip('z', { [A]: 'n1' }, { creationTimestamp: '2025-01-01T00:00:00Z' })
  const narrow: EgressIP = { ...elder, spec: { ...elder.spec, podSelector: { matchLabels: { app: 'web' } } } }
  const { groups, notes } = groupsOf([eip('a', { [B]: 'n2' }), narrow], labels, () => pods)
  expect(groups.map(({ key, members }) => [key, members.map(one => one.name)])).toEqual([
    ['egressip z', ['web']],
    ['egressip a', ['db']],
  ])
  expect(notes).toEqual([
    {
      egressIP: 'a',
      reason: 'UndefinedRequest',
      message: expect.stringContaining('pod shop/web is served by EgressIP z'),
    },
  ])
  expect(groupsOf([eip('a', { [B]: 'n2' })], labels, () => pods, new Set(['shop/web'])).groups[0]?.members).toEqual([
    pods[1],
  ])
})
