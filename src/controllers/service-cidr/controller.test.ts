import { afterEach, expect, it } from 'vitest'
import { Service } from '../../api/core/service.ts'
import { IPAddress } from '../../api/networking/ip-address.ts'
import { ServiceCIDR } from '../../api/networking/service-cidr.ts'
import { settled } from '../../client/testing.ts'
import { cidr } from '../../lib/cidr.ts'
import { type ControllerBench, controllerBench, serviceOf } from '../shared/testing.ts'
import { startServiceCidr } from './controller.ts'
import { FINALIZER } from './decide.ts'

let bench: ControllerBench
afterEach(() => bench.close())

const put = (name: string, ...clusterIPs: string[]) =>
  bench.api.put(Service, serviceOf(name, { clusterIP: clusterIPs[0]!, clusterIPs }))
const addresses = (): readonly string[] =>
  bench.api
    .all(IPAddress)
    .map(({ metadata, spec }) => `${metadata.name} ${spec.parentRef?.namespace}/${spec.parentRef?.name}`)
    .toSorted()

it('every address of a Service is an IPAddress, as long as the Service has it', async () => {
  bench = controllerBench()
  await startServiceCidr(
    bench.deps,
    { networks: [cidr('172.30.0.0/16')], taken: [cidr('10.128.0.0/14')] },
    bench.signal,
  )
  put('a', '172.30.1.1', 'fd02::1')
  put('b', 'None')
  put('c', '172.30.1.3')
  await settled(bench)
  expect(addresses()).toEqual(['172.30.1.1 shop/a', '172.30.1.3 shop/c', 'fd02::1 shop/a'])
  expect(bench.api.get(IPAddress, { name: 'fd02::1' })?.metadata.labels).toEqual({
    'ipaddress.kubernetes.io/ip-family': 'IPv6',
    'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io',
  })
  bench.api.drop(IPAddress, { name: '172.30.1.3' })
  put('a', '172.30.1.1')
  await settled(bench)
  expect(addresses()).toEqual(['172.30.1.1 shop/a', '172.30.1.3 shop/c'])
  bench.api.drop(Service, { namespace: 'shop', name: 'a' })
  put('d', '172.30.1.1')
  bench.api.put(IPAddress, {
    metadata: { name: '192.0.2.1' },
    spec: { parentRef: { group: '', resource: 'gateways', namespace: 'x', name: 'y' } },
  })
  await settled(bench)
  expect(addresses()).toEqual(['172.30.1.1 shop/d', '172.30.1.3 shop/c', '192.0.2.1 x/y'])
})

const start = () =>
  startServiceCidr(bench.deps, { networks: [cidr('172.30.0.0/16')], taken: [cidr('10.128.0.0/14')] }, bench.signal)
const conditionOf = (name: string) => bench.api.get(ServiceCIDR, { name })?.status?.conditions?.[0]

it('the ServiceCIDR of the cluster is always there; those of users are ready but where pods or nodes are', async () => {
  bench = controllerBench()
  put('a', '172.30.1.1')
  await start()
  await settled(bench)
  expect(bench.api.get(ServiceCIDR, { name: 'kubernetes' })?.spec.cidrs).toEqual(['172.30.0.0/16'])
  bench.api.put(ServiceCIDR, { metadata: { name: 'more' }, spec: { cidrs: ['10.9.8.0/24', 'fd09::/112'] } })
  bench.api.put(ServiceCIDR, { metadata: { name: 'pods' }, spec: { cidrs: ['10.128.4.0/24'] } })
  bench.api.drop(ServiceCIDR, { name: 'kubernetes' })
  await settled(bench)
  expect(conditionOf('more')).toMatchObject({ status: 'True', message: 'Kubernetes Service CIDR is ready' })
  expect(conditionOf('kubernetes')?.status).toBe('True')
  expect(conditionOf('pods')).toMatchObject({ status: 'False', reason: 'NetworksOverlap' })
})

it('a ServiceCIDR stays until nobody has an address of it that no other has, and says so', async () => {
  bench = controllerBench()
  await start()
  bench.api.put(ServiceCIDR, { metadata: { name: 'more' }, spec: { cidrs: ['10.9.8.0/24'] } })
  put('a', '10.9.8.1')
  await settled(bench)
  expect(bench.api.get(ServiceCIDR, { name: 'more' })?.metadata.finalizers).toEqual([FINALIZER])
  await bench.deps.client.delete(ServiceCIDR, { name: 'more' })
  await settled(bench)
  expect(conditionOf('more')).toMatchObject({ status: 'False', reason: 'Terminating' })
  // Another that holds the address lets it go.
  bench.api.put(ServiceCIDR, { metadata: { name: 'wider' }, spec: { cidrs: ['10.9.0.0/16'] } })
  await settled(bench)
  expect(bench.api.get(ServiceCIDR, { name: 'more' })).toBeUndefined()
  await bench.deps.client.delete(ServiceCIDR, { name: 'wider' })
  await settled(bench)
  expect(conditionOf('wider')?.reason).toBe('Terminating')
  bench.api.drop(Service, { namespace: 'shop', name: 'a' })
  await settled(bench)
  expect(bench.api.get(ServiceCIDR, { name: 'wider' })).toBeUndefined()
})
