import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Node } from '../../api/core/node.ts'
import type { Pod } from '../../api/core/pod.ts'
import { nodeOf, podOf, serviceOf } from '../shared/testing.ts'
import { type Placement, place, type Snapshot } from './decide.ts'

const owner = (uid: string) => ({ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: uid, uid, controller: true })
const three = ['node-1', 'node-2', 'node-3'].map(name =>
  nodeOf(name, {}, { 'topology.kubernetes.io/zone': `zone-${name.at(-1)}` }),
)
const snapshot = (nodes: readonly Node[] = three, more: Partial<Snapshot> = {}): Snapshot => ({
  nodes,
  placed: [],
  services: [],
  ...more,
})
const where = (placements: readonly Placement[]): Record<string, string> =>
  Object.fromEntries(placements.map(one => [one.pod.metadata.name, one.node ?? one.message]))
const counts = (placements: readonly Placement[]): number[] =>
  three.map(({ metadata }) => placements.filter(one => one.node === metadata.name).length)
const HELP = 'preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.'

describe('where pods go', () => {
  it('spreads the pods of a set, whatever else runs', () => {
    const busy = Array.from({ length: 5 }, (_, i) => ({
      pod: podOf({ name: `b${i}`, owner: owner('other') }),
      node: 'node-1',
    }))
    const pods = Array.from({ length: 7 }, (_, i) => podOf({ name: `w${i}`, owner: owner('web') }))
    expect(counts(place(pods, snapshot(three, { placed: busy }))).toSorted()).toEqual([2, 2, 3])
    expect(counts(place(pods, snapshot(three, { placed: busy })))[0]).toBe(2)
  })
  it('spreads pods behind one Service though nobody owns them', () => {
    const pods = Array.from({ length: 3 }, (_, i) => podOf({ name: `w${i}`, labels: { app: 'web' } }))
    const heavy = [
      { pod: podOf({ name: 'x' }), node: 'node-1' },
      { pod: podOf({ name: 'y' }), node: 'node-1' },
    ]
    expect(counts(place(pods, snapshot(three, { placed: heavy, services: [serviceOf('web')] })))).toEqual([1, 1, 1])
    expect(counts(place(pods, snapshot(three, { placed: heavy })))[0]).toBe(0)
  })
  it('spreads over zones where nodes are alike', () => {
    const nodes = [
      nodeOf('a1', {}, { 'topology.kubernetes.io/zone': 'a' }),
      nodeOf('a2', {}, { 'topology.kubernetes.io/zone': 'a' }),
      nodeOf('b1', {}, { 'topology.kubernetes.io/zone': 'b' }),
    ]
    const pods = [podOf({ name: 'p1', owner: owner('web') }), podOf({ name: 'p2', owner: owner('web') })]
    expect(where(place(pods, snapshot(nodes)))).toEqual({ p1: 'a1', p2: 'b1' })
  })
  it('places the more important first', () => {
    const nodes = [nodeOf('only', {}, {}, { allocatable: { pods: '1' } })]
    const pods = [podOf({ name: 'a' }), podOf({ name: 'b', spec: { priority: 10 } })]
    const result = where(place(pods, snapshot(nodes)))
    expect(result.b).toBe('only')
    expect(result.a).toMatch(/^0\/1 nodes are available: 1 Too many pods\./)
  })
  it('does the same in whatever order things come', () => {
    const pods = Array.from({ length: 8 }, (_, i) => podOf({ name: `w${i}`, owner: owner(`set-${i % 3}`) }))
    const expected = where(place(pods, snapshot()))
    fc.assert(
      fc.property(
        fc.shuffledSubarray(pods, { minLength: 8 }),
        fc.shuffledSubarray(three, { minLength: 3 }),
        (shuffled, nodes) => {
          expect(where(place(shuffled, snapshot(nodes)))).toEqual(expected)
        },
      ),
    )
  })
})

