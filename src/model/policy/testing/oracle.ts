/**
 * A second opinion on policy, written from the words of the API's documentation and of the network-policy-api, and made
 * to be read rather than fast. It imports nothing: it shares no mistake with the engine that it judges.
 */

export interface Selector {
  readonly matchLabels?: Record<string, string>
  readonly matchExpressions?: { readonly key: string; readonly operator: string; readonly values?: string[] }[]
}
export interface Peer {
  readonly podSelector?: Selector
  readonly namespaceSelector?: Selector
  readonly ipBlock?: { readonly cidr: string; readonly except?: string[] }
}
export interface Port {
  readonly protocol?: string
  readonly port?: number | string
  readonly endPort?: number
}
export interface OraclePolicy {
  readonly metadata: { readonly name: string; readonly namespace: string }
  readonly spec: {
    readonly podSelector?: Selector
    readonly policyTypes?: string[]
    readonly ingress?: { readonly from?: Peer[]; readonly ports?: Port[] }[]
    readonly egress?: { readonly to?: Peer[]; readonly ports?: Port[] }[]
  }
}

export interface ClusterPort {
  readonly portNumber?: { readonly protocol?: string; readonly port: number }
  readonly portRange?: { readonly protocol?: string; readonly start: number; readonly end: number }
  readonly namedPort?: string
}
export interface ClusterPeer {
  readonly namespaces?: Selector
  readonly pods?: { readonly namespaceSelector: Selector; readonly podSelector: Selector }
  readonly nodes?: Selector
  readonly networks?: string[]
}
export interface ClusterRule {
  readonly action: string
  readonly from?: ClusterPeer[]
  readonly to?: ClusterPeer[]
  readonly ports?: ClusterPort[]
}
/** An AdminNetworkPolicy, or without a priority the BaselineAdminNetworkPolicy. */
export interface OracleClusterPolicy {
  readonly metadata: { readonly name: string }
  readonly spec: {
    readonly priority?: number
    readonly subject: ClusterPeer
    readonly ingress?: ClusterRule[]
    readonly egress?: ClusterRule[]
  }
}

export interface CnpPort {
  readonly number?: number
  readonly range?: { readonly start: number; readonly end: number }
}
export interface CnpProtocol {
  readonly tcp?: { readonly destinationPort?: CnpPort }
  readonly udp?: { readonly destinationPort?: CnpPort }
  readonly sctp?: { readonly destinationPort?: CnpPort }
  readonly destinationNamedPort?: string
}
export interface CnpRule {
  readonly action: string
  readonly from?: ClusterPeer[]
  readonly to?: ClusterPeer[]
  readonly protocols?: CnpProtocol[]
}
/** A ClusterNetworkPolicy. */
export interface OracleCnp {
  readonly metadata: { readonly name: string }
  readonly spec: {
    readonly tier: string
    readonly priority: number
    readonly subject: ClusterPeer
    readonly ingress?: CnpRule[]
    readonly egress?: CnpRule[]
  }
}

export interface OracleFirewall {
  readonly metadata: { readonly name: string; readonly namespace: string }
  readonly spec: {
    readonly egress: {
      readonly type: string
      readonly to: { readonly cidrSelector?: string; readonly nodeSelector?: Selector; readonly dnsName?: string }
      readonly ports?: { readonly protocol: string; readonly port: number }[]
    }[]
  }
}

export interface OraclePod {
  readonly name: string
  readonly namespace: string
  readonly labels: Record<string, string>
  readonly node: string
  readonly ip: string
  readonly hostNetwork: boolean
  readonly phase: string
  readonly ports: { readonly name: string; readonly protocol: string; readonly containerPort: number }[]
}

export interface OracleNode {
  readonly name: string
  readonly labels: Record<string, string>
  readonly ip: string
  readonly management: string
  readonly join: string
}

export interface OracleWorld {
  readonly namespaces: Record<string, Record<string, string>>
  readonly pods: OraclePod[]
  readonly nodes: OracleNode[]
  readonly networkPolicies: OraclePolicy[]
  readonly adminPolicies: OracleClusterPolicy[]
  readonly baselinePolicies: OracleClusterPolicy[]
  readonly clusterNetworkPolicies: OracleCnp[]
  readonly firewalls: OracleFirewall[]
  readonly podNetwork: string
  readonly policesOwnNode: boolean
}

