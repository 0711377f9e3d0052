import { afterEach, expect, it } from 'vitest'
import { Endpoints } from '../../api/core/endpoints.ts'
import { Node } from '../../api/core/node.ts'
import { Pod } from '../../api/core/pod.ts'
import { Service } from '../../api/core/service.ts'
import { EndpointSlice } from '../../api/discovery/endpoint-slice.ts'
import { settled } from '../../client/testing.ts'
import { startEndpoints } from '../endpoints/controller.ts'
import { type ControllerBench, controllerBench, nodeSeed, type PodShape, podOf, serviceOf } from '../shared/testing.ts'
import type { SliceSizes } from './controller.ts'
import { startEndpointSlice } from './controller.ts'

let bench: ControllerBench
afterEach(() => bench.close())

const put = (shape: PodShape) => bench.api.put(Pod, podOf({ labels: { app: 'web' }, node: 'node-1', ...shape }))
const inSlices = (): string[] =>
  bench.api
    .all(EndpointSlice)
    .flatMap(slice => slice.endpoints.map(endpoint => `${endpoint.targetRef?.name} ${endpoint.conditions?.ready}`))
    .sort()
const inEndpoints = (): string[] => {
  const subsets = bench.api.get(Endpoints, { namespace: 'shop', name: 'web' })?.subsets ?? []
  return subsets
    .flatMap(({ addresses = [], notReadyAddresses = [] }) => [
      ...addresses.map(one => `${one.targetRef?.name} true`),
      ...notReadyAddresses.map(one => `${one.targetRef?.name} false`),
    ])
    .sort()
}
async function start(sizes: SliceSizes = {}): Promise<void> {
  bench = controllerBench()
  bench.api.put(Node, nodeSeed('node-1'))
  bench.api.put(Service, serviceOf('web'))
  await Promise.all([startEndpointSlice(bench.deps, sizes, bench.signal), startEndpoints(bench.deps, bench.signal)])
}

it('follows pods as they come, get ready, change labels and go, in both forms', async () => {
  await start()
  put({ name: 'a', ip: '10.0.0.1' })
  put({ name: 'b', ip: '10.0.0.2', ready: false })
  put({ name: 'other', ip: '10.0.0.3', labels: { app: 'api' } })
  await settled(bench)
  expect(inSlices()).toEqual(['a true', 'b false'])
  expect(inEndpoints()).toEqual(['a true', 'b false'])
  put({ name: 'b', ip: '10.0.0.2' })
  put({ name: 'other', ip: '10.0.0.3' })
  put({ name: 'a', ip: '10.0.0.1', ending: true })
  await settled(bench)
  expect(inSlices()).toEqual(['a false', 'b true', 'other true'])
  expect(inEndpoints()).toEqual(['b true', 'other true'])
  bench.api.drop(Pod, { namespace: 'shop', name: 'a' })
  put({ name: 'other', ip: '10.0.0.3', labels: { app: 'api' } })
  await settled(bench)
  expect([inSlices(), inEndpoints()]).toEqual([['b true'], ['b true']])
})

it('adds pods whose node was not known when it comes', async () => {
  await start()
  put({ name: 'a', ip: '10.0.0.1', node: 'node-2' })
  await settled(bench)
  expect(inSlices()).toEqual([])
  bench.api.put(Node, nodeSeed('node-2'))
  await settled(bench)
  expect(inSlices()).toEqual(['a true'])
})

it('repairs slices that others change or delete', async () => {
  await start()
  put({ name: 'a', ip: '10.0.0.1' })
  await settled(bench)
  const [slice] = bench.api.all(EndpointSlice)
  bench.api.put(EndpointSlice, { ...slice!, endpoints: [] })
  await settled(bench)
  expect(inSlices()).toEqual(['a true'])
  bench.api.drop(EndpointSlice, { namespace: 'shop', name: slice!.metadata.name })
  await settled(bench)
  expect(inSlices()).toEqual(['a true'])
})

it('writes nothing when nothing that counts has changed', async () => {
  await start()
  const pod = put({ name: 'a', ip: '10.0.0.1' })
  await settled(bench)
  const before = bench.api.requests.filter(line => /^(PUT|POST|PATCH)/.test(line)).length
  bench.api.put(Pod, { ...pod, metadata: { ...pod.metadata, namespace: 'shop', annotations: { a: 'b' } } })
  await settled(bench)
  expect(bench.api.requests.filter(line => /^(PUT|POST|PATCH)/.test(line))).toHaveLength(before)
})

it('leaves Services without a selector to others, and takes the Endpoints with the Service', async () => {
  await start()
  bench.api.put(Service, serviceOf('external', { selector: {} }))
  bench.api.put(Service, serviceOf('name', { type: 'ExternalName', externalName: 'example.com' }))
  put({ name: 'a', ip: '10.0.0.1' })
  await settled(bench)
  expect(bench.api.all(Endpoints).map(one => one.metadata.name)).toEqual(['web'])
  expect(bench.api.all(EndpointSlice)).toHaveLength(1)
  bench.api.drop(Service, { namespace: 'shop', name: 'web' })
  await settled(bench)
  expect(bench.api.all(Endpoints)).toEqual([])
})

it('tells of a port that leads nowhere', async () => {
  await start()
  bench.api.put(Service, serviceOf('web', { ports: [{ port: 80, targetPort: 'nope' }] }))
  put({ name: 'a', ip: '10.0.0.1' })
  await settled(bench)
  expect(await bench.eventsOf('web')).toEqual([
    'TargetPortNotFound: Port 80: none of the 1 pods has a TCP port named "nope"',
  ])
})

it.each([
  [{}, [5]],
  [{ maxEndpointsPerSlice: 2 }, [1, 2, 2]],
])('slices hold as many endpoints as %j says', async (sizes, expected) => {
  await start(sizes)
  for (const number of [1, 2, 3, 4, 5]) put({ name: `p${number}`, ip: `10.0.0.${number}` })
  await settled(bench)
  expect(inSlices()).toHaveLength(5)
  const held = bench.api.all(EndpointSlice).map(({ endpoints }) => endpoints.length)
  expect(Math.max(...held)).toBe(Math.max(...expected))
  expect(held.length).toBeGreaterThanOrEqual(expected.length)
})
