import { expect, it } from 'vitest'
import { fakeHaproxy } from '../../host/haproxy/fake.ts'
import { silent } from '../../lib/log.ts'
import { createWorld, readObjects } from '../testing.ts'
import { createRetired } from './retired.ts'
import { createServing } from './serve.ts'

it('what was retired stays a second, and what is wanted again meanwhile stays for good', () => {
  let nowMs = 5
  const retired = createRetired({ monotonic: () => nowMs })
  const [gone, back, later] = [
    ['w1:0', 'a'],
    ['w2:0', 'b'],
    ['w3:0', 'c'],
  ] as const
  retired.retire('weights.map', [gone, back])
  nowMs += 600
  retired.retire('weights.map', [later])
  expect(retired.takeOver()).toEqual([{ map: 'weights.map', over: [], kept: [gone, back, later] }])
  // Only what is not there must be added.
  expect(retired.revive('weights.map', [back, ['w4:0', 'd']])).toEqual([['w4:0', 'd']])
  nowMs += 400
  expect(retired.takeOver()).toEqual([{ map: 'weights.map', over: [gone], kept: [later] }])
  // Once it went it must be added again.
  expect(retired.revive('weights.map', [gone])).toEqual([gone])
  retired.forget()
  expect(retired.revive('weights.map', [later])).toEqual([later])
})

const OBJECTS = (canaries: number): string => `
kind: Service
metadata: { name: web }
---
kind: Service
metadata: { name: canary }
---
kind: EndpointSlice
metadata: { name: web-1, labels: { kubernetes.io/service-name: web } }
addressType: IPv4
ports: [{ name: http, port: 8080 }]
endpoints: [{ addresses: [10.128.0.5] }]
---
kind: EndpointSlice
metadata: { name: canary-1, labels: { kubernetes.io/service-name: canary } }
addressType: IPv4
ports: [{ name: http, port: 8080 }]
endpoints: [{ addresses: [10.128.0.6] }]
---
kind: Route
metadata: { name: web }
spec: { host: web.example.com, to: { name: web, weight: 9 }, alternateBackends: [{ kind: Service, name: canary, weight: ${canaries} }] }
`

it('a request that has read the old weights finds its turn; each turn is there once; then the old ones go', async () => {
  const haproxy = fakeHaproxy()
  let nowMs = 0
  const serving = createServing(haproxy, silent, { monotonic: () => nowMs })
  const world = createWorld()
  const commit = (canaries: number): Promise<void> => {
    for (const object of readObjects(OBJECTS(canaries))) world.set(object)
    const { layout, ...differences } = world.planner.plan()
    return serving.commit(layout, differences)
  }
  const keys = (): string[] => haproxy.state!.maps.get('weights.map')!.map(([key]) => key)
  await commit(1)
  const first = keys()
  expect(first.length).toBeGreaterThan(9)
  await commit(100)
  const both = keys()
  expect(both.slice(0, first.length)).toEqual(first)
  const second = both.slice(first.length)
  expect(second.length).toBeGreaterThan(100)
  await commit(1)
  expect(keys()).toEqual(both)
  expect(await serving.sweep()).toBe(second.length)
  nowMs += 1000
  expect(await serving.sweep()).toBe(0)
  expect(new Set(keys())).toEqual(new Set(first))
  expect(keys()).toHaveLength(first.length)
  expect(serving.counts).toMatchObject({ loads: 1, changes: 2 })
})
