import { expect, test } from 'vitest'
import { ip } from '../../lib/ip.ts'
import { describe } from './describe.ts'
import { createEngine } from './evaluate.ts'
import { isGroup } from './multicast.ts'
import { worldOf } from './testing/engine.ts'

const pod = (namespace: string, own: string) => ({
  name: namespace,
  namespace,
  node: 'a',
  labels: {},
  ports: [],
  phase: 'Running',
  hostNetwork: false,
  ip: own,
})

test('groups are these two networks', () => {
  for (const group of ['224.0.0.0', '239.255.255.255', 'ff00::', 'ff15::1'])
    expect(isGroup(ip(group)), group).toBe(true)
  for (const one of ['223.255.255.255', '240.0.0.1', '255.255.255.255', 'fe80::1'])
    expect(isGroup(ip(one)), one).toBe(false)
})

test('the annotation of the namespace of who sends decides about a group, and says so', () => {
  const world = worldOf({
    namespaces: { on: {}, off: {} },
    pods: [pod('on', '10.128.0.3'), pod('off', '10.128.0.4')],
    nodes: [{ name: 'a', labels: {}, ip: '172.18.0.11', management: '10.128.0.2', join: '100.64.0.2' }],
    networkPolicies: [],
    adminPolicies: [],
    baselinePolicies: [],
    clusterNetworkPolicies: [],
    firewalls: [],
    podNetwork: '10.128.0.0/14',
    policesOwnNode: true,
  } as never)
  const decide = (source: string, destination = '239.1.1.1') =>
    createEngine({ ...world, multicast: new Set(['on']) }).decide({
      source: ip(source),
      destination: ip(destination),
      protocol: 'UDP',
      port: 5007,
    })
  const [on, off] = [decide('10.128.0.3'), decide('10.128.0.4')]
  expect([on.verdict, off.verdict]).toEqual(['allow', 'deny'])
  expect(describe(on.egress, 'egress')).toBe(
    'allow: namespace on has the annotation k8s.ovn.org/multicast-enabled; policies are not asked about groups',
  )
  expect(describe(on.ingress, 'ingress')).toBe(
    'allow: whoever of namespace on joined the group hears it, on every node',
  )
  expect(describe(off.egress, 'egress')).toBe(
    'deny: namespace off has no annotation k8s.ovn.org/multicast-enabled: "true"',
  )
  expect(decide('10.128.0.4', '10.128.0.3').egress.because).toBe('default')
  expect(decide('172.18.0.11').egress.because).toBe('not a pod')
})
