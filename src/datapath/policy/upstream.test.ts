/**
 * What upstream's own tests of network policy ask, each by its name there: 48 of NetworkPolicies, 24 of
 * ClusterNetworkPolicies. `testdata/upstream-scenarios.json` lists them; one without a test here, or a test without one, fails.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Probe, Scenario, Steps } from './testing-upstream.ts'
import { addressOf, cnp, judge, np, nsOf, step } from './testing-upstream.ts'

interface Ids {
  readonly networkPolicy: readonly string[]
  readonly clusterNetworkPolicy: readonly string[]
}
const IDS = JSON.parse(readFileSync(new URL('./testdata/upstream-scenarios.json', import.meta.url), 'utf8')) as Ids

const X = { matchLabels: { ns: 'x' } }
const Y = { matchLabels: { ns: 'y' } }
const pod = (name: string) => ({ matchLabels: { pod: name } })
const inNs = (...values: string[]) => ({ matchExpressions: [{ key: 'ns', operator: 'In', values }] })
const notNs = (...values: string[]) => ({ matchExpressions: [{ key: 'ns', operator: 'NotIn', values }] })
const ingress = (podSelector: object, rules: readonly object[]) => ({
  podSelector,
  policyTypes: ['Ingress'],
  ingress: rules,
})
const egress = (podSelector: object, rules: readonly object[]) => ({
  podSelector,
  policyTypes: ['Egress'],
  egress: rules,
})
const toX = (probe: Probe) => nsOf(probe.to) === 'x'
const toXa = (probe: Probe) => probe.to === 'x/a'
const isHttp = ({ port, protocol }: Probe) => port === 80 && protocol === 'TCP'
const fromXa = (probe: Probe) => probe.from === 'x/a'
/** One policy on x/a whose ingress rules let in what `lets` says. */
const onXa = (rules: readonly object[], lets: (probe: Probe) => boolean): Steps => [
  step([np('x', ingress(pod('a'), rules))], probe => toXa(probe) && !lets(probe)),
]
const both = (from: object) => [{ from: [from] }]
const DENY_IN = (namespace = 'x', name = 'deny') => np(namespace, ingress({}, []), name)
const onPorts = (protocol: string): Steps =>
  onXa(
    [{ from: [{ namespaceSelector: Y }], ports: [{ protocol, port: 81 }] }],
    ({ from, port, protocol: of }) => nsOf(from) === 'y' && port === 81 && of === protocol,
  )
const twoSelectors = (): Steps =>
  onXa(both({ namespaceSelector: Y, podSelector: pod('a') }), ({ from }) => from === 'y/a')
const denyIngress = (): Steps => [step([DENY_IN()], toX)]
const tcpOnly = (protocol: string): Steps =>
  onXa([{ ports: [{ protocol, port: 80 }] }], probe => probe.protocol === protocol && probe.port === 80)

