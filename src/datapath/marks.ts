/**
 * The one place that says which bits of a packet's and a connection's mark mean what, and which chain runs when. README.md
 * prints these tables and a test compares the two. Whoever needs a bit or a place takes it here.
 */

export interface MarkField {
  readonly name: string
  readonly mask: number
  readonly use: string
}

/** meta mark: lives with one packet on one node. */
export const PACKET_MARK = {
  identity: {
    name: 'identity',
    mask: 0x000f_ffff,
    use: 'who sent it, while policy chains decide; writing it overwrites the whole mark, so nothing after them reads the rest',
  },
  steering: {
    name: 'steering',
    mask: 0xfff0_0000,
    use: 'by which node (1 to 3839) or routing table of its own node (from 3840) it must leave; set before routing from the connection mark, read by ip rules; 0 = the main table',
  },
} as const satisfies Record<string, MarkField>

/** ct mark: lives with a connection on one node. */
export const CONNECTION_MARK = {
  source: {
    name: 'source',
    mask: 0x0000_0001,
    use: 'the backend must answer by way of this node: its source address becomes one of ours',
  },
  hairpin: {
    name: 'hairpin',
    mask: 0x0000_0002,
    use: 'the packet leaves by the link it came by: a pod that reaches itself through a Service',
  },
  policyNames: {
    name: 'policy names',
    mask: 0x0000_003c,
    use: 'not 0: allowed because its destination was an address of a name that a cluster-wide policy speaks of; which version of the rules said so',
  },
  free: { name: 'free', mask: 0x0000_00c0, use: 'not taken' },
  verdict: {
    name: 'verdict',
    mask: 0x0000_ff00,
    use: 'policy: not 0 once a packet of the connection was denied; what comes back is then dropped too',
  },
  firewallNames: {
    name: 'firewall names',
    mask: 0x000f_0000,
    use: 'the same of a name in an egress firewall',
  },
  steering: {
    name: 'steering',
    mask: 0xfff0_0000,
    use: 'egress: by which node or routing table the connection leaves, chosen for its first packet, when the whole mark is written',
  },
} as const satisfies Record<string, MarkField>

/** Marks from here on steer into a routing table of the node itself; those below lead to nodes. */
export const FIRST_TABLE_STEERING = 0xf000_0000

export interface Place {
  readonly hook: 'prerouting' | 'input' | 'forward' | 'output' | 'postrouting'
  readonly priority: number
  /** nat chains see only the first packet of a connection. */
  readonly type: 'filter' | 'nat' | 'route'
  readonly chain: string
  readonly use: string
  /** Nothing stands there yet. */
  readonly isReserved?: true
}

/** In the order in which a packet meets them. */
export const PLACES = {
  entry: {
    hook: 'prerouting',
    priority: -300,
    type: 'filter',
    chain: 'entry',
    use: 'outside may not send to pod, Service or join addresses; VXLAN only from nodes, and not tracked',
  },
  antispoof: {
    hook: 'prerouting',
    priority: -290,
    type: 'filter',
    chain: 'antispoof',
    use: 'a pod sends from its own addresses only',
  },
  podLimits: {
    hook: 'prerouting',
    priority: -280,
    type: 'filter',
    chain: 'pod-limits',
    use: "the cloud's metadata and machine-config ports are refused to pods; their multicast ends here",
  },
  entryTracked: {
    hook: 'prerouting',
    priority: -160,
    type: 'filter',
    chain: 'entry-tracked',
    use: 'without a tunnel: what outside may not send, once connections are known: answers to pods come by way of other nodes',
  },
  admit: {
    hook: 'prerouting',
    priority: -110,
    type: 'filter',
    chain: 'admit',
    use: 'who may use a load balancer address (loadBalancerSourceRanges), before the address is rewritten',
  },
  arrive: {
    hook: 'prerouting',
    priority: -100,
    type: 'nat',
    chain: 'arrive',
    use: 'Services: the backend of a new connection',
  },
  hostPort: {
    hook: 'prerouting',
    priority: -95,
    type: 'nat',
    chain: 'host-port',
    use: 'host ports: the pod of this node that a port of the node belongs to',
  },
  steer: {
    hook: 'prerouting',
    priority: -90,
    type: 'filter',
    chain: 'steer',
    use: 'egress: steering of pods that leave the cluster into packet and connection mark, on real destinations; that of answers of EgressServices',
  },
  loopbackGuard: {
    hook: 'input',
    priority: -10,
    type: 'filter',
    chain: 'loopback-guard',
    use: "no pod speaks to the node's loopback, though answers to it may come by a link that leads to a host port",
  },
  heldGuard: {
    hook: 'input',
    priority: -5,
    type: 'filter',
    chain: 'held-guard',
    use: 'egress addresses are no addresses of the node: nothing but answers comes to them',
  },
  input: {
    hook: 'input',
    priority: 0,
    type: 'filter',
    chain: 'input',
    use: 'node ports without endpoints are refused',
  },
  inputPolicy: {
    hook: 'input',
    priority: 10,
    type: 'filter',
    chain: 'input-policy',
    use: 'egress policy of pods towards their own node',
  },
  forward: {
    hook: 'forward',
    priority: 0,
    type: 'filter',
    chain: 'forward',
    use: 'invalid packets dropped, Services without endpoints refused, hairpins marked',
  },
  egressPolicy: {
    hook: 'forward',
    priority: 10,
    type: 'filter',
    chain: 'egress-policy',
    use: "egress policy, then the namespace's egress firewall, on real destinations",
  },
  outputRaw: {
    hook: 'output',
    priority: -300,
    type: 'filter',
    chain: 'output-raw',
    use: 'VXLAN to nodes is not tracked',
  },
  admitOutput: {
    hook: 'output',
    priority: -110,
    type: 'filter',
    chain: 'admit-output',
    use: 'the same for processes of the node itself',
  },
  outputNat: {
    hook: 'output',
    priority: -100,
    type: 'nat',
    chain: 'output-nat',
    use: 'Services for processes of the node itself',
  },
  hostPortOutput: {
    hook: 'output',
    priority: -95,
    type: 'nat',
    chain: 'host-port-output',
    use: 'host ports for processes of the node itself',
  },
  output: {
    hook: 'output',
    priority: 0,
    type: 'filter',
    chain: 'output',
    use: 'Services without endpoints are refused',
  },
  egressAddress: {
    hook: 'postrouting',
    priority: 90,
    type: 'nat',
    chain: 'egress-address',
    use: 'egress: source addresses of EgressIPs and EgressServices; the first nat chain that decides wins',
  },
  hostPortSource: {
    hook: 'postrouting',
    priority: 95,
    type: 'nat',
    chain: 'host-port-source',
    use: "what came from the node's loopback to a host port comes from the management address",
  },
  source: {
    hook: 'postrouting',
    priority: 100,
    type: 'nat',
    chain: 'source',
    use: 'session affinity learned; source addresses: join, hairpin, and the node for pods that leave the cluster',
  },
  ingressPolicy: {
    hook: 'postrouting',
    priority: 110,
    type: 'filter',
    chain: 'ingress-policy',
    use: 'ingress policy, on the source address that the pod will see',
  },
  leakGuard: {
    hook: 'postrouting',
    priority: 120,
    type: 'filter',
    chain: 'leak-guard',
    use: 'egress: what still carries a pod address does not leave',
  },
  leave: {
    hook: 'postrouting',
    priority: 300,
    type: 'filter',
    chain: 'leave',
    use: 'the packet mark is cleared before VXLAN, whose outer packet would be routed by it; hops are counted',
  },
} as const satisfies Record<string, Place>