export interface OracleFlow {
  readonly from: string
  readonly to: string
  readonly protocol: string
  readonly port: number
}

function bitsOf(ip: string): string {
  if (!ip.includes(':'))
    return ip
      .split('.')
      .map(part => Number(part).toString(2).padStart(8, '0'))
      .join('')
  const [head = '', tail] = ip.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const middle = tail === undefined ? [] : new Array(8 - left.length - right.length).fill('0')
  return [...left, ...middle, ...right].map(part => Number.parseInt(part, 16).toString(2).padStart(16, '0')).join('')
}

function inCidr(ip: string, cidr: string): boolean {
  const [network = '', length = ''] = cidr.split('/')
  if (ip.includes(':') !== network.includes(':')) return false
  return bitsOf(ip).slice(0, Number(length)) === bitsOf(network).slice(0, Number(length))
}

function selected(selector: Selector, labels: Record<string, string>): boolean {
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) if (labels[key] !== value) return false
  for (const { key, operator, values } of selector.matchExpressions ?? []) {
    const has = key in labels
    if (operator === 'Exists' && !has) return false
    if (operator === 'DoesNotExist' && has) return false
    if (operator === 'In' && !(has && values?.includes(labels[key]!))) return false
    if (operator === 'NotIn' && has && values?.includes(labels[key]!)) return false
  }
  return true
}

const isOver = (pod: OraclePod): boolean => pod.phase === 'Succeeded' || pod.phase === 'Failed'

/** Whether the connection is made. */
export function isAllowed(world: OracleWorld, flow: OracleFlow): boolean {
  return leaves(world, flow) && isLetOut(world, flow) && enters(world, flow)
}

function podWith(world: OracleWorld, ip: string): OraclePod | undefined {
  return world.pods.find(pod => !pod.hostNetwork && !isOver(pod) && pod.ip === ip)
}

function leaves(world: OracleWorld, flow: OracleFlow): boolean {
  const pod = podWith(world, flow.from)
  if (!pod) return true
  const home = world.nodes.find(node => node.name === pod.node)
  if (!world.policesOwnNode && home && (flow.to === home.ip || flow.to === home.management)) return true
  const early = firstMatch(world, 'Admin', pod, 'egress', flow)
  if (early !== 'Pass') return early === 'Accept'
  const mine = policiesOf(world, pod).filter(policy => speaksOf(policy, 'Egress'))
  if (mine.length === 0) return firstMatch(world, 'Baseline', pod, 'egress', flow) !== 'Deny'
  if (flow.to === flow.from) return true
  return mine.some(policy =>
    (policy.spec.egress ?? []).some(rule => ruleAllows(world, policy, rule.to, rule.ports, flow, flow.to)),
  )
}

function enters(world: OracleWorld, flow: OracleFlow): boolean {
  const pod = podWith(world, flow.to)
  if (!pod) return true
  const home = world.nodes.find(node => node.name === pod.node)
  // Probes of the kubelet must always arrive.
  if (home && (flow.from === home.ip || flow.from === home.management)) return true
  const early = firstMatch(world, 'Admin', pod, 'ingress', flow)
  if (early !== 'Pass') return early === 'Accept'
  const mine = policiesOf(world, pod).filter(policy => speaksOf(policy, 'Ingress'))
  if (mine.length === 0) return firstMatch(world, 'Baseline', pod, 'ingress', flow) !== 'Deny'
  if (flow.to === flow.from) return true
  return mine.some(policy =>
    (policy.spec.ingress ?? []).some(rule => ruleAllows(world, policy, rule.from, rule.ports, flow, flow.from)),
  )
}

const policiesOf = (world: OracleWorld, pod: OraclePod): OraclePolicy[] =>
  world.networkPolicies.filter(
    policy => policy.metadata.namespace === pod.namespace && selected(policy.spec.podSelector ?? {}, pod.labels),
  )

function speaksOf(policy: OraclePolicy, type: 'Ingress' | 'Egress'): boolean {
  const types = policy.spec.policyTypes ?? []
  if (types.length > 0) return types.includes(type)
  return type === 'Ingress' || (policy.spec.egress ?? []).length > 0
}

