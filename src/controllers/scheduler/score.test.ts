import { describe, expect, it } from 'vitest'
import type { Node } from '../../api/core/node.ts'
import type { Pod } from '../../api/core/pod.ts'
import { nodeOf, podOf } from '../shared/testing.ts'
import { isSocial } from './constraints.ts'
import { nodeState } from './filter.ts'
import { PLUGINS } from './score.ts'

/** Cases and numbers of upstream's own tests (pkg/scheduler/framework/plugins at 1.33). */
const HOST = 'kubernetes.io/hostname'
const ANYWAY = 'ScheduleAnyway'
const FOO = { matchExpressions: [{ key: 'foo', operator: 'Exists' }] }
const node = (name: string, labels: Record<string, string> = {}, more: object = {}): Node => ({
  ...nodeOf(name, {}, { [HOST]: name, ...labels }),
  ...more,
})
const sized = (name: string, cpu: string, memory: string): Node =>
  node(name, {}, { status: { allocatable: { cpu, memory } } })
const on = (name: string, count: number, labels: Record<string, string> = { foo: '' }): [string, Pod][] =>
  Array.from({ length: count }, (_, i) => [name, podOf({ name: `${name}-${i}`, labels })])
const asking = (spec: object, labels: Record<string, string> = { foo: '' }): Pod =>
  podOf({ name: 'p', labels, spec: spec as Pod['spec'] })

function points(
  plugin: string,
  pod: Pod,
  nodes: Node[],
  pods: [string, Pod][] = [],
  failed: Node[] = [],
  peers?: number[],
) {
  const all = [...nodes, ...failed]
  const placed = pods.map(([name, one]) => ({ pod: one, node: all.find(({ metadata }) => metadata.name === name)! }))
  const social = placed.filter(one => isSocial(one.pod))
  const fitting = nodes.map(one =>
    nodeState(
      one,
      placed.filter(({ node }) => node === one).map(({ pod }) => pod),
    ),
  )
  const counts = peers && new Map(peers.map((count, i) => [nodes[i]!.metadata.name, count]))
  const world = { nodes: all, placed, guarded: [], social, namespaceLabels: () => undefined }
  return PLUGINS[plugin]!.score({ pod, fitting, world, peers: counts })
}

describe('PodTopologySpread', () => {
  const spread = (...constraints: [string, number][]) =>
    asking({
      topologySpreadConstraints: constraints.map(([topologyKey, maxSkew]) => ({
        topologyKey,
        maxSkew,
        whenUnsatisfiable: ANYWAY,
        labelSelector: FOO,
      })),
    })
  const score = (...args: [Pod, Node[], [string, Pod][]?, Node[]?, number[]?]) => points('PodTopologySpread', ...args)
  const four = ['a', 'b', 'c', 'd'].map(name => node(name))
  const uneven = [...on('a', 2), ...on('b', 1), ...on('d', 3)]
  it('one constraint on node', () => {
    expect(score(spread([HOST, 1]), four.slice(0, 2))).toEqual([100, 100])
    expect(score(spread([HOST, 1]), four, uneven)).toEqual([20, 60, 100, 0])
  })
  it('one constraint on zone, 3 out of 4 nodes are candidates', () => {
    const at = (name: string, zone: string) => node(name, { zone })
    const nodes = [at('a', 'zone1'), at('b', 'zone1'), at('x', 'zone2')]
    const pods = [...on('a', 4), ...on('b', 2), ...on('x', 1), ...on('y', 3)]
    expect(score(spread(['zone', 1]), nodes, pods, [at('y', 'zone2')])).toEqual([75, 75, 100])
  })
  it('two constraints, 2 out of 4 nodes are candidates', () => {
    const at = (name: string, zone: string) => node(name, { zone })
    const failed = [at('b', 'zone1'), at('y', 'zone2')]
    const pods = [...on('a', 2), ...on('b', 1), ...on('x', 2), ...on('y', 4)]
    const nodes = [at('a', 'zone1'), at('x', 'zone2')]
    expect(score(spread(['zone', 1], [HOST, 1]), nodes, pods, failed)).toEqual([100, 63])
  })
  it('by default, where a pod has peers and says nothing', () => {
    expect(score(asking({}), four, [], [], [1, 0, 0, 0])[0]).toBeLessThan(100)
    expect(score(asking({}), four)).toEqual([0, 0, 0, 0])
  })
})

