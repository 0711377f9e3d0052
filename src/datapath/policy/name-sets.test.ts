import { expect, test } from 'vitest'
import { cidr } from '../../lib/cidr.ts'
import { ip } from '../../lib/ip.ts'
import type { FirewallRule } from '../../model/policy/firewall.ts'
import type { Policy, Tier } from '../../model/policy/types.ts'
import { createPolicyCompiler } from './compile.ts'
import { compileFirewall } from './firewall.ts'
import { createVersions } from './name-sets.ts'

const world = { nodes: [], clusterNetworks: [cidr('10.128.0.0/14')] }
const named = (name: string, more: Partial<FirewallRule> = {}): FirewallRule => ({
  action: 'allow',
  to: { kind: 'name', name },
  ports: 'any',
  ...more,
})
const deny: FirewallRule = { action: 'deny', to: { kind: 'net', cidr: cidr('0.0.0.0/0') }, ports: 'any' }
const compile = (rules: readonly FirewallRule[], versions = createVersions()) => {
  const { chain, chains, maps } = compileFirewall({ key: 'x', namespace: 'shop', rules } as never, world, versions)
  return { rules: chains.get(chain)!, sets: [...maps].filter(([, { names }]) => names) }
}

test('names that follow each other are one lookup, however many they are', () => {
  const many = Array.from({ length: 8000 }, (_, i) => named(`n${i}.example.com`))
  const one = compile([named('a.example.com'), deny])
  const all = compile([...many, deny])
  expect(all.rules).toHaveLength(one.rules.length)
  expect(all.sets.map(([, { names }]) => names?.patterns.length)).toEqual([8000, 8000])
})

test('another verdict or other ports between names keep the order', () => {
  const ports = [{ protocol: 'TCP', from: 443, to: 443 }] as const
  const { rules, sets } = compile([
    named('a.test'),
    named('*.test', { action: 'deny' }),
    named('b.test', { ports }),
    named('c.test', { ports }),
  ])
  expect(sets).toHaveLength(6)
  const inFour = rules.filter(rule => rule.includes('ip daddr @')).map(rule => rule.replace(/names4-\w+/, 'SET'))
  expect(inFour).toEqual([
    expect.stringMatching(/^ip daddr @SET ct mark set .* return$/),
    'ip daddr @SET goto deny-firewall',
    expect.stringMatching(/^tcp dport \{ 443 \} ip daddr @SET ct mark set .* return$/),
  ])
})

test('sets are named by what they hold, whatever the order', () => {
  const nameOf = (...names: string[]) => compile(names.map(name => named(name))).sets[0]![0]
  expect(nameOf('a.test', 'b.test')).toBe(nameOf('b.test', 'A.test.'))
  expect(nameOf('a.test')).not.toBe(nameOf('*.a.test'))
})

test('versions of the same owner that follow each other differ, and equal ones are equal after a restart', () => {
  const versions = createVersions()
  let before = versions.of('shop', '0')
  for (let i = 1; i < 500; i++) {
    const next = versions.of('shop', String(i))
    expect(next).not.toBe(before)
    expect(next >= 1 && next <= 15).toBe(true)
    expect(versions.of('shop', String(i))).toBe(next)
    before = next
  }
  expect(createVersions().of('shop', 'x')).toBe(createVersions().of('shop', 'x'))
})

/** What connections remember that the tier allowed by a name, where both tiers speak of names to the same pod. */
function memoriesOf(text: string): Readonly<Record<'admin' | 'baseline', readonly string[]>> {
  const policy = (tier: Tier, name: string): Policy => ({
    tier,
    key: tier,
    priority: 0,
    subject: { kind: 'pods', scope: { selector: {} } },
    egress: [{ action: 'allow', peers: [{ kind: 'names', names: [name] }], ports: 'any' }],
  })
  const pod = { kind: 'pod', name: 'a', namespace: 'shop', uid: 'a', node: 'node-1', labels: {}, ports: [] } as const
  const { chains } = createPolicyCompiler('node-1').compile({
    namespaces: new Map([['shop', {}]]),
    pods: [{ ...pod, addresses: [ip('10.128.0.3')] }],
    hostPods: [],
    nodes: [],
    policies: [policy('admin', text), policy('baseline', 'b.test')],
    firewalls: [],
    clusterNetworks: [],
    policesOwnNode: true,
  })
  const found = (tier: Tier): readonly string[] =>
    [...chains].flatMap(([chain, rules]) =>
      chain.startsWith(`${tier}-`) ? rules.flatMap(rule => / == (\d+) accept$/.exec(rule)?.[1] ?? []) : [],
    )
  return { admin: found('admin'), baseline: found('baseline') }
}

test('what one tier allowed by a name no other tier takes for its own', () => {
  for (let i = 0; i < 60; i++) {
    const { admin, baseline } = memoriesOf(`a${i}.test`)
    expect([admin.length, baseline.length]).toEqual([2, 2])
    expect(baseline).not.toContain(admin[0])
  }
})
