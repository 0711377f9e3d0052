/** Small random worlds in which selectors, ports and addresses meet often. Deterministic: a seed gives one world. */
import type {
  ClusterPeer,
  ClusterPort,
  ClusterRule,
  CnpProtocol,
  CnpRule,
  OracleClusterPolicy,
  OracleCnp,
  OracleFirewall,
  OracleFlow,
  OracleNode,
  OraclePod,
  OraclePolicy,
  OracleWorld,
  Peer,
  Port,
  Selector,
} from './oracle.ts'

export type Random = (below: number) => number

/** Mulberry32. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0
  return below => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

const NAMESPACES = ['a', 'b', 'c', 'openshift-host-network']
const KEYS = ['app', 'tier']
const VALUES = ['x', 'y', 'z']
const NAMES = ['http', 'dns', 'alt']
const NUMBERS = [53, 80, 81, 8080, 8443]
const PROTOCOLS = ['TCP', 'UDP', 'SCTP']

interface Dice {
  pick<T>(values: readonly T[]): T
  chance(percent: number): boolean
  some<T>(most: number, make: (index: number) => T): T[]
}

const diceOf = (random: Random): Dice => ({
  pick: values => values[random(values.length)]!,
  chance: percent => random(100) < percent,
  some: (most, make) => Array.from({ length: random(most + 1) }, (_, index) => make(index)),
})

const labelsOf = ({ pick, chance }: Dice): Record<string, string> =>
  Object.fromEntries(KEYS.filter(() => chance(70)).map(key => [key, pick(VALUES)]))

export function randomWorld(random: Random): OracleWorld {
  const dice = diceOf(random)
  const { chance, some } = dice
  const namespaces = Object.fromEntries(
    NAMESPACES.filter(name => name !== 'openshift-host-network' || chance(70)).map(name => [
      name,
      { 'kubernetes.io/metadata.name': name, ...labelsOf(dice) },
    ]),
  )
  const nodes = [1, 2].map(
    (n): OracleNode => ({
      name: `node-${n}`,
      labels: labelsOf(dice),
      ip: `172.18.0.1${n}`,
      management: `10.128.${2 * (n - 1)}.2`,
      join: `100.64.0.${n + 1}`,
    }),
  )
  const pods = Array.from({ length: 3 + random(5) }, (_, index) => randomPod(dice, nodes, index))
  // Some worlds have none, so that the baseline has its say.
  const networkPolicies = chance(15) ? [] : [0, 1, ...some(5, () => 0)].map((_, index) => randomPolicy(dice, index))
  const isGoverned = chance(50)
  const adminPolicies = isGoverned
    ? some(3, index => clusterPolicy(dice, `admin-${index}`, index * 7 + random(6) + 1))
    : []
  const baselinePolicies = isGoverned && chance(75) ? [clusterPolicy(dice, 'default', undefined)] : []
  const clusterNetworkPolicies = chance(60)
    ? [
        // Never a priority that another has: which one comes first then is nobody's promise.
        ...some(3, index => cnp(dice, `early-${index}`, 'Admin', 30 + index * 7 + random(7))),
        ...adminPolicies.flatMap((_, index) =>
          chance(30) ? [cnp(dice, `between-${index}`, 'Admin', index * 7 + 7)] : [],
        ),
        ...some(2, index => cnp(dice, `late-${index}`, 'Baseline', index * 7 + random(7))),
      ]
    : []
  const firewalls = ['a', 'b'].filter(() => chance(30)).map(namespace => firewall(dice, namespace))
  const policies = {
    firewalls,
    podNetwork: '10.128.0.0/14',
    networkPolicies,
    adminPolicies: adminPolicies.toReversed(),
    baselinePolicies,
    clusterNetworkPolicies: clusterNetworkPolicies.toReversed(),
  }
  return { namespaces, pods, nodes, ...policies, policesOwnNode: chance(70) }
}

function randomPod(dice: Dice, nodes: readonly OracleNode[], index: number): OraclePod {
  const { pick, chance, some } = dice
  const node = pick(nodes)
  const hostNetwork = chance(20)
  const third = node.name === 'node-1' ? 0 : 2
  return {
    name: `pod-${index}`,
    namespace: pick(['a', 'b', 'c']),
    labels: labelsOf(dice),
    node: node.name,
    hostNetwork,
    ip: hostNetwork ? node.ip : `10.128.${third}.${3 + index}`,
    phase: chance(10) ? pick(['Succeeded', 'Failed']) : 'Running',
    ports: some(2, () => ({ name: pick(NAMES), protocol: pick(PROTOCOLS), containerPort: pick(NUMBERS) })),
  }
}

function randomPolicy(dice: Dice, index: number): OraclePolicy {
  const { pick, chance, some } = dice
  return {
    metadata: { name: `policy-${index}`, namespace: pick(['a', 'b', 'c']) },
    spec: {
      podSelector: chance(70) ? {} : selector(dice),
      ...(chance(70) ? { ingress: some(2, () => ({ ...peers(dice, 'from'), ...ports(dice) })) } : {}),
      ...(chance(60) ? { egress: some(2, () => ({ ...peers(dice, 'to'), ...ports(dice) })) } : {}),
      ...(chance(75) ? { policyTypes: pick([['Ingress'], ['Egress'], ['Ingress', 'Egress']]) } : {}),
    },
  }
}

const peers = (dice: Dice, name: 'from' | 'to'): Record<string, Peer[]> =>
  dice.chance(85) ? { [name]: dice.some(2, () => peer(dice)) } : {}
const ports = (dice: Dice): { ports?: Port[] } => (dice.chance(70) ? { ports: dice.some(2, () => port(dice)) } : {})

function peer(dice: Dice): Peer {
  const kind = dice.pick([0, 1, 2, 3])
  if (kind === 0) return { podSelector: selector(dice) }
  if (kind === 1) return { namespaceSelector: namespaceSelector(dice) }
  if (kind === 2) return { namespaceSelector: namespaceSelector(dice), podSelector: selector(dice) }
  return { ipBlock: block(dice) }
}

const namespaceSelector = (dice: Dice): Selector =>
  dice.chance(30) ? { matchLabels: { 'kubernetes.io/metadata.name': dice.pick(NAMESPACES) } } : selector(dice)

function selector(dice: Dice): Selector {
  const { pick, chance, some } = dice
  if (chance(25)) return {}
  return {
    ...(chance(60) ? { matchLabels: { [pick(KEYS)]: pick(VALUES) } } : {}),
    ...(chance(40) ? { matchExpressions: some(2, () => expression(dice)) } : {}),
  }
}

function expression({ pick }: Dice): NonNullable<Selector['matchExpressions']>[number] {
  const operator = pick(['In', 'NotIn', 'Exists', 'DoesNotExist'])
  return { key: pick(KEYS), operator, ...(operator.endsWith('In') ? { values: [pick(VALUES), pick(VALUES)] } : {}) }
}

const CIDRS = ['0.0.0.0/0', '10.128.0.0/14', '10.128.0.0/23', '172.18.0.0/24', '100.64.0.0/16', '198.51.100.0/24']
const PARTS = [
  '10.128.0.0/29',
  '10.128.2.4/30',
  '172.18.0.11/32',
  '198.51.100.8/32',
  '100.64.0.2/32',
  '10.128.0.4/31',
  '10.128.0.2/32',
]

function block({ pick, chance }: Dice): NonNullable<Peer['ipBlock']> {
  const cidr = pick(CIDRS)
  const inside = PARTS.filter(part => cidr === '0.0.0.0/0' || part.startsWith(cidr.split('.')[0]!))
  return { cidr, ...(chance(50) ? { except: [pick(inside)] } : {}) }
}

function port({ pick, chance }: Dice): Port {
  const protocol = chance(70) ? { protocol: pick(PROTOCOLS) } : {}
  if (chance(10)) return protocol
  if (chance(30)) return { ...protocol, port: pick(NAMES) }
  const number = pick(NUMBERS)
  return { ...protocol, port: number, ...(chance(30) ? { endPort: number + pick([0, 1, 500]) } : {}) }
}

const OTHERS = ['198.51.100.8', '198.51.100.9']

export function randomFlow(random: Random, world: OracleWorld): OracleFlow {
  const { pick, chance } = diceOf(random)
  const pods = world.pods.map(({ ip }) => ip)
  const others = [...world.nodes.flatMap(({ ip, management, join }) => [ip, management, join]), ...OTHERS]
  const address = (): string => pick(chance(75) ? pods : others)
  const open = [
    ...NUMBERS,
    54,
    82,
    500,
    65_535,
    ...world.pods.flatMap(one => one.ports.map(each => each.containerPort)),
  ]
  return { from: address(), to: address(), protocol: pick([...PROTOCOLS, 'TCP', 'ICMP']), port: pick(open) }
}

function clusterPolicy(dice: Dice, name: string, priority: number | undefined): OracleClusterPolicy {
  const { pick, chance, some } = dice
  const actions = priority === undefined ? ['Allow', 'Deny'] : ['Allow', 'Deny', 'Deny', 'Pass']
  const rule = (side: 'from' | 'to'): ClusterRule => {
    const named = chance(20)
    const others = [
      clusterPeer(dice, named || side === 'from'),
      ...some(1, () => clusterPeer(dice, named || side === 'from')),
    ]
    const open = chance(60) ? { ports: [clusterPort(dice, named), ...some(1, () => clusterPort(dice, false))] } : {}
    return { action: pick(actions), [side]: others, ...open }
  }
  return {
    metadata: { name },
    spec: {
      ...(priority === undefined ? {} : { priority }),
      subject: clusterPeer(dice, true),
      ...(chance(75) ? { ingress: some(3, () => rule('from')) } : {}),
      ...(chance(75) ? { egress: some(3, () => rule('to')) } : {}),
    },
  }
}

function clusterPeer(dice: Dice, isPods: boolean): ClusterPeer {
  const kind = dice.pick(isPods ? [0, 1] : [0, 1, 2, 3])
  if (kind === 0) return { namespaces: namespaceSelector(dice) }
  if (kind === 1) return { pods: { namespaceSelector: namespaceSelector(dice), podSelector: selector(dice) } }
  if (kind === 2) return { nodes: selector(dice) }
  return { networks: [dice.pick(CIDRS), ...dice.some(1, () => dice.pick(PARTS))] }
}

function clusterPort({ pick, chance }: Dice, isNamed: boolean): ClusterPort {
  if (isNamed) return { namedPort: pick(NAMES) }
  const port = pick(NUMBERS)
  const protocol = pick(PROTOCOLS)
  return chance(60)
    ? { portNumber: { protocol, port } }
    : { portRange: { protocol, start: port, end: port + pick([1, 500]) } }
}

/** A ClusterNetworkPolicy. */
function cnp(dice: Dice, name: string, tier: 'Admin' | 'Baseline', priority: number): OracleCnp {
  const { pick, chance, some } = dice
  const rule = (side: 'from' | 'to'): CnpRule => {
    const named = chance(40)
    const isPods = named || side === 'from'
    return {
      action: pick(['Accept', 'Deny', 'Deny', 'Pass']),
      [side]: [clusterPeer(dice, isPods), ...some(1, () => clusterPeer(dice, isPods))],
      ...(chance(60) ? { protocols: [cnpProtocol(dice, named), ...some(1, () => cnpProtocol(dice, false))] } : {}),
    }
  }
  return {
    metadata: { name },
    spec: {
      tier,
      priority,
      subject: clusterPeer(dice, true),
      ...(chance(75) ? { ingress: some(3, () => rule('from')) } : {}),
      ...(chance(75) ? { egress: some(3, () => rule('to')) } : {}),
    },
  }
}