describe('resources', () => {
  const two = [sized('node1', '4000m', '10000'), sized('node2', '6000m', '10000')]
  const container = (cpu: string, memory: string) => ({
    name: 'c',
    image: 'x',
    resources: { requests: { cpu, memory } },
  })
  const pod = asking({ containers: [container('1000m', '2000'), container('2000m', '3000')] })
  it('least allocated: differently sized nodes', () => {
    expect(points('NodeResourcesFit', pod, two)).toEqual([37, 50])
  })
  it('balanced: differently sized nodes; a pod that asks for nothing', () => {
    expect(points('NodeResourcesBalancedAllocation', pod, two)).toEqual([87, 100])
    expect(points('NodeResourcesBalancedAllocation', asking({}), two)).toEqual([0, 0])
  })
})

describe('InterPodAffinity', () => {
  const S1 = { security: 'S1' }
  const S2 = { security: 'S2' }
  const term = (value: string, topologyKey: string) => ({
    topologyKey,
    labelSelector: { matchLabels: { security: value } },
  })
  const wish = (kind: 'podAffinity' | 'podAntiAffinity', weight: number, value: string, key: string) => ({
    [kind]: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight, podAffinityTerm: term(value, key) }] },
  })
  const nodes = [node('node1', { region: 'China' }), node('node2', { region: 'India' }), node('node3', { az: 'az1' })]
  const there = (name: string, labels: Record<string, string>, affinity?: object): [string, Pod] => [
    name,
    podOf({ name: `on-${name}`, labels, ...(affinity ? { spec: { affinity } as never } : {}) }),
  ]
  const score = (pod: Pod, pods: [string, Pod][], of = nodes) => points('InterPodAffinity', pod, of, pods)
  it('near those it wants', () => {
    const pod = asking({ affinity: wish('podAffinity', 5, 'S1', 'region') }, S1)
    expect(score(pod, [there('node1', S1), there('node2', S2), there('node3', S1)])).toEqual([100, 0, 0])
  })
  it('near those that want it', () => {
    const pods = [
      there('node1', S1, wish('podAffinity', 5, 'S1', 'region')),
      there('node2', S2, wish('podAffinity', 6, 'S2', 'region')),
    ]
    expect(score(asking({}, S2), pods)).toEqual([0, 100, 0])
  })
  it('and those that need it, a little', () => {
    const need = { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term('S1', 'region')] } }
    expect(score(asking({}, S1), [there('node1', S1, need)])).toEqual([100, 0, 0])
  })
  it('away from those it does not want, and that do not want it', () => {
    const zones = [node('node1', { az: 'az1' }), node('node2', { az: 'az2' })]
    const pod = asking({ affinity: wish('podAntiAffinity', 5, 'S1', 'az') }, S1)
    expect(score(pod, [there('node1', S1), there('node2', S2)], zones)).toEqual([0, 100])
    const pods = [there('node1', S1, wish('podAntiAffinity', 5, 'S2', 'az')), there('node2', S2)]
    expect(score(asking({}, S2), pods, zones)).toEqual([0, 100])
  })
  it('where nobody wishes anything, all are alike', () => {
    expect(score(asking({}, S1), [there('node1', S1)])).toEqual([0, 0, 0])
  })
})

describe('TaintToleration and NodeAffinity', () => {
  const tainted = (name: string, count: number) => {
    const taints = Array.from({ length: count }, (_, i) => ({
      key: `k${i}`,
      value: 'v',
      effect: 'PreferNoSchedule' as const,
    }))
    return { ...nodeOf(name), spec: { taints } }
  }
  it('counts the taints that it should avoid', () => {
    const tolerations = [{ key: 'k0', operator: 'Equal', value: 'v', effect: 'PreferNoSchedule' }]
    expect(points('TaintToleration', asking({ tolerations }), [tainted('a', 1), tainted('b', 2)])).toEqual([100, 0])
    expect(points('TaintToleration', asking({}), [tainted('a', 0), tainted('b', 1), tainted('c', 2)])).toEqual([
      100, 50, 0,
    ])
    expect(points('TaintToleration', asking({}), [tainted('a', 0), tainted('b', 0)])).toEqual([100, 100])
  })
  it('adds the weights of the terms that hold', () => {
    const prefer = (weight: number, key: string) => ({
      weight,
      preference: { matchExpressions: [{ key, operator: 'Exists' }] },
    })
    const affinity = {
      nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [prefer(2, 'foo'), prefer(4, 'key')] },
    }
    const nodes = [node('a', { foo: 'bar' }), node('b', { key: 'v' }), node('c', { foo: 'bar', key: 'v' })]
    expect(points('NodeAffinity', asking({ affinity }), nodes)).toEqual([33, 66, 100])
    expect(points('NodeAffinity', asking({}), nodes)).toEqual([0, 0, 0])
  })
})

it('taints weigh more than the rest', () => {
  expect(Object.values(PLUGINS).map(({ weight }) => weight)).toEqual([3, 2, 2, 2, 1, 1])
})
