import { describe, expect, test } from 'vitest'
import { errorsOf } from '../testing.ts'
import { ClusterNetworkPolicy } from './cluster-network-policy.ts'

const subject = { namespaces: {} }
const pods = { namespaceSelector: {}, podSelector: {} }
const policy = (spec: object): readonly string[] =>
  errorsOf(ClusterNetworkPolicy, { spec: { tier: 'Admin', priority: 5, subject, ...spec } })
const ingress = (rule: object) => policy({ ingress: [{ action: 'Deny', from: [{ namespaces: {} }], ...rule }] })
const egress = (rule: object) => policy({ egress: [{ action: 'Accept', to: [{ networks: ['10.0.0.0/8'] }], ...rule }] })
const port = (number: number) => ({ tcp: { destinationPort: { number } } })
const range = (start: number, end: number) => ({ udp: { destinationPort: { range: { start, end } } } })

describe('a ClusterNetworkPolicy', () => {
  test("is taken when it is right, upstream's own examples too", () => {
    expect(policy({ tier: 'Baseline', priority: 0 })).toEqual([])
    expect(policy({ priority: 1000, subject: { pods } })).toEqual([])
    const names = [{ destinationNamedPort: 'http' }, { destinationNamedPort: 'monitoring' }]
    expect(ingress({ name: 'x', protocols: [port(8080), range(8080, 9090), ...names] })).toEqual([])
    expect(egress({ to: [{ nodes: {} }, { networks: ['fd00::/8', '0.0.0.0/0'] }, { pods }] })).toEqual([])
    expect(egress({ to: [{ domainNames: ['example.com', '*.example.com.'] }] })).toEqual([])
    expect(egress({ action: 'Pass', protocols: [{ sctp: { destinationPort: { number: 7 } } }] })).toEqual([])
  })

  test('has a tier and a priority', () => {
    expect(policy({ tier: 'Other' })[0]).toContain('spec.tier: NotSupported')
    expect(policy({ tier: undefined })[0]).toContain('spec.tier: Required')
    expect(policy({ priority: 1001 })[0]).toContain('spec.priority: Invalid')
    expect(policy({ priority: -1 })[0]).toContain('spec.priority: Invalid')
    expect(policy({ priority: undefined })[0]).toContain('spec.priority: Required')
  })

  test('has one subject, one sort of peer and one sort of protocol at a time', () => {
    expect(policy({ subject: {} })).toEqual([
      'spec.subject: Invalid: spec.subject in body should have at least 1 properties',
    ])
    expect(policy({ subject: { namespaces: {}, pods } })).toEqual(['spec.subject: TooMany: must have at most 1 items'])
    expect(ingress({ from: [{}] })[0]).toContain('spec.ingress[0].from[0] in body should have at least 1 properties')
    expect(egress({ to: [{ nodes: {}, networks: ['10.0.0.0/8'] }] })[0]).toContain('spec.egress[0].to[0]: TooMany')
    expect(ingress({ protocols: [{}] })[0]).toContain('spec.ingress[0].protocols[0]')
    expect(ingress({ protocols: [{ ...port(1), ...range(1, 2) }] })[0]).toContain('spec.ingress[0].protocols[0]')
    expect(ingress({ protocols: [{ tcp: {} }] })[0]).toContain('.tcp in body should have at least 1 properties')
    expect(ingress({ protocols: [{ tcp: { destinationPort: {} } }] })[0]).toContain('.tcp.destinationPort')
  })

  test('accepts, denies or passes, and no other', () => {
    expect(ingress({ action: 'Allow' })[0]).toContain('spec.ingress[0].action: NotSupported')
    expect(ingress({ action: undefined })[0]).toContain('spec.ingress[0].action: Required')
  })

  test('has 25 of everything at most, and one of what must be there', () => {
    const many = (count: number) =>
      Array.from({ length: count }, (_, index) => ({ action: 'Deny', from: [{ pods }], name: `${index}` }))
    expect(policy({ ingress: many(25) })).toEqual([])
    expect(policy({ ingress: many(26) })).toEqual(['spec.ingress: TooMany: must have at most 25 items'])
    expect(ingress({ from: [] })[0]).toMatch(/spec.ingress\[0\].from/)
    expect(ingress({ from: Array(26).fill({ pods }) })[0]).toContain('spec.ingress[0].from: TooMany')
    expect(ingress({ protocols: Array(26).fill(port(1)) })[0]).toContain('spec.ingress[0].protocols: TooMany')
    const networks = Array.from({ length: 26 }, (_, index) => `10.${index}.0.0/16`)
    expect(egress({ to: [{ networks: networks.slice(1) }] })).toEqual([])
    expect(egress({ to: [{ networks }] })[0]).toContain('spec.egress[0].to[0].networks: TooMany')
    expect(ingress({ name: 'x'.repeat(101) })[0]).toContain('should be at most 100 chars long')
  })

  test('has ranges that go up, networks and names that are some, and named ports only where there are pods', () => {
    expect(ingress({ protocols: [range(80, 80)] })).toEqual([
      'spec.ingress[0].protocols[0].udp.destinationPort.range: Invalid: Start port must be less than End port',
    ])
    expect(ingress({ protocols: [port(0)] })[0]).toContain('number')
    expect(ingress({ protocols: [port(65_536)] })[0]).toContain('number: Invalid')
    expect(egress({ to: [{ networks: ['10.0.0.0'] }] })).toEqual([
      'spec.egress[0].to[0].networks[0]: Invalid: Invalid CIDR format provided',
    ])
    expect(egress({ to: [{ domainNames: ['*'] }] })[0]).toContain('domainNames[0] in body should match')
    const named = { protocols: [{ destinationNamedPort: 'http' }] }
    for (const peer of [{ networks: ['10.0.0.0/8'] }, { nodes: {} }, { domainNames: ['a.b'] }])
      expect(egress({ ...named, to: [peer] })[0]).toContain(
        'networks/nodes/domainNames peer cannot be set with namedPorts',
      )
    expect(egress({ ...named, to: [{ pods }] })).toEqual([])
  })
})