function ruleAllows(
  world: OracleWorld,
  policy: OraclePolicy,
  peers: Peer[] | undefined,
  ports: Port[] | undefined,
  flow: OracleFlow,
  other: string,
): boolean {
  const anyPeer = !peers || peers.length === 0
  const anyPort = !ports || ports.length === 0
  if (anyPeer) return anyPort || ports.some(port => portAllows(port, flow, podsAt(world, flow.to)))
  return peers.some(peer => {
    if (peer.ipBlock) {
      const inside = inCidr(other, peer.ipBlock.cidr) && !(peer.ipBlock.except ?? []).some(part => inCidr(other, part))
      // Named ports are those of selected destination pods; of an address nobody was selected.
      const known = flow.to === other ? [] : podsAt(world, flow.to)
      return inside && (anyPort || ports.some(port => portAllows(port, flow, known)))
    }
    if (!peer.podSelector && !peer.namespaceSelector) return false
    const pods = podsAt(world, other).filter(pod => peerMeans(world, policy, peer, pod))
    if (pods.length > 0) {
      const known = flow.to === other ? pods : podsAt(world, flow.to)
      if (anyPort || ports.some(port => portAllows(port, flow, known))) return true
    }
    return (
      isSentByNode(world, other, peer) &&
      (anyPort || ports.some(port => portAllows(port, flow, flow.to === other ? [] : podsAt(world, flow.to))))
    )
  })
}

/** The namespace openshift-host-network holds the addresses that nodes send from. */
function isSentByNode(world: OracleWorld, ip: string, peer: Peer): boolean {
  const labels = world.namespaces['openshift-host-network']
  if (!labels || peer.podSelector || !peer.namespaceSelector) return false
  return (
    selected(peer.namespaceSelector, labels) && world.nodes.some(node => node.management === ip || node.join === ip)
  )
}

const podsAt = (world: OracleWorld, ip: string): OraclePod[] => world.pods.filter(pod => !isOver(pod) && pod.ip === ip)

function peerMeans(world: OracleWorld, policy: OraclePolicy, peer: Peer, pod: OraclePod): boolean {
  if (peer.namespaceSelector) {
    const labels = world.namespaces[pod.namespace]
    if (!labels || !selected(peer.namespaceSelector, labels)) return false
  } else if (pod.namespace !== policy.metadata.namespace) return false
  // OpenShift: without a podSelector pods of the host network are not meant, with one they are.
  if (!peer.podSelector) return !pod.hostNetwork
  return selected(peer.podSelector, pod.labels)
}

function portAllows(port: Port, flow: OracleFlow, destination: OraclePod[]): boolean {
  const protocol = port.protocol ?? 'TCP'
  if (protocol !== flow.protocol) return false
  if (port.port === undefined) return true
  if (typeof port.port === 'number') return port.port <= flow.port && flow.port <= (port.endPort ?? port.port)
  return destination.some(pod =>
    pod.ports.some(one => one.name === port.port && one.protocol === protocol && one.containerPort === flow.port),
  )
}

interface Governing {
  readonly priority: number
  readonly subject: ClusterPeer
  readonly ingress?: (ClusterRule | CnpRule)[]
  readonly egress?: (ClusterRule | CnpRule)[]
}

/** Both kinds of policy of a tier, first ones first. The baseline of v1alpha1 has no priority: what has one precedes it. */
function tierOf(world: OracleWorld, tier: 'Admin' | 'Baseline'): Governing[] {
  const old = (tier === 'Admin' ? world.adminPolicies : world.baselinePolicies).map(({ spec }) => ({
    ...spec,
    priority: spec.priority ?? Number.POSITIVE_INFINITY,
  }))
  const current = world.clusterNetworkPolicies.filter(({ spec }) => spec.tier === tier).map(({ spec }) => spec)
  return [...old, ...current].sort((a, b) => a.priority - b.priority)
}

