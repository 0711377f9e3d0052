import { describe, expect, it } from 'vitest'
import type { Endpoint } from '../../api/discovery/endpoint-slice.ts'
import { nodeOf, podOf, serviceOf } from '../shared/testing.ts'
import { decide } from './decide.ts'
import { topologyHints, zoneShares } from './topology.ts'
import { blackHoleWarning } from './warnings.ts'

const ZONE = 'topology.kubernetes.io/zone'
const nodeIn = (name: string, zone: string | undefined, cpu = '4', labels: Record<string, string> = {}) =>
  nodeOf(
    name,
    {},
    { ...(zone ? { [ZONE]: zone } : {}), ...labels },
    {
      allocatable: { cpu },
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  )
const nodes = [nodeIn('node-1', 'a'), nodeIn('node-2', 'b'), nodeIn('node-3', undefined)]
const on = (name: string, node: string, ip: string, ready = true) =>
  podOf({ name, node, ip, ready, labels: { app: 'web' } })
const pods = [on('p1', 'node-1', '10.0.0.1'), on('p2', 'node-2', '10.0.0.2'), on('p3', 'node-3', '10.0.0.3', false)]

function hintsOf(service: ReturnType<typeof serviceOf>) {
  const node = (name: string) => nodes.find(one => one.metadata.name === name)
  const plan = decide({ service, pods, node, slices: [], triggerTime: undefined, nodes: () => nodes.slice(0, 2) })
  const hints = plan.create[0]!.endpoints.map(({ hints: one }) => one)
  return { hints, warnings: plan.warnings }
}

describe('trafficDistribution', () => {
  it('gives ready endpoints their zone, and with PreferSameNode their node too', () => {
    const zones = [{ forZones: [{ name: 'a' }] }, { forZones: [{ name: 'b' }] }, undefined]
    expect(hintsOf(serviceOf('web')).hints).toEqual([undefined, undefined, undefined])
    expect(hintsOf(serviceOf('web', { trafficDistribution: 'PreferClose' })).hints).toEqual(zones)
    expect(hintsOf(serviceOf('web', { trafficDistribution: 'PreferSameZone' })).hints).toEqual(zones)
    expect(hintsOf(serviceOf('web', { trafficDistribution: 'PreferSameNode' })).hints).toEqual([
      { forZones: [{ name: 'a' }], forNodes: [{ name: 'node-1' }] },
      { forZones: [{ name: 'b' }], forNodes: [{ name: 'node-2' }] },
      undefined,
    ])
  })

  it('gives way to the annotation, which says why it cannot help', () => {
    const annotations = { 'service.kubernetes.io/topology-mode': 'Auto' }
    const { hints, warnings } = hintsOf(serviceOf('web', { trafficDistribution: 'PreferSameNode' }, { annotations }))
    expect(hints.map(one => one?.forNodes)).toEqual([undefined, undefined, undefined])
    expect(hints.map(one => one?.forZones?.[0]?.name)).toEqual(['a', 'b', undefined])
    expect(warnings).toEqual([])
  })
})

describe('hints by what zones can carry', () => {
  const endpoints = (...zones: readonly string[]): readonly Endpoint[] =>
    zones.map((zone, i) => ({ addresses: [`10.0.0.${i}`], zone, conditions: { ready: true } }))
  const shares = (...cpus: readonly [zone: string, cpu: string][]) =>
    zoneShares(cpus.map(([zone, cpu], i) => nodeIn(`n${i}`, zone, cpu)))
  const counts = (hinted: readonly Endpoint[] | string): unknown => {
    if (typeof hinted === 'string') return hinted
    const seen: Record<string, number> = {}
    for (const { hints } of hinted) seen[hints!.forZones![0]!.name] = (seen[hints!.forZones![0]!.name] ?? 0) + 1
    return seen
  }

  it('are in proportion to processors, within the overload that is allowed', () => {
    const equal = shares(['a', '4'], ['b', '4000m'])
    expect(counts(topologyHints(endpoints('a', 'a', 'a', 'b'), equal))).toEqual({ a: 2, b: 2 })
    expect(counts(topologyHints(endpoints('a', 'a', 'a', 'a', 'a', 'a'), equal))).toEqual({ a: 3, b: 3 })
    const uneven = shares(['a', '6'], ['b', '2'])
    expect(counts(topologyHints(endpoints('a', 'a', 'b', 'b', 'b', 'b', 'b', 'b'), uneven))).toEqual({ a: 5, b: 3 })
  })

  it('need enough endpoints, zones and processors', () => {
    const three = shares(['a', '4'], ['b', '4'], ['c', '4'])
    expect(topologyHints(endpoints('a', 'b'), three)).toBe('Insufficient number of endpoints')
    expect(topologyHints(endpoints('a', 'b', 'c', 'c'), three)).toMatch(/^Unable to allocate/)
    expect(zoneShares([nodeIn('n', undefined)])).toMatchObject({
      problem: expect.stringContaining('do not have a zone'),
    })
    expect(zoneShares([nodeIn('n', 'a')])).toMatchObject({ problem: expect.stringContaining('Insufficient Node') })
    const controlPlane = nodeIn('m', undefined, '4', { 'node-role.kubernetes.io/control-plane': '' })
    expect(zoneShares([controlPlane, nodeIn('n', 'a'), nodeIn('o', 'b')])).toBeInstanceOf(Map)
  })
})

it('a Service that leads nowhere is told of, once it has had its time', () => {
  const service = serviceOf('web', {}, { creationTimestamp: '2026-01-01T00:00:00Z' })
  const at = (seconds: number): number => Date.parse('2026-01-01T00:00:00Z') + seconds * 1000
  expect(blackHoleWarning(service, [], at(10))?.waitMs).toBe(20_000)
  expect(blackHoleWarning(service, [], at(31))).toEqual({
    warning: ['NoPodsSelected', 'No pod of namespace shop has the labels app=web'],
    waitMs: 0,
  })
  expect(blackHoleWarning(service, [pods[2]!], at(31))).toBeUndefined()
  const headless = serviceOf('web', { clusterIP: 'None' }, { creationTimestamp: '2026-01-01T00:00:00Z' })
  expect(blackHoleWarning(headless, [pods[2]!], at(31))?.warning[0]).toBe('NoReadyEndpoints')
  expect(blackHoleWarning(headless, pods, at(31))).toBeUndefined()
})
