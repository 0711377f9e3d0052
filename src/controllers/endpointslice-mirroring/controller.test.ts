import { afterEach, expect, it } from 'vitest'
import { Endpoints } from '../../api/core/endpoints.ts'
import { Service } from '../../api/core/service.ts'
import { EndpointSlice } from '../../api/discovery/endpoint-slice.ts'
import { settled } from '../../client/testing.ts'
import { startEndpoints } from '../endpoints/controller.ts'
import type { SliceSizes } from '../endpointslice/controller.ts'
import { startEndpointSlice } from '../endpointslice/controller.ts'
import { type ControllerBench, controllerBench, serviceOf } from '../shared/testing.ts'
import { startEndpointSliceMirroring } from './controller.ts'

let bench: ControllerBench
afterEach(() => bench.close())

async function start(sizes: SliceSizes = {}): Promise<void> {
  bench = controllerBench()
  await Promise.all([
    startEndpointSlice(bench.deps, sizes, bench.signal),
    startEndpoints(bench.deps, bench.signal),
    startEndpointSliceMirroring(bench.deps, sizes, bench.signal),
  ])
}
const put = (
  addresses: readonly string[],
  notReady: readonly string[] = [],
  meta: Partial<Endpoints['metadata']> = {},
) =>
  bench.api.put(Endpoints, {
    metadata: { namespace: 'shop', name: 'db', ...meta },
    subsets: [
      {
        addresses: addresses.map(ip => ({ ip })),
        notReadyAddresses: notReady.map(ip => ({ ip })),
        ports: [{ name: 'sql', port: 5432, protocol: 'TCP' }],
      },
    ],
  })
const mirrors = (): readonly string[] =>
  bench.api
    .all(EndpointSlice)
    .filter(one => one.metadata.labels?.['kubernetes.io/service-name'] === 'db')
    .flatMap(slice =>
      slice.endpoints.map(
        ({ addresses, conditions }) =>
          `${slice.addressType} ${addresses[0]} ${conditions?.ready} ${slice.ports?.[0]?.port}`,
      ),
    )
    .toSorted()

it('Endpoints written by hand become slices, follow them, and go with them', async () => {
  await start()
  bench.api.put(Service, serviceOf('db', { selector: {} }))
  put(['192.0.2.1', '2001:db8::1'], ['192.0.2.2'], {
    labels: { team: 'a' },
    annotations: { note: 'b', 'kubectl.kubernetes.io/last-applied-configuration': '{}' },
  })
  await settled(bench)
  expect(mirrors()).toEqual(['IPv4 192.0.2.1 true 5432', 'IPv4 192.0.2.2 false 5432', 'IPv6 2001:db8::1 true 5432'])
  const [slice] = bench.api.all(EndpointSlice)
  expect(slice?.metadata).toMatchObject({
    labels: { team: 'a', 'endpointslice.kubernetes.io/managed-by': 'endpointslicemirroring-controller.k8s.io' },
    ownerReferences: [{ kind: 'Endpoints', name: 'db', controller: true }],
  })
  expect(slice?.metadata.annotations).toEqual({ note: 'b' })
  put(['192.0.2.3'])
  await settled(bench)
  expect(mirrors()).toEqual(['IPv4 192.0.2.3 true 5432'])
  bench.api.drop(EndpointSlice, { namespace: 'shop', name: bench.api.all(EndpointSlice)[0]!.metadata.name })
  await settled(bench)
  expect(mirrors()).toEqual(['IPv4 192.0.2.3 true 5432'])
  bench.api.drop(Endpoints, { namespace: 'shop', name: 'db' })
  await settled(bench)
  expect(mirrors()).toEqual([])
})

it('not those without a Service, of a Service with a selector, of leader elections, or that say so', async () => {
  await start()
  put(['192.0.2.1'])
  await settled(bench)
  expect(mirrors()).toEqual([])
  bench.api.put(Service, serviceOf('db', { selector: {} }))
  await settled(bench)
  expect(mirrors()).toHaveLength(1)
  put(['192.0.2.1'], [], { labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } })
  await settled(bench)
  expect(mirrors()).toEqual([])
  put(['192.0.2.1'], [], { annotations: { 'control-plane.alpha.kubernetes.io/leader': '{}' } })
  await settled(bench)
  expect(mirrors()).toEqual([])
  put(['192.0.2.1'])
  await settled(bench)
  expect(mirrors()).toHaveLength(1)
  bench.api.put(Service, serviceOf('db', { selector: { app: 'db' } }))
  await settled(bench)
  expect(mirrors()).toEqual([])
})

it('tells of addresses that cannot be mirrored', async () => {
  await start()
  bench.api.put(Service, serviceOf('db', { selector: {} }))
  put(['nonsense', ...Array.from({ length: 1002 }, (_, i) => `192.0.${2 + (i >> 8)}.${i & 255}`)])
  await settled(bench)
  expect(mirrors()).toHaveLength(1000)
  expect(await bench.eventsOf('db')).toEqual([
    'InvalidIPAddress: Skipped 1 invalid IP addresses when mirroring to EndpointSlices',
    'TooManyAddressesToMirror: A max of 1000 addresses can be mirrored to EndpointSlices per Endpoints subset. 2 addresses were skipped',
  ])
})

it('mirrors as many addresses of a subset as are wanted, and tells of the others', async () => {
  await start({ mirroringMaxEndpointsPerSubset: 2 })
  bench.api.put(Service, serviceOf('db', { selector: {} }))
  put(['192.0.2.1', '192.0.2.2'])
  await settled(bench)
  expect(await bench.eventsOf('db')).toEqual([])
  put(['192.0.2.1', '192.0.2.2', '192.0.2.3', '2001:db8::1'])
  await settled(bench)
  expect(mirrors()).toEqual(['IPv4 192.0.2.1 true 5432', 'IPv4 192.0.2.2 true 5432', 'IPv6 2001:db8::1 true 5432'])
  expect(await bench.eventsOf('db')).toEqual([
    'TooManyAddressesToMirror: A max of 2 addresses can be mirrored to EndpointSlices per Endpoints subset. 1 addresses were skipped',
  ])
})
