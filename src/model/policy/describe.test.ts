import { expect, test } from 'vitest'
import { describe } from './describe.ts'

test('each decision says what decided and where it stands', () => {
  const rule = { because: 'rule', policies: ['adminnetworkpolicy a'], rule: 2, tier: 'admin' } as const
  expect(describe({ verdict: 'deny', ...rule }, 'ingress')).toBe(
    'deny: admin tier, adminnetworkpolicy a, spec.ingress[2]',
  )
  const firewall = { verdict: 'deny', ...rule, tier: 'firewall' } as const
  expect(describe(firewall, 'egress')).toBe('deny: firewall tier, adminnetworkpolicy a, spec.egress[2]')
  const isolated = { verdict: 'deny', because: 'isolation', tier: 'network', policies: ['networkpolicy x/y'] } as const
  expect(describe(isolated, 'ingress')).toBe('deny: isolated by networkpolicy x/y, and no rule of theirs matches')
  expect(describe({ verdict: 'allow', because: 'default' }, 'egress')).toBe('allow: no policy decides')
  const firewalled = { policy: 'egressfirewall x/default', rule: 1 }
  expect(describe({ verdict: 'allow', because: 'default', firewall: firewalled }, 'egress')).toBe(
    'allow: no policy decides; and egressfirewall x/default, spec.egress[1], allows it',
  )
})