const TCP: Readonly<Record<string, Steps>> = {
  "should support a 'default-deny-ingress' policy": denyIngress(),
  "should support a 'default-deny-all' policy": [
    step(
      [np('x', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] })],
      ({ from, to }) => nsOf(from) === 'x' || nsOf(to) === 'x',
    ),
  ],
  'should enforce policy to allow traffic from pods within server namespace based on PodSelector': onXa(
    both({ podSelector: pod('b') }),
    ({ from }) => from === 'x/b',
  ),
  'should enforce policy to allow ingress traffic for a target': [
    step(
      [DENY_IN(), np('x', ingress(pod('a'), [{ from: [{ podSelector: {}, namespaceSelector: {} }] }]), 'target')],
      probe => toX(probe) && !toXa(probe),
    ),
  ],
  'should enforce policy to allow ingress traffic from pods in all namespaces': [
    ...denyIngress(),
    ...onXa(both({ namespaceSelector: {} }), () => true),
  ],
  'should enforce policy to allow traffic only from a different namespace, based on NamespaceSelector': onXa(
    both({ namespaceSelector: Y }),
    ({ from }) => nsOf(from) === 'y',
  ),
  'should enforce policy based on PodSelector with MatchExpressions': onXa(
    both({ podSelector: { matchExpressions: [{ key: 'pod', operator: 'In', values: ['b'] }] } }),
    ({ from }) => from === 'x/b',
  ),
  'should enforce policy based on NamespaceSelector with MatchExpressions': onXa(
    both({ namespaceSelector: inNs('y') }),
    ({ from }) => nsOf(from) === 'y',
  ),
  'should enforce policy based on PodSelector or NamespaceSelector': onXa(
    [{ from: [{ namespaceSelector: notNs('x') }, { podSelector: pod('b') }] }],
    ({ from }) => from !== 'x/c',
  ),
  'should enforce policy based on PodSelector and NamespaceSelector': onXa(
    both({ namespaceSelector: notNs('x'), podSelector: pod('b') }),
    ({ from }) => from === 'y/b' || from === 'z/b',
  ),
  'should enforce policy based on Multiple PodSelectors and NamespaceSelectors': onXa(
    both({
      namespaceSelector: notNs('x'),
      podSelector: { matchExpressions: [{ key: 'pod', operator: 'In', values: ['b', 'c'] }] },
    }),
    ({ from }) => ['y/b', 'y/c', 'z/b', 'z/c'].includes(from),
  ),
  'should enforce policy based on any PodSelectors': onXa(
    [{ from: [pod('b'), pod('c')].map(podSelector => ({ namespaceSelector: {}, podSelector })) }],
    ({ from }) => !from.endsWith('/a'),
  ),
  'should enforce policy to allow traffic only from a pod in a different namespace based on PodSelector and NamespaceSelector':
    twoSelectors(),
  'should enforce policy based on Ports': onPorts('TCP'),
  'should enforce multiple, stacked policies with overlapping podSelectors': [
    ...onPorts('TCP'),
    step(
      [81, 80].map(port =>
        np(
          'x',
          ingress(pod('a'), [{ from: [{ namespaceSelector: Y }], ports: [{ protocol: 'TCP', port }] }]),
          `on-${port}`,
        ),
      ),
      probe => toXa(probe) && !(nsOf(probe.from) === 'y' && probe.protocol === 'TCP'),
    ),
  ],
  'should support allow-all policy': [
    ...denyIngress(),
    step([DENY_IN(), np('x', ingress({}, [{}]), 'all')], () => false),
  ],
  'should allow ingress access on one named port': onXa(
    [{ ports: [{ port: 'serve-81-tcp' }] }],
    ({ port, protocol }) => port === 81 && protocol === 'TCP',
  ),
  'should allow ingress access from namespace on one named port': onXa(
    [{ from: [{ namespaceSelector: X }], ports: [{ port: 'serve-80-tcp' }] }],
    ({ from, port, protocol }) => nsOf(from) === 'x' && port === 80 && protocol === 'TCP',
  ),
  'should allow egress access on one named port': [
    step(
      [np('x', egress(pod('a'), [{ ports: [{ port: 'serve-80-tcp' }] }]))],
      probe => fromXa(probe) && !isHttp(probe),
    ),
  ],
  'should enforce updated policy': [step([np('x', ingress({}, [{}]))], () => false), ...denyIngress()],
  'should allow ingress access from updated namespace': [
    step([np('x', ingress(pod('a'), both({ namespaceSelector: { matchLabels: { ns2: 'updated' } } })))], toXa),
    step(
      [np('x', ingress(pod('a'), both({ namespaceSelector: { matchLabels: { ns2: 'updated' } } })))],
      probe => toXa(probe) && nsOf(probe.from) !== 'y',
      { y: { ns2: 'updated' } },
    ),
  ],
  'should allow ingress access from updated pod': [
    step([np('x', ingress(pod('a'), both({ podSelector: { matchLabels: { pod2: 'updated' } } })))], toXa),
    step(
      [np('x', ingress(pod('a'), both({ podSelector: { matchLabels: { pod2: 'updated' } } })))],
      probe => toXa(probe) && probe.from !== 'x/b',
      { 'x/b': { pod2: 'updated' } },
    ),
  ],
  'should deny ingress from pods on other namespaces': [
    step([np('x', ingress({}, both({ podSelector: {} })))], ({ from, to }) => nsOf(to) === 'x' && nsOf(from) !== 'x'),
  ],
  'should deny ingress access to updated pod': [
    step([np('x', ingress({ matchLabels: { target: 'isolated' } }, []))], () => false),
    step([np('x', ingress({ matchLabels: { target: 'isolated' } }, []))], toXa, { 'x/a': { target: 'isolated' } }),
  ],
  'should deny egress from pods based on PodSelector': [step([np('x', egress(pod('a'), []))], fromXa)],
  'should deny egress from all pods in a namespace': [
    step([np('x', egress({}, []))], ({ from }) => nsOf(from) === 'x'),
  ],
  'should work with Ingress, Egress specified together': [
    step(
      [
        np('x', {
          podSelector: pod('a'),
          policyTypes: ['Ingress', 'Egress'],
          ingress: both({ podSelector: pod('b') }),
          egress: [{ ports: [{ port: 80 }] }],
        }),
      ],
      probe => (toXa(probe) && probe.from !== 'x/b') || (fromXa(probe) && !isHttp(probe)),
    ),
  ],
  'should support denying of egress traffic on the client side (even if the server explicitly allows this traffic)': [
    step(
      [
        np('x', egress(pod('a'), [{ to: [{ namespaceSelector: Y, podSelector: pod('a') }] }])),
        np('y', ingress(pod('a'), both({ namespaceSelector: X, podSelector: pod('a') })), 'to-a'),
        np('y', ingress(pod('b'), both({ namespaceSelector: X, podSelector: pod('a') })), 'to-b'),
      ],
      ({ from, to }) => (from === 'x/a' && to !== 'y/a') || (['y/a', 'y/b'].includes(to) && from !== 'x/a'),
    ),
  ],
  'should enforce egress policy allowing traffic to a server in a different namespace based on PodSelector and NamespaceSelector':
    [
      step(
        [np('x', egress(pod('a'), [{ to: [{ namespaceSelector: Y, podSelector: pod('a') }] }]))],
        probe => fromXa(probe) && probe.to !== 'y/a',
      ),
    ],
  'should enforce ingress policy allowing any port traffic to a server on a specific protocol': onXa(
    [{ ports: [{ protocol: 'TCP' }] }],
    ({ protocol }) => protocol === 'TCP',
  ),
  'should enforce multiple ingress policies with ingress allow-all policy taking precedence': [
    ...onXa([{ ports: [{ port: 80 }] }], ({ port, protocol }) => port === 80 && protocol === 'TCP'),
    step([np('x', ingress(pod('a'), [{ ports: [{ port: 80 }] }])), np('x', ingress({}, [{}]), 'all')], () => false),
  ],
  'should enforce multiple egress policies with egress allow-all policy taking precedence': [
    step(
      [np('x', egress({}, [{ ports: [{ port: 80 }] }]))],
      ({ from, port, protocol }) => nsOf(from) === 'x' && !(port === 80 && protocol === 'TCP'),
    ),
    step([np('x', egress({}, [{ ports: [{ port: 80 }] }])), np('x', egress({}, [{}]), 'all')], () => false),
  ],
  'should stop enforcing policies after they are deleted': [
    step(
      [np('x', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] })],
      ({ from, to }) => nsOf(from) === 'x' || nsOf(to) === 'x',
    ),
    step([], () => false),
  ],
  'should allow egress access to server in CIDR block': [
    step(
      [np('x', egress(pod('a'), [{ to: [{ ipBlock: { cidr: `${addressOf('y/b')}/32` } }] }]))],
      probe => fromXa(probe) && probe.to !== 'y/b',
    ),
  ],
  'should enforce except clause while egress access to server in CIDR block': [
    step(
      [
        np(
          'x',
          egress(pod('a'), [{ to: [{ ipBlock: { cidr: '10.128.0.0/14', except: [`${addressOf('x/b')}/32`] } }] }]),
        ),
      ],
      probe => fromXa(probe) && probe.to === 'x/b',
    ),
  ],
  'should ensure an IP overlapping both IPBlock.CIDR and IPBlock.Except is allowed': [
    step(
      [
        np(
          'x',
          egress(pod('a'), [{ to: [{ ipBlock: { cidr: '10.128.0.0/14', except: [`${addressOf('x/b')}/32`] } }] }]),
        ),
        np('x', egress(pod('a'), [{ to: [{ ipBlock: { cidr: `${addressOf('x/b')}/32` } }] }]), 'again'),
        np('y', egress({}, []), 'control'),
      ],
      ({ from }) => nsOf(from) === 'y',
    ),
  ],
  'should enforce policies to check ingress and egress policies can be controlled independently based on PodSelector': [
    step(
      [
        np('x', ingress(pod('a'), both({ podSelector: pod('b') })), 'in'),
        np('x', egress(pod('a'), [{ to: [{ podSelector: {} }] }]), 'out'),
      ],
      ({ from, to }) => (to === 'x/a' && from !== 'x/b') || (from === 'x/a' && nsOf(to) !== 'x'),
    ),
    step([np('x', egress(pod('a'), []), 'out')], fromXa),
  ],
  "should properly isolate pods that are selected by a policy allowing SCTP, even if the plugin doesn't support SCTP":
    tcpOnly('SCTP'),
  'should not allow access by TCP when a policy specifies only SCTP': tcpOnly('SCTP'),
  'should not allow access by TCP when a policy specifies only UDP': tcpOnly('UDP'),
  'should enforce policy to allow traffic based on NamespaceSelector with MatchLabels using default ns label': onXa(
    both({ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'y' } } }),
    ({ from }) => nsOf(from) === 'y',
  ),
  'should enforce policy based on NamespaceSelector with MatchExpressions using default ns label': onXa(
    both({
      namespaceSelector: {
        matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['x'] }],
      },
    }),
    ({ from }) => nsOf(from) !== 'x',
  ),
}

