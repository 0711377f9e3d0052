import { expect, test } from 'vitest'
import { ip } from '../lib/ip.ts'
import { resolveConfig } from './config.ts'
import { macOf, planWorld } from './plan.ts'

test('the world of the default twin', async () => {
  const plan = planWorld(await resolveConfig({ name: 'x' }, []))
  expect(plan.nodes).toEqual([
    { name: 'node-1', address: '172.18.0.11', zone: 'zone-a', controlPlane: true },
    { name: 'node-2', address: '172.18.0.12', zone: 'zone-b', controlPlane: false },
    { name: 'node-3', address: '172.18.0.13', zone: 'zone-c', controlPlane: false },
  ])
  expect(plan.outside.map(({ name, address }) => [name, address])).toEqual([
    ['client', '172.18.0.200'],
    ['dns', '172.18.0.53'],
    ['lb-1', '172.18.0.98'],
    ['lb-2', '172.18.0.99'],
    ['internet', '203.0.113.10'],
  ])
  expect(plan.doors.map(({ domain, alias, address, httpsPort }) => [domain, alias, address, httpsPort])).toEqual([
    ['apps.fairlead.test', 'apps.fairlead.localhost', '172.18.0.100', 443],
    ['ext.fairlead.test', 'ext.fairlead.localhost', '172.18.0.101', 8443],
  ])
  expect([plan.vip, plan.gateway, plan.apiServiceIp, plan.dnsServiceIp]).toEqual([
    '172.18.0.100',
    '172.18.0.1',
    '172.30.0.1',
    '172.30.0.10',
  ])
})

test('a dual-stack twin has IPv6 addresses with the same digits', async () => {
  const plan = planWorld(await resolveConfig({ name: 'x', dualStack: true }, []))
  expect(plan.nodes.map(({ address6 }) => address6)).toEqual(['fd18::11', 'fd18::12', 'fd18::13'])
  expect(plan.outside.map(({ name, second }) => [name, second?.address, second?.gateway])).toEqual([
    ['client', 'fd18::200', 'fd18::1'],
    ['dns', 'fd18::53', 'fd18::1'],
    ['lb-1', 'fd18::98', 'fd18::1'],
    ['lb-2', 'fd18::99', 'fd18::1'],
    ['internet', '2001:db8::10', '2001:db8::1'],
  ])
  expect(plan.balancerPools[1]).toEqual({ first: 'fd18::210', last: 'fd18::249' })
})

test('no two hosts share an address, with as many nodes as there may be', async () => {
  const plan = planWorld(await resolveConfig({ name: 'x', nodes: 32 }, []))
  const addresses = [
    plan.gateway,
    ...plan.nodes.map(node => node.address),
    ...plan.outside.map(host => host.address),
    ...plan.doors.map(door => door.address),
  ]
  expect(new Set(addresses).size).toBe(addresses.length)
})

test('a link address follows from the address', () => {
  expect(macOf(ip('172.18.0.11'))).toBe('0a:58:ac:12:00:0b')
})
