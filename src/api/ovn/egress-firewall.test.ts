import { expect, test } from 'vitest'
import { errorsOf } from '../testing.ts'
import { EgressFirewall } from './egress-firewall.ts'

const errors = (to: object, name = 'default', rule: object = {}) =>
  errorsOf(EgressFirewall, { metadata: { name, namespace: 'a' }, spec: { egress: [{ type: 'Deny', to, ...rule }] } })

test('a firewall is called default, and each rule has one destination that can be read', () => {
  for (const to of [{ cidrSelector: '::/0' }, { dnsName: '*.example.com' }, { nodeSelector: {} }])
    expect(errors(to)).toEqual([])
  expect(errors({ cidrSelector: '0.0.0.0/0' }, 'mine')).toEqual(["metadata.name: Invalid: should match '^default$'"])
  expect(errors({})[0]).toContain('spec.egress[0].to: Invalid: must have exactly 1')
  expect(errors({ cidrSelector: '0.0.0.0/0', dnsName: 'a' })[0]).toContain('has 2')
  expect(errors({ cidrSelector: '10.0.0.1' })[0]).toContain('must be a CIDR')
  expect(errors({ dnsName: 'a..b' })[0]).toContain('spec.egress[0].to.dnsName')
  expect(errors({ cidrSelector: '0.0.0.0/0' }, 'default', { ports: [{ protocol: 'ICMP', port: 0 }] })).toHaveLength(2)
})