const OTHERS = (protocol: string): Readonly<Record<string, Steps>> => ({
  "should support a 'default-deny-ingress' policy": denyIngress(),
  'should enforce policy based on Ports': onPorts(protocol),
  'should enforce policy to allow traffic only from a pod in a different namespace based on PodSelector and NamespaceSelector':
    twoSelectors(),
})
const named = (protocol: string, all: Readonly<Record<string, Steps>>): readonly (readonly [string, Scenario])[] =>
  Object.entries(all).map(([id, steps]) => [`${protocol} ${id}`, { steps, protocols: ['TCP', 'UDP', 'SCTP'] }] as const)

type Tier = 'Admin' | 'Baseline'
const NS_X = { namespaces: X }
const NS_Y = { namespaces: Y }
const NS_Z = { namespaces: { matchLabels: { ns: 'z' } } }
const spec = (tier: Tier, rules: object, priority = 50) => ({ tier, priority, subject: NS_X, ...rules })
const isOf = (probe: Probe, side: 'ingress' | 'egress', namespace: string): boolean =>
  side === 'ingress'
    ? nsOf(probe.to) === 'x' && nsOf(probe.from) === namespace
    : nsOf(probe.from) === 'x' && nsOf(probe.to) === namespace

/** Rules in order: the first decides; the last denies, so that what comes before has an effect. */
function ordered(tier: Tier, side: 'ingress' | 'egress', protocol: string): Steps {
  const key = side === 'ingress' ? 'from' : 'to'
  const at = { protocols: [{ [protocol.toLowerCase()]: { destinationPort: { number: 80 } } }] }
  const policy = (rules: readonly object[]) => [cnp('ordered', spec(tier, { [side]: rules }))]
  const is80 = (probe: Probe) => probe.port === 80 && probe.protocol === protocol
  return [
    step(
      policy([
        { action: 'Accept', [key]: [NS_Y] },
        { action: 'Deny', [key]: [NS_Y] },
        { action: 'Deny', [key]: [NS_Z] },
      ]),
      probe => isOf(probe, side, 'z'),
    ),
    step(
      policy([
        { action: 'Accept', [key]: [NS_Y], ...at },
        { action: 'Deny', [key]: [NS_Y] },
      ]),
      probe => isOf(probe, side, 'y') && !is80(probe),
    ),
    step(
      policy([
        { action: 'Deny', [key]: [NS_Y] },
        { action: 'Accept', [key]: [NS_Y] },
      ]),
      probe => isOf(probe, side, 'y'),
    ),
    step(
      policy([
        { action: 'Deny', [key]: [NS_Y], ...at },
        { action: 'Accept', [key]: [NS_Y] },
      ]),
      probe => isOf(probe, side, 'y') && is80(probe),
    ),
    step(
      policy([
        { action: 'Pass', [key]: [NS_Y] },
        { action: 'Deny', [key]: [NS_Y] },
        { action: 'Deny', [key]: [NS_Z] },
      ]),
      probe => isOf(probe, side, 'z'),
    ),
    step(
      policy([
        { action: 'Pass', [key]: [NS_Y], ...at },
        { action: 'Deny', [key]: [NS_Y] },
      ]),
      probe => isOf(probe, side, 'y') && !is80(probe),
    ),
  ]
}

