import { expect, test } from 'vitest'
import type { EgressNetworkPolicy } from '../../api/network/egress-network-policy.ts'
import type { EgressFirewall } from '../../api/ovn/egress-firewall.ts'
import { cidr } from '../../lib/cidr.ts'
import { ip } from '../../lib/ip.ts'
import { createEngine } from './evaluate.ts'
import { firewallRule, firewallsOf, readEgressFirewall, readEgressNetworkPolicy, unreadRules } from './firewall.ts'

const object = (namespace: string, name: string, egress: readonly object[]): unknown => ({
  metadata: { namespace, name },
  spec: { egress },
})
const legacy = (namespace: string, name: string, egress: readonly object[]) =>
  readEgressNetworkPolicy(object(namespace, name, egress) as EgressNetworkPolicy)
const current = (namespace: string, egress: readonly object[]) =>
  readEgressFirewall(object(namespace, 'default', egress) as EgressFirewall)
const deny = { type: 'Deny', to: { cidrSelector: '198.51.100.0/24' } }
const allow = { type: 'Allow', to: { cidrSelector: '198.51.100.8/32' } }
const world = { nodes: [], clusterNetworks: [cidr('10.128.0.0/14')] }
const ruleFor = (firewall: ReturnType<typeof current>, destination: string, more = {}) =>
  firewallRule(firewall, world, {
    source: ip('10.128.0.3'),
    destination: ip(destination),
    protocol: 'TCP',
    port: 80,
    ...more,
  })

test('an EgressNetworkPolicy is a firewall, unless the namespace has an EgressFirewall', () => {
  const [firewall] = firewallsOf([], [legacy('a', 'mine', [allow, deny])])
  expect(firewall!.key).toBe('egressnetworkpolicy a/mine')
  expect(ruleFor(firewall!, '198.51.100.8')).toBe(0)
  expect(ruleFor(firewall!, '198.51.100.9')).toBe(1)
  expect(ruleFor(firewall!, '203.0.113.1')).toBeUndefined()
  expect(firewallsOf([current('a', [deny])], [legacy('a', 'mine', [allow])]).map(({ key }) => key)).toEqual([
    'egressfirewall a/default',
  ])
})

test('several in one namespace let nothing out, and leave other namespaces alone', () => {
  const all = firewallsOf([], [legacy('a', 'one', [allow]), legacy('b', 'own', [allow]), legacy('a', 'two', [allow])])
  const [a, b] = ['a', 'b'].map(namespace => all.find(one => one.namespace === namespace)!)
  for (const address of ['198.51.100.8', '203.0.113.1', '2001:db8::1'])
    expect(a!.rules[ruleFor(a!, address)!]!.action).toBe('deny')
  expect(a!.key).toBe('egressnetworkpolicy a/one, egressnetworkpolicy a/two')
  expect(b!.rules[ruleFor(b!, '198.51.100.8')!]!.action).toBe('allow')
})

test('a rule of a name is about whatever the name leads to', () => {
  const firewall = current('a', [{ type: 'Allow', to: { dnsName: '*.example.com' } }, deny])
  expect(ruleFor(firewall, '198.51.100.9', { names: ['www.example.com'] })).toBe(0)
  expect(ruleFor(firewall, '198.51.100.9', { names: ['a.www.example.com'] })).toBe(1)
  expect(ruleFor(firewall, '198.51.100.9')).toBe(1)
})

test('a rule that nobody can read opens nothing and keeps its place; one that denies, denies', () => {
  const to = { cidrSelector: '198.51.100.0/33' }
  const open = current('a', [{ type: 'Allow', to }, { type: 'Allow' }, allow, deny])
  expect(ruleFor(open, '198.51.100.8')).toBe(2)
  expect(ruleFor(open, '198.51.100.9')).toBe(3)
  const closed = current('a', [allow, { type: 'Deny', to, ports: [{ protocol: 'TCP', port: 80 }] }])
  expect(ruleFor(closed, '198.51.100.8')).toBe(0)
  expect(ruleFor(closed, '203.0.113.1')).toBe(1)
  expect(ruleFor(closed, '2001:db8::1')).toBe(1)
  expect(ruleFor(closed, '203.0.113.1', { port: 81 })).toBeUndefined()
  expect(unreadRules([allow, { type: 'Deny', to }] as never)).toEqual([
    'spec.egress[1].to.cidrSelector: "198.51.100.0/33" is no CIDR, so the rule denies everything',
  ])
  // Five of them are room enough for an event.
  const [long = ''] = unreadRules([{ type: 'Deny', to: { cidrSelector: '\u0000'.repeat(100_000) } }] as never)
  expect(long.length).toBeLessThan(200)
  expect(long).toContain('… is no CIDR')
})

test('a decision names the rule of a firewall, also where it allows; what stays in pod networks is not its business', () => {
  const pod = (name: string, address: string) => ({
    kind: 'pod' as const,
    namespace: 'a',
    name,
    uid: name,
    node: 'n',
    labels: {},
    ports: [],
    addresses: [ip(address)],
  })
  const engine = createEngine({
    namespaces: new Map([['a', {}]]),
    pods: [pod('one', '10.128.0.3'), pod('two', '10.128.0.4')],
    hostPods: [],
    nodes: [],
    policies: [],
    firewalls: [current('a', [allow, { type: 'Deny', to: { cidrSelector: '0.0.0.0/0' } }])],
    clusterNetworks: world.clusterNetworks,
    policesOwnNode: true,
  })
  const egress = (destination: string) =>
    engine.decide({ source: ip('10.128.0.3'), destination: ip(destination), protocol: 'TCP', port: 80 }).egress
  const policy = 'egressfirewall a/default'
  expect(egress('198.51.100.8')).toEqual({ verdict: 'allow', because: 'default', firewall: { policy, rule: 0 } })
  expect(egress('198.51.100.9')).toMatchObject({ verdict: 'deny', tier: 'firewall', policies: [policy], rule: 1 })
  expect(egress('10.128.0.4')).toEqual({ verdict: 'allow', because: 'default' })
})
