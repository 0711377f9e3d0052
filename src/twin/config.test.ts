import { describe, expect, test } from 'vitest'
import { cidr, cidrText } from '../lib/cidr.ts'
import { UserError } from '../lib/errors.ts'
import { resolveConfig } from './config.ts'

const withFile = (text: string) => resolveConfig({ name: 'x', file: { path: 'net.yaml', text } }, [])
const refusal = async (attempt: Promise<unknown>): Promise<UserError> => {
  const error = await attempt.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(UserError)
  return error as UserError
}

describe('resolveConfig', () => {
  test('okd and kubernetes have their own networks and MTU', async () => {
    const okd = await resolveConfig({ name: 'x' }, [])
    expect([
      cidrText(okd.clusterNetwork.cidr),
      okd.clusterNetwork.hostPrefix,
      cidrText(okd.serviceNetwork),
      okd.mtu,
    ]).toEqual(['10.128.0.0/14', 23, '172.30.0.0/16', 1400])
    const plain = await resolveConfig({ name: 'x', profile: 'kubernetes' }, [])
    expect([
      cidrText(plain.clusterNetwork.cidr),
      plain.clusterNetwork.hostPrefix,
      cidrText(plain.serviceNetwork),
      plain.mtu,
    ]).toEqual(['10.244.0.0/16', 24, '10.96.0.0/12', 1450])
  })

  test('takes the networking part of an install-config and passes over the rest', async () => {
    const config = await withFile(`
apiVersion: v1
baseDomain: example.com
networking:
  networkType: OVNKubernetes
  clusterNetwork: [{ cidr: 10.200.0.0/16, hostPrefix: 24 }]
  serviceNetwork: [10.201.0.0/16]
  machineNetwork: [{ cidr: 192.168.50.0/24 }]
  clusterNetworkMTU: 1300
`)
    expect([
      cidrText(config.clusterNetwork.cidr),
      config.clusterNetwork.hostPrefix,
      cidrText(config.serviceNetwork),
      cidrText(config.machineNetwork),
      config.mtu,
    ]).toEqual(['10.200.0.0/16', 24, '10.201.0.0/16', '192.168.50.0/24', 1300])
  })

  test('reads how large slices are', async () => {
    const file = 'networking: {maxEndpointsPerSlice: 7, mirroringMaxEndpointsPerSubset: 9}'
    expect((await withFile(file)).sliceSizes).toEqual({ maxEndpointsPerSlice: 7, mirroringMaxEndpointsPerSubset: 9 })
    expect((await refusal(withFile('networking: {maxEndpointsPerSlice: 1001}'))).message).toContain('1000')
  })

  test('reads the second family of an install-config, and fills in what it leaves out', async () => {
    const config = await withFile(`
networking:
  clusterNetwork: [{ cidr: 10.200.0.0/16, hostPrefix: 24 }, { cidr: fd77::/48, hostPrefix: 64 }]
  serviceNetwork: [10.201.0.0/16, 'fd78::/112']
`)
    const { clusterNetwork, serviceNetwork, machineNetwork } = config.ipv6!
    expect([clusterNetwork.cidr, serviceNetwork, machineNetwork].map(cidrText)).toEqual([
      'fd77::/48',
      'fd78::/112',
      'fd18::/64',
    ])
    expect((await resolveConfig({ name: 'x', dualStack: true }, [])).ipv6!.clusterNetwork.hostPrefix).toBe(64)
    expect((await resolveConfig({ name: 'x' }, [])).ipv6).toBeUndefined()
  })

  test.each([
    ['networking: {serviceNetwork: [10.201.0.0/16, 10.202.0.0/16]}', 'serviceNetwork.1: must be an IPv6 network'],
    ["networking: {serviceNetwork: ['fd02::/112', 10.201.0.0/16]}", 'serviceNetwork.0: must be an IPv4 network'],
    ["networking: {serviceNetwork: [10.201.0.0/16, 'fd02::/64']}", 'fd02::/64 is too large'],
    ["networking: {serviceNetwork: [10.201.0.0/16, 'fd01::/112']}", 'clusterNetwork fd01::/48 overlaps serviceNetwork'],
    [
      "networking: {clusterNetwork: [{cidr: 10.200.0.0/16, hostPrefix: 24}, {cidr: 'fd01::/48', hostPrefix: 80}]}",
      'hostPrefix 80',
    ],
    [
      "networking: {clusterNetworkMTU: 1200, serviceNetwork: [10.201.0.0/16, 'fd02::/112']}",
      'clusterNetworkMTU 1200 is too small for IPv6',
    ],
    [
      'networking: {clusterNetwork: [{cidr: 10.0.0.0/8, hostPrefix: 23}], serviceNetwork: [10.1.0.0/16]}',
      'clusterNetwork 10.0.0.0/8 overlaps',
    ],
  ])('refuses %s', async (text, message) => {
    expect((await refusal(withFile(text))).message).toContain(message)
  })

  test.each([
    [
      'networking: {clusterNetwork: [{cidr: 10.0.0.0/8, hostPrefix: 23}], serviceNetwork: [10.1.0.0/16]}',
      'clusterNetwork 10.0.0.0/8 overlaps serviceNetwork 10.1.0.0/16',
    ],
    [
      'networking: {machineNetwork: [{cidr: 172.30.5.0/24}]}',
      'serviceNetwork 172.30.0.0/16 overlaps machineNetwork 172.30.5.0/24',
    ],
    ['networking: {clusterNetwork: [{cidr: 10.128.0.0/22, hostPrefix: 23}]}', 'has no room for 3 subnets of /23'],
    ['networking: {clusterNetwork: [{cidr: 10.128.0.0/14, hostPrefix: 30}]}', 'fewer than 16 addresses'],
    ['networking: {machineNetwork: [{cidr: 192.168.1.0/28}]}', 'no room for nodes and outside hosts'],
    ['networking: {serviceNetwork: [nonsense]}', 'net.yaml: networking.serviceNetwork.0: must be an IPv4 network'],
    ['networking: {serviceNetworks: [10.1.0.0/16]}', 'serviceNetworks'],
    ['baseDomain: x', 'has no "networking"'],
    ['networking: [', 'not YAML'],
  ])('refuses %s', async (text, message) => {
    expect((await refusal(withFile(text))).message).toContain(message)
  })

  test("a network that hides one of the machine's is refused with both named; one beside it is not", async () => {
    await resolveConfig({ name: 'x' }, [cidr('10.0.0.0/16')])
    const error = await refusal(resolveConfig({ name: 'x' }, [cidr('10.130.0.0/16')]))
    expect(error.message).toBe('clusterNetwork 10.128.0.0/14 overlaps the route of this machine 10.130.0.0/16')
  })

  test.each(['', 'Upper', '-a', 'a-', 'a/b', 'a'.repeat(33)])('refuses the name "%s"', async name => {
    expect((await refusal(resolveConfig({ name }, []))).code).toBe('TwinName')
  })
  test('a node takes 250 pods, or as many as are asked for', async () => {
    expect((await resolveConfig({ name: 'x' }, [])).maxPods).toBe(250)
    expect((await resolveConfig({ name: 'x', maxPods: 500 }, [])).maxPods).toBe(500)
  })
  test.each([0, 2501, 1.5, Number.NaN])('refuses %d pods a node', async maxPods => {
    expect((await refusal(resolveConfig({ name: 'x', maxPods }, []))).code).toBe('TwinPods')
  })
  test.each([0, 33, 1.5])('refuses %d nodes', async nodes => {
    expect((await refusal(resolveConfig({ name: 'x', nodes }, []))).code).toBe('TwinNodes')
  })
})