function namedPort(tier: Tier, side: 'ingress' | 'egress'): Steps {
  const key = side === 'ingress' ? 'from' : 'to'
  const rules = [
    { action: 'Accept', [key]: [NS_Y], protocols: [{ destinationNamedPort: 'serve-80-udp' }] },
    { action: 'Deny', [key]: [NS_Y] },
  ]
  return [
    step(
      [cnp('named', spec(tier, { [side]: rules }))],
      probe => isOf(probe, side, 'y') && !(probe.port === 80 && probe.protocol === 'UDP'),
    ),
  ]
}

function cidrPeers(tier: Tier): Steps {
  const own = (name: string) => `${addressOf(name)}/32`
  const rules = [
    { action: 'Accept', to: [{ networks: [own('y/b')] }] },
    { action: 'Deny', to: [{ networks: [own('y/a'), own('y/b')] }] },
  ]
  return [step([cnp('networks', spec(tier, { egress: rules }))], ({ from, to }) => nsOf(from) === 'x' && to === 'y/a')]
}

function nodePeers(tier: Tier): Steps {
  const nodes = (name: string) => ({ nodes: { matchLabels: { node: name } } })
  const to = (action: string) => [
    cnp(
      'nodes',
      spec(tier, {
        egress: [
          { action, to: [nodes('node-1')] },
          { action: 'Deny', to: [{ nodes: {} }] },
        ],
      }),
    ),
  ]
  const toNode = ({ from, to: other }: Probe, node: string) => nsOf(from) === 'x' && other === node
  return [
    step(to('Accept'), probe => toNode(probe, 'node-2')),
    ...(tier === 'Admin' ? [step(to('Pass'), (probe: Probe) => toNode(probe, 'node-2'))] : []),
    step(to('Deny'), probe => toNode(probe, 'node-1') || toNode(probe, 'node-2')),
  ]
}

