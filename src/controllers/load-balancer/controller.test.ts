import { afterEach, expect, it } from 'vitest'
import { Service } from '../../api/core/service.ts'
import { settled } from '../../client/testing.ts'
import { ip } from '../../lib/ip.ts'
import { type ControllerBench, controllerBench, serviceOf } from '../shared/testing.ts'
import { startLoadBalancer } from './controller.ts'

let bench: ControllerBench
afterEach(() => bench.close())

const POOLS = [
  { first: ip('172.18.0.210'), last: ip('172.18.0.212') },
  { first: ip('fd18::210'), last: ip('fd18::211') },
]
async function start(): Promise<void> {
  bench = controllerBench()
  await startLoadBalancer(bench.deps, POOLS, bench.signal)
}
const put = (name: string, spec: Partial<Service['spec']> = {}) => {
  const old = bench.api.get(Service, { namespace: 'shop', name })
  const made = serviceOf(name, { type: 'LoadBalancer', ...spec })
  return bench.api.put(Service, old ? { ...made, ...(old.status ? { status: old.status } : {}) } : made)
}
const addresses = () =>
  Object.fromEntries(
    bench.api.all(Service).map(one => [one.metadata.name, one.status?.loadBalancer?.ingress?.[0]?.ip ?? '']),
  )

it('gives each load balancer an address, keeps it, and gives freed ones to those that wait', async () => {
  await start()
  for (const name of ['a', 'b', 'c', 'd']) {
    put(name)
    await settled(bench)
  }
  expect(addresses()).toEqual({ a: '172.18.0.210', b: '172.18.0.211', c: '172.18.0.212', d: '' })
  expect(await bench.eventsOf('d')).toEqual([
    'AllocationFailed: no address is free between 172.18.0.210 and 172.18.0.212',
  ])
  bench.api.drop(Service, { namespace: 'shop', name: 'b' })
  await settled(bench)
  expect(addresses()).toEqual({ a: '172.18.0.210', c: '172.18.0.212', d: '172.18.0.211' })
  put('a', { type: 'ClusterIP' })
  await settled(bench)
  expect(addresses().a).toBe('')
  bench.api.drop(Service, { namespace: 'shop', name: 'c' })
  put('e')
  await settled(bench)
  // The one after what was given last: 210 has been free for longer, but 212 comes next.
  expect(addresses().e).toBe('172.18.0.212')
})

it('an address that is asked for, if it is there to be given; other classes are left alone', async () => {
  await start()
  put('a', { loadBalancerIP: '172.18.0.212' })
  put('b', { loadBalancerClass: 'example.com/other' })
  await settled(bench)
  put('c', { loadBalancerIP: '172.18.0.212' })
  put('d', { loadBalancerIP: '192.0.2.1' })
  await settled(bench)
  expect(addresses()).toEqual({ a: '172.18.0.212', b: '', c: '', d: '' })
  expect(await bench.eventsOf('c')).toEqual(["AllocationFailed: spec.loadBalancerIP 172.18.0.212 is another Service's"])
  expect(await bench.eventsOf('d')).toEqual([
    'AllocationFailed: spec.loadBalancerIP 192.0.2.1 is not between 172.18.0.210 and 172.18.0.212',
  ])
  put('a', { loadBalancerIP: '172.18.0.210' })
  await settled(bench)
  expect([addresses().a, addresses().c]).toEqual(['172.18.0.210', '172.18.0.212'])
})

it('one of each family that the Service has, kept when the other comes and goes', async () => {
  await start()
  const ingress = (name: string) =>
    bench.api.get(Service, { namespace: 'shop', name })?.status?.loadBalancer?.ingress?.map(one => one.ip)
  put('both', { ipFamilies: ['IPv6', 'IPv4'] })
  put('six', { ipFamilies: ['IPv6'] })
  await settled(bench)
  expect(ingress('both')).toEqual(['fd18::210', '172.18.0.210'])
  expect(ingress('six')).toEqual(['fd18::211'])
  put('both', { ipFamilies: ['IPv4'] })
  put('late', { ipFamilies: ['IPv4', 'IPv6'], loadBalancerIP: '172.18.0.212' })
  await settled(bench)
  expect(ingress('both')).toEqual(['172.18.0.210'])
  expect(ingress('late')).toEqual(['172.18.0.212', 'fd18::210'])
  put('none', { ipFamilies: ['IPv6'] })
  await settled(bench)
  expect(ingress('none')).toBeUndefined()
  expect(await bench.eventsOf('none')).toEqual(['AllocationFailed: no address is free between fd18::210 and fd18::211'])
})