describe('where they cannot go, in the words of the scheduler', () => {
  const taints = [{ key: 'dedicated', value: 'db', effect: 'NoSchedule' as const }]
  const allocatable = { cpu: '2', memory: '4Gi', pods: '110' }
  const sized = three.map(node => ({ ...node, status: { allocatable } }))
  const asking = (requests: Record<string, string>) =>
    podOf({ name: 'p', spec: { containers: [{ name: 'c', image: 'x', resources: { requests } }] } })
  const hostPort = (name: string, port: number) =>
    podOf({
      name,
      spec: {
        hostNetwork: true,
        containers: [{ name: 'c', image: 'x', ports: [{ containerPort: port, hostPort: port }] }],
      },
    })
  const cases: [string, Pod, readonly Node[], string | undefined][] = [
    ['no nodes', podOf({ name: 'p' }), [], 'no nodes available to schedule pods'],
    [
      'selector',
      podOf({ name: 'p', spec: { nodeSelector: { disk: 'ssd' } } }),
      three,
      `0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector. ${HELP}`,
    ],
    [
      'taint',
      podOf({ name: 'p' }),
      three.map(node => ({ ...node, spec: { taints } })),
      `0/3 nodes are available: 3 node(s) had untolerated taint {dedicated: db}. ${HELP}`,
    ],
    [
      'taint, tolerated',
      podOf({ name: 'p', spec: { tolerations: [{ key: 'dedicated', operator: 'Exists' }] } }),
      three.map(node => ({ ...node, spec: { taints } })),
      undefined,
    ],
    [
      'cordon',
      podOf({ name: 'p' }),
      three.map(node => ({ ...node, spec: { unschedulable: true } })),
      `0/3 nodes are available: 3 node(s) were unschedulable. ${HELP}`,
    ],
    [
      'several',
      podOf({ name: 'p', spec: { nodeSelector: { disk: 'ssd' } } }),
      [three[0]!, { ...three[1]!, spec: { unschedulable: true } }, three[2]!],
      `0/3 nodes are available: 1 node(s) were unschedulable, 2 node(s) didn't match Pod's node affinity/selector. ${HELP}`,
    ],
    [
      'cpu and memory',
      asking({ cpu: '2500m', memory: '8Gi' }),
      sized,
      `0/3 nodes are available: 3 Insufficient cpu, 3 Insufficient memory. ${HELP}`,
    ],
    ['enough', asking({ cpu: '2000m', memory: '4Gi' }), sized, undefined],
    [
      'a device nobody has',
      asking({ 'example.com/gpu': '1' }),
      sized,
      `0/3 nodes are available: 3 Insufficient example.com/gpu. ${HELP}`,
    ],
  ]
  it.each(cases)('%s', (_, pod, nodes, message) => {
    const [placement] = place([pod], snapshot(nodes))
    if (message === undefined) expect(placement?.node).toBeDefined()
    else expect(where([placement!])).toEqual({ p: message })
  })
  it('counts what was placed in the same round', () => {
    const pods = Array.from({ length: 4 }, (_, i) => ({
      ...asking({ cpu: '1500m' }),
      metadata: { ...podOf({ name: `p${i}` }).metadata },
    }))
    const result = Object.values(where(place(pods, snapshot(sized))))
    expect(result.slice(0, 3).toSorted()).toEqual(['node-1', 'node-2', 'node-3'])
    expect(result[3]).toMatch(/3 Insufficient cpu/)
  })
  it('gives a host port to one pod a node', () => {
    const result = where(
      place(
        ['a', 'b', 'c', 'd'].map(name => hostPort(name, 443)),
        snapshot(),
      ),
    )
    expect([result.a, result.b, result.c].toSorted()).toEqual(['node-1', 'node-2', 'node-3'])
    expect(result.d).toMatch(/3 node\(s\) didn't have free ports for the requested pod ports/)
    expect(where(place([hostPort('e', 80)], snapshot())).e).toBe('node-1')
  })
})