function cnpProtocol({ pick, chance }: Dice, isNamed: boolean): CnpProtocol {
  if (isNamed) return { destinationNamedPort: pick(NAMES) }
  const number = pick(NUMBERS)
  const destinationPort = chance(60) ? { number } : { range: { start: number, end: number + pick([1, 500]) } }
  const own = chance(15) ? {} : { destinationPort }
  return pick<CnpProtocol>([{ tcp: own }, { udp: own }, { sctp: own }])
}

function firewall(dice: Dice, namespace: string): OracleFirewall {
  const { pick, chance, some } = dice
  const rule = (): OracleFirewall['spec']['egress'][number] => ({
    type: pick(['Allow', 'Deny']),
    to: chance(25) ? { nodeSelector: selector(dice) } : { cidrSelector: pick([...CIDRS, ...PARTS]) },
    ...(chance(40) ? { ports: [{ protocol: pick(PROTOCOLS), port: pick(NUMBERS) }] } : {}),
  })
  return { metadata: { name: 'default', namespace }, spec: { egress: [rule(), ...some(4, rule)] } }
}

/** The same world or flow, with addresses of IPv6 instead. */
export function inIpv6<T>(value: T): T {
  const sixth = (_: string, address: string, bits: string | undefined): string => {
    const [a, b, c, d] = address.split('.').map(Number) as [number, number, number, number]
    const groups = [(a << 8) | b, (c << 8) | d].map(group => group.toString(16))
    return `"fd00:0:0:0:1:1:${groups.join(':')}${bits === undefined ? '' : `/${96 + Number(bits)}`}"`
  }
  return JSON.parse(JSON.stringify(value).replaceAll(/"(\d+\.\d+\.\d+\.\d+)(?:\/(\d+))?"/g, sixth)) as T
}