const gress = (tier: Tier): Steps =>
  (['TCP', 'UDP', 'SCTP'] as const).map(protocol => {
    const at = { protocols: [{ [protocol.toLowerCase()]: { destinationPort: { range: { start: 80, end: 81 } } } }] }
    const rules = {
      ingress: [
        { action: 'Deny', from: [NS_Y], ...at },
        { action: 'Accept', from: [NS_Y] },
      ],
      egress: [
        { action: 'Accept', to: [NS_Z], ...at },
        { action: 'Deny', to: [NS_Z] },
      ],
    }
    return step([cnp('gress', spec(tier, rules))], probe =>
      isOf(probe, 'ingress', 'y')
        ? probe.protocol === protocol
        : isOf(probe, 'egress', 'z') && probe.protocol !== protocol,
    )
  })

const tierScenarios = (tier: Tier): Readonly<Record<string, Scenario>> => ({
  ...Object.fromEntries(
    (['Egress', 'Ingress'] as const).flatMap(side =>
      ['TCP', 'UDP', 'SCTP'].map(protocol => [
        `CNP${tier}Tier${side}${protocol}`,
        { steps: ordered(tier, side === 'Egress' ? 'egress' : 'ingress', protocol) },
      ]),
    ),
  ),
  [`CNP${tier}TierEgressInlineCIDRPeers`]: { steps: cidrPeers(tier) },
  [`CNP${tier}TierGress`]: { steps: gress(tier) },
  [`CNP${tier}TierEgressNamedPort`]: { steps: namedPort(tier, 'egress') },
  [`CNP${tier}TierIngressNamedPort`]: { steps: namedPort(tier, 'ingress') },
  [`CNP${tier}TierEgressNodePeers`]: { steps: nodePeers(tier), nodes: true },
})

