import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Pod } from '../../api/core/pod.ts'
import { nodeOf, podOf } from '../shared/testing.ts'
import { type Placement, place, type Snapshot } from './decide.ts'

const ZONE = 'topology.kubernetes.io/zone'
const HOST = 'kubernetes.io/hostname'
const nodes = ['a1', 'a2', 'b1', 'b2'].map(name => nodeOf(name, {}, { [ZONE]: name[0]!, [HOST]: name }))
const web = { matchLabels: { app: 'web' } }
const at = (node: string, name: string, more: Partial<Parameters<typeof podOf>[0]> = {}) => ({
  pod: podOf({ name, labels: { app: 'web' }, ...more }),
  node,
})
const run = (pods: readonly Pod[], more: Partial<Snapshot> = {}): readonly Placement[] =>
  place(pods, { nodes, placed: [], services: [], ...more })
const placed = (placements: readonly Placement[]): string[] => placements.map(one => one.node ?? one.message)

const near = (topologyKey: string, more: object = {}) => ({
  podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey, labelSelector: web, ...more }] },
})
const away = (topologyKey: string, more: object = {}) => ({
  podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey, labelSelector: web, ...more }] },
})
const asking = (affinity: object, name = 'p', labels: Record<string, string> = { app: 'web' }): Pod =>
  podOf({ name, labels, spec: { affinity } as Partial<Pod['spec']> })
const NEAR = "0/4 nodes are available: 4 node(s) didn't match pod affinity rules. "
const HOPELESS = 'preemption: 0/4 nodes are available: 4 Preemption is not helpful for scheduling.'
const NO_VICTIMS = 'preemption: 0/4 nodes are available: 4 No preemption victims found for incoming pod.'

describe('near other pods', () => {
  it('in their domain', () => {
    expect(placed(run([asking(near(HOST))], { placed: [at('b2', 'x')] }))).toEqual(['b2'])
    expect(placed(run([asking(near(ZONE))], { placed: [at('b2', 'x')] }))[0]).toMatch(/^b/)
  })
  it('nowhere where there are none', () => {
    expect(placed(run([asking(near(HOST), 'p', { app: 'api' })]))).toEqual([NEAR + HOPELESS])
  })
  it('but the first of a group goes anywhere, and the others follow', () => {
    const [first, ...others] = placed(run([1, 2, 3].map(n => asking(near(HOST), `p${n}`))))
    expect(others).toEqual([first, first])
  })
  it('in other namespaces when told to', () => {
    const there = [at('b1', 'x', { meta: { namespace: 'other' } })]
    const api = { app: 'api' }
    expect(placed(run([asking(near(HOST), 'p', api)], { placed: there }))).toEqual([NEAR + HOPELESS])
    expect(placed(run([asking(near(HOST, { namespaces: ['other'] }), 'p', api)], { placed: there }))).toEqual(['b1'])
    const namespaceSelector = { matchLabels: { team: 'x' } }
    const namespaceLabels = (name: string) => (name === 'other' ? { team: 'x' } : {})
    const pods = [asking(near(HOST, { namespaceSelector }), 'p', api)]
    expect(placed(run(pods, { placed: there, namespaceLabels }))).toEqual(['b1'])
  })
})

describe('away from other pods', () => {
  it('one to a domain, and no more', () => {
    const pods = [1, 2, 3].map(n => asking(away(ZONE), `p${n}`))
    const result = placed(run(pods))
    expect(
      result
        .slice(0, 2)
        .map(one => one[0])
        .toSorted(),
    ).toEqual(['a', 'b'])
    expect(result[2]).toBe(`0/4 nodes are available: 4 node(s) didn't match pod anti-affinity rules. ${NO_VICTIMS}`)
  })
  it('also where only those that are there object', () => {
    const guard = { pod: asking(away(ZONE), 'x', { app: 'db' }), node: 'a1' }
    const pods = [podOf({ name: 'p', labels: { app: 'web' } })]
    expect(placed(run(pods, { placed: [guard] }))[0]).toMatch(/^b/)
    const [text] = placed(run(pods, { placed: [guard, { ...guard, node: 'b1' }] }))
    expect(text).toBe(
      `0/4 nodes are available: 4 node(s) didn't satisfy existing pods anti-affinity rules. ${NO_VICTIMS}`,
    )
    expect(placed(run([podOf({ name: 'q', labels: { app: 'api' } })], { placed: [guard] }))).toHaveLength(1)
  })
  it('of the same version only, by matchLabelKeys', () => {
    const versioned = (name: string, version: string) =>
      asking(away(ZONE, { matchLabelKeys: ['v'] }), name, { app: 'web', v: version })
    const result = placed(run([versioned('p1', '1'), versioned('p2', '1'), versioned('p3', '2'), versioned('p4', '2')]))
    expect(result.every(one => one.length === 2)).toBe(true)
  })
})

