import { expect, test } from 'vitest'
import type { AdminNetworkPolicy } from '../../api/cluster-policy/admin-network-policy.ts'
import type { ClusterNetworkPolicy } from '../../api/cluster-policy/cluster-network-policy.ts'
import { readAdminNetworkPolicy, readClusterNetworkPolicy } from './read-cluster.ts'

/** As another API may serve it, with fields of a later version. */
const egressOf = (action: string, rule: object) => {
  const policy = { metadata: { name: 'p' }, spec: { priority: 1, subject: {}, egress: [{ action, ...rule }] } }
  return readAdminNetworkPolicy(policy as unknown as AdminNetworkPolicy).egress![0]!
}
const known = { networks: ['10.0.0.0/8'] }
const port = { portNumber: { port: 80 } }

test('of a rule that allows, what is not understood is left out', () => {
  const { peers, ports } = egressOf('Allow', {
    to: [known, { galaxies: ['x'] }, { networks: ['10.0.0.0/8', '10.0.0/8'] }],
    ports: [port, { portMood: 'x' }],
  })
  expect(peers).toHaveLength(2)
  expect(ports).toEqual([{ protocol: 'TCP', from: 80, to: 80 }])
  // Nothing is left, which is not everything.
  expect(egressOf('Allow', { to: [{ galaxies: ['x'] }], ports: [{ portMood: 'x' }] })).toMatchObject({
    peers: [],
    ports: [],
  })
})

test('a rule that denies or passes denies all that it may have meant', () => {
  for (const action of ['Deny', 'Pass']) {
    for (const to of [[known, { galaxies: ['x'] }], [{ networks: ['10.0.0/8'] }], [{ domainNames: ['a.test'] }]])
      expect(egressOf(action, { to, ports: [port] })).toEqual({ action: 'deny', peers: 'any', ports: 'any' })
    const unknownPort = egressOf(action, { to: [known], ports: [port, { portMood: 'x' }] })
    expect(unknownPort).toMatchObject({ action: 'deny', ports: 'any', peers: [{ kind: 'net' }] })
    const whole = egressOf(action, { to: [known], ports: [port] })
    expect(whole).toMatchObject({ action: action.toLowerCase(), ports: [{ from: 80 }] })
  }
  const spec = {
    tier: 'Admin',
    priority: 1,
    subject: {},
    ingress: [{ action: 'Deny', from: [], protocols: [{ quic: {} }] }],
  }
  const read = readClusterNetworkPolicy({ metadata: { name: 'p' }, spec } as unknown as ClusterNetworkPolicy)
  expect(read.ingress).toEqual([{ action: 'deny', peers: [], ports: 'any' }])
})
