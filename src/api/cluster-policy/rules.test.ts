import { describe, expect, test } from 'vitest'
import { errorsOf, specOf, stored } from '../testing.ts'
import { AdminNetworkPolicy } from './admin-network-policy.ts'
import { BaselineAdminNetworkPolicy } from './baseline-admin-network-policy.ts'

const subject = { namespaces: {} }
const pods = { namespaceSelector: {}, podSelector: {} }
const admin = (spec: object) => errorsOf(AdminNetworkPolicy, { spec: { priority: 5, subject, ...spec } })
const ingress = (rule: object) => admin({ ingress: [{ action: 'Deny', from: [{ namespaces: {} }], ...rule }] })
const egress = (rule: object) => admin({ egress: [{ action: 'Allow', to: [{ networks: ['10.0.0.0/8'] }], ...rule }] })

describe('an AdminNetworkPolicy', () => {
  test('is taken when it is right, and ports are of TCP unless they say so', () => {
    expect(ingress({ name: 'x', ports: [{ namedPort: 'http' }, { portRange: { start: 1, end: 9 } }] })).toEqual([])
    expect(egress({ ports: [{ portNumber: { port: 53, protocol: 'UDP' } }] })).toEqual([])
    const rule = { action: 'Pass', from: [{ pods }], ports: [{ portNumber: { port: 80 } }] }
    const object = stored(AdminNetworkPolicy, { spec: { priority: 0, subject, ingress: [rule] } })
    expect(JSON.stringify(specOf(object).ingress)).toContain('"protocol":"TCP"')
  })

  test('has one subject, one sort of peer and one sort of port at a time', () => {
    expect(admin({ subject: {} })[0]).toContain('spec.subject: Invalid: must have exactly 1')
    expect(admin({ subject: { namespaces: {}, pods } })[0]).toContain('spec.subject')
    expect(ingress({ from: [{}] })[0]).toContain('spec.ingress[0].from[0]')
    expect(ingress({ ports: [{ namedPort: 'a', portNumber: { port: 1 } }] })[0]).toContain('spec.ingress[0].ports[0]')
  })

  test('has a priority from 0 to 1000, and actions that are known', () => {
    expect(admin({ priority: 1000 })).toEqual([])
    expect(admin({ priority: 1001 })[0]).toContain('spec.priority')
    expect(ingress({ action: 'Accept' })[0]).toContain('spec.ingress[0].action: NotSupported')
  })

  test('has peers, no backward ranges, and names of ports only where there are pods', () => {
    expect(ingress({ from: [] })[0]).toContain('spec.ingress[0].from: Required')
    expect(ingress({ ports: [{ portRange: { start: 9, end: 1 } }] })[0]).toContain('start must not be greater')
    expect(egress({ to: [{ networks: ['10.0.0.0'] }] })[0]).toContain('spec.egress[0].to[0].networks[0]: Invalid')
    expect(egress({ ports: [{ namedPort: 'http' }] })[0]).toContain('no namedPorts for networks/nodes')
    expect(egress({ action: 'Deny', to: [{ domainNames: ['example.com'] }] })[0]).toContain('domainNames')
    expect(egress({ to: Array(101).fill({ nodes: {} }) })[0]).toContain('spec.egress[0].to: TooMany')
  })
})

test('the baseline has one name and no Pass', () => {
  const baseline = (name: string, action: string) =>
    errorsOf(BaselineAdminNetworkPolicy, {
      metadata: { name },
      spec: { subject, ingress: [{ action, from: [{ pods }] }] },
    })
  expect(baseline('default', 'Deny')).toEqual([])
  expect(baseline('other', 'Deny')[0]).toContain('Only one baseline admin network policy')
  expect(baseline('default', 'Pass')[0]).toContain('NotSupported')
})