it('prefers to be near and away', () => {
  const term = { weight: 10, podAffinityTerm: { topologyKey: ZONE, labelSelector: web } }
  const wish = (name: 'podAffinity' | 'podAntiAffinity') => ({
    [name]: { preferredDuringSchedulingIgnoredDuringExecution: [term] },
  })
  const others = { placed: [at('b1', 'x'), at('b2', 'y')] }
  expect(placed(run([asking(wish('podAffinity'))], others))[0]).toMatch(/^b/)
  expect(placed(run([asking(wish('podAntiAffinity'))], others))[0]).toMatch(/^a/)
})

describe('spread over domains', () => {
  const spread = (name: string, more: object = {}): Pod => {
    const constraint = {
      maxSkew: 1,
      topologyKey: ZONE,
      whenUnsatisfiable: 'DoNotSchedule',
      labelSelector: web,
      ...more,
    }
    return podOf({ name, labels: { app: 'web' }, spec: { topologySpreadConstraints: [constraint as never] } })
  }
  const many = (count: number, more: object = {}) => Array.from({ length: count }, (_, i) => spread(`p${i}`, more))
  it('evenly', () => {
    const zones = placed(run(many(6))).map(one => one[0])
    expect(zones.filter(zone => zone === 'a')).toHaveLength(3)
  })
  it('not where the skew would be too large', () => {
    const only = nodes.map(node => (node.metadata.name[0] === 'a' ? node : { ...node, spec: { unschedulable: true } }))
    const [first, second] = placed(run(many(2), { nodes: only }))
    expect(first).toMatch(/^a/)
    expect(second).toBe(
      "0/4 nodes are available: 2 node(s) didn't match pod topology spread constraints, 2 node(s) were unschedulable. preemption: 0/4 nodes are available: 2 No preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling.",
    )
    expect(placed(run(many(2, { whenUnsatisfiable: 'ScheduleAnyway' }), { nodes: only }))[1]).toMatch(/^a/)
  })
  it('not onto nodes without the label', () => {
    const bare = [nodeOf('bare')]
    expect(placed(run(many(1), { nodes: bare }))[0]).toMatch(
      /1 node\(s\) didn't match pod topology spread constraints \(missing required label\)\. preemption: .*1 Preemption is not/,
    )
  })
  it('as if there were more domains, by minDomains', () => {
    const result = placed(run(many(3, { minDomains: 3 })))
    expect(result.filter(one => one.length === 2)).toHaveLength(2)
  })
  it('never more uneven than allowed, whatever is there', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('a1', 'a2', 'b1'), { maxLength: 6 }),
        fc.integer({ min: 1, max: 3 }),
        (there, maxSkew) => {
          const before = there.map((node, i) => at(node, `x${i}`))
          const after = run(many(5, { maxSkew }), { placed: before })
          const count = (zone: string): number =>
            [...before.map(({ node }) => node), ...after.map(({ node }) => node)].filter(node => node?.[0] === zone)
              .length
          const was = Math.abs(there.filter(n => n[0] === 'a').length - there.filter(n => n[0] === 'b').length)
          expect(Math.abs(count('a') - count('b'))).toBeLessThanOrEqual(Math.max(maxSkew, was))
        },
      ),
    )
  })
})