const gate = (tier: Tier, action: string, priority: number) =>
  cnp(
    `${tier}-${priority}`,
    spec(tier, { ingress: [{ action, from: [NS_Y] }], egress: [{ action, to: [NS_Y] }] }, priority),
  )
const withY = ({ from, to }: Probe) =>
  (nsOf(from) === 'x' && nsOf(to) === 'y') || (nsOf(from) === 'y' && nsOf(to) === 'x')
const allowY = np('x', {
  podSelector: {},
  policyTypes: ['Ingress', 'Egress'],
  ingress: [{ from: [{ namespaceSelector: Y }] }],
  egress: [{ to: [{ namespaceSelector: Y }] }],
})
const onlyY = (probe: Probe) => (nsOf(probe.from) === 'x' || nsOf(probe.to) === 'x') && !withY(probe)

const CLUSTER: Readonly<Record<string, Scenario>> = {
  ...tierScenarios('Admin'),
  ...tierScenarios('Baseline'),
  CNPAdminTierIntegration: {
    steps: [
      step([gate('Admin', 'Deny', 50), allowY, gate('Baseline', 'Accept', 50)], probe => onlyY(probe) || withY(probe)),
      step([gate('Admin', 'Pass', 50), allowY, gate('Baseline', 'Deny', 50)], onlyY),
      step([gate('Admin', 'Pass', 50), gate('Baseline', 'Deny', 50)], withY),
    ],
  },
  CNPAdminTierPriorityField: {
    steps: [
      step([gate('Admin', 'Deny', 50), gate('Admin', 'Pass', 60), gate('Baseline', 'Accept', 50)], withY),
      step([gate('Admin', 'Deny', 50), gate('Admin', 'Pass', 40), gate('Baseline', 'Deny', 50)], withY),
      step([gate('Admin', 'Deny', 50), gate('Admin', 'Pass', 40), gate('Baseline', 'Accept', 50)], () => false),
    ],
  },
}

const NETWORK: readonly (readonly [string, Scenario])[] = [
  ...named('TCP', TCP),
  ...named('UDP', OTHERS('UDP')),
  ...named('SCTP', OTHERS('SCTP')),
]

test('every scenario of upstream has a test here, and every test is one of them', () => {
  expect(NETWORK.map(([id]) => id)).toEqual(IDS.networkPolicy)
  expect(Object.keys(CLUSTER).toSorted()).toEqual(IDS.clusterNetworkPolicy.toSorted())
  expect([IDS.networkPolicy.length, IDS.clusterNetworkPolicy.length]).toEqual([48, 24])
})

describe('Netpol', () => {
  test.each(NETWORK)('%s', (_, scenario) => judge(scenario))
})

describe('ClusterNetworkPolicy conformance', () => {
  test.each(Object.entries(CLUSTER))('%s', (_, scenario) => judge(scenario))
})
