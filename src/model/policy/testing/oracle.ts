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
  return leaves(world, flow) && enters(world, flow)
}

function podWith(world: OracleWorld, ip: string): OraclePod | undefined {
  return world.pods.find(pod => !pod.hostNetwork && !isOver(pod) && pod.ip === ip)
}

function leaves(world: OracleWorld, flow: OracleFlow): boolean {
  const pod = podWith(world, flow.from)
  if (!pod) return true
  const home = world.nodes.find(node => node.name === pod.node)
  if (!world.policesOwnNode && home && (flow.to === home.ip || flow.to === home.management)) return true
  const mine = policiesOf(world, pod).filter(policy => speaksOf(policy, 'Egress'))
  if (mine.length === 0 || flow.to === flow.from) return true
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
  const mine = policiesOf(world, pod).filter(policy => speaksOf(policy, 'Ingress'))
  if (mine.length === 0 || flow.to === flow.from) return true
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