/** What the first rule says that speaks about the flow. Pass: the next tier decides, also where no rule speaks. */
function firstMatch(
  world: OracleWorld,
  tier: 'Admin' | 'Baseline',
  pod: OraclePod,
  direction: 'ingress' | 'egress',
  flow: OracleFlow,
): 'Accept' | 'Deny' | 'Pass' {
  for (const spec of tierOf(world, tier)) {
    if (!clusterPeerMeans(world, spec.subject, pod)) continue
    for (const rule of spec[direction] ?? []) {
      if (!clusterRuleMatches(world, rule, flow, direction)) continue
      if (rule.action === 'Deny' || rule.action === 'Pass') return rule.action
      return 'Accept'
    }
  }
  return 'Pass'
}

function clusterRuleMatches(
  world: OracleWorld,
  rule: ClusterRule | CnpRule,
  flow: OracleFlow,
  direction: 'ingress' | 'egress',
): boolean {
  const other = direction === 'ingress' ? flow.from : flow.to
  return (rule.from ?? rule.to ?? []).some(peer => {
    const pods = podsAt(world, other).filter(pod => clusterPeerMeans(world, peer, pod))
    const isNode =
      peer.nodes !== undefined && world.nodes.some(node => node.ip === other && selected(peer.nodes!, node.labels))
    const isNetwork = (peer.networks ?? []).some(network => inCidr(other, network))
    if (pods.length === 0 && !isNode && !isNetwork) return false
    const named = direction === 'ingress' ? podsAt(world, flow.to) : pods
    if ('protocols' in rule && rule.protocols) return rule.protocols.some(one => protocolMatches(one, flow, named))
    if ('ports' in rule && rule.ports?.length) return rule.ports.some(port => clusterPortMatches(port, flow, named))
    return true
  })
}

/** Pods of the host network are never meant. */
function clusterPeerMeans(world: OracleWorld, peer: ClusterPeer, pod: OraclePod): boolean {
  const labels = world.namespaces[pod.namespace]
  if (pod.hostNetwork || !labels) return false
  if (peer.namespaces) return selected(peer.namespaces, labels)
  if (!peer.pods) return false
  return selected(peer.pods.namespaceSelector, labels) && selected(peer.pods.podSelector, pod.labels)
}

function clusterPortMatches(port: ClusterPort, flow: OracleFlow, destination: OraclePod[]): boolean {
  if (port.portNumber)
    return (port.portNumber.protocol ?? 'TCP') === flow.protocol && port.portNumber.port === flow.port
  if (port.portRange) {
    const { protocol = 'TCP', start, end } = port.portRange
    return protocol === flow.protocol && start <= flow.port && flow.port <= end
  }
  return destination.some(pod =>
    pod.ports.some(
      one => one.name === port.namedPort && one.protocol === flow.protocol && one.containerPort === flow.port,
    ),
  )
}

function protocolMatches(protocol: CnpProtocol, flow: OracleFlow, destination: OraclePod[]): boolean {
  if (protocol.destinationNamedPort !== undefined)
    return clusterPortMatches({ namedPort: protocol.destinationNamedPort }, flow, destination)
  const own = { TCP: protocol.tcp, UDP: protocol.udp, SCTP: protocol.sctp }[flow.protocol]
  if (!own) return false
  const { number, range } = own.destinationPort ?? {}
  if (range) return range.start <= flow.port && flow.port <= range.end
  return number === undefined || number === flow.port
}

/** The first rule that matches decides about what leaves the pod network; without one it may. */
function isLetOut(world: OracleWorld, flow: OracleFlow): boolean {
  const pod = podWith(world, flow.from)
  const home = world.nodes.find(node => node.name === pod?.node)
  if (!pod || inCidr(flow.to, world.podNetwork)) return true
  if (!world.policesOwnNode && home && flow.to === home.ip) return true
  const rules = world.firewalls.find(({ metadata }) => metadata.namespace === pod.namespace)?.spec.egress ?? []
  for (const { type, to, ports } of rules) {
    const isThere =
      (to.cidrSelector !== undefined && inCidr(flow.to, to.cidrSelector)) ||
      world.nodes.some(node => node.ip === flow.to && to.nodeSelector && selected(to.nodeSelector, node.labels))
    const isPort = !ports || ports.some(({ protocol, port }) => protocol === flow.protocol && port === flow.port)
    if (isThere && isPort) return type === 'Allow'
  }
  return true
}
