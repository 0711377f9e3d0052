import { afterEach, describe, expect, it } from 'vitest'
import { Node } from '../../api/core/node.ts'
import { settled } from '../../client/testing.ts'
import { cidr } from '../../lib/cidr.ts'
import { type ControllerBench, controllerBench, nodeOf, nodeSeed } from '../shared/testing.ts'
import { startNodeIpam } from './controller.ts'
import { assign } from './decide.ts'

const V4 = { cidr: cidr('10.128.0.0/14'), hostPrefix: 23 }
const ranges = (nodes: Parameters<typeof assign>[0], networks = [V4]) =>
  assign(nodes, networks).map(({ node, podCIDRs }) => [node.metadata.name, podCIDRs?.join() ?? 'none'])

describe('ranges', () => {
  it('are given in order of name, whatever the order of nodes', () => {
    const nodes = ['b', 'a', 'c'].map(name => nodeOf(name))
    expect(ranges(nodes)).toEqual([
      ['a', '10.128.0.0/23'],
      ['b', '10.128.2.0/23'],
      ['c', '10.128.4.0/23'],
    ])
    expect(ranges(nodes.toReversed())).toEqual(ranges(nodes))
  })
  it('are kept, and freed ones given again', () => {
    const kept = nodeOf('z', { podCIDR: '10.128.2.0/23', podCIDRs: ['10.128.2.0/23'] })
    expect(ranges([kept, nodeOf('a'), nodeOf('b')])).toEqual([
      ['a', '10.128.0.0/23'],
      ['b', '10.128.4.0/23'],
    ])
    expect(ranges([kept])).toEqual([])
  })
  it('are one for each family', () => {
    const networks = [V4, { cidr: cidr('fd01::/48'), hostPrefix: 64 }]
    expect(ranges([nodeOf('a'), nodeOf('b')], networks)).toEqual([
      ['a', '10.128.0.0/23,fd01::/64'],
      ['b', '10.128.2.0/23,fd01:0:0:1::/64'],
    ])
  })
  it('go on in the next network of the family, then run out', () => {
    const networks = [
      { cidr: cidr('10.0.0.0/24'), hostPrefix: 24 },
      { cidr: cidr('10.9.0.0/24'), hostPrefix: 24 },
    ]
    expect(
      ranges(
        ['a', 'b', 'c'].map(name => nodeOf(name)),
        networks,
      ),
    ).toEqual([
      ['a', '10.0.0.0/24'],
      ['b', '10.9.0.0/24'],
      ['c', 'none'],
    ])
  })
})

let bench: ControllerBench
afterEach(() => bench?.close())
it('are written to the nodes, and a node without one is told of', async () => {
  bench = controllerBench()
  bench.api.put(Node, nodeSeed('a'))
  await startNodeIpam(bench.deps, { clusterNetwork: [{ cidr: cidr('10.0.0.0/23'), hostPrefix: 24 }] }, bench.signal)
  await bench.api.client.create(Node, { metadata: { name: 'b' }, spec: {} })
  await settled(bench)
  expect(bench.api.all(Node).map(node => [node.spec.podCIDR, node.spec.podCIDRs])).toEqual([
    ['10.0.0.0/24', ['10.0.0.0/24']],
    ['10.0.1.0/24', ['10.0.1.0/24']],
  ])
  await bench.api.client.create(Node, { metadata: { name: 'c' }, spec: {} })
  await settled(bench)
  expect(bench.api.get(Node, { name: 'c' })?.spec.podCIDR).toBeUndefined()
  expect(await bench.eventsOf('c')).toEqual(['CIDRNotAvailable: Node c status is now: CIDRNotAvailable'])
  bench.api.drop(Node, { name: 'a' })
  await settled(bench)
  expect(bench.api.get(Node, { name: 'c' })?.spec.podCIDR).toBe('10.0.0.0/24')
})
