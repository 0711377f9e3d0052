import type { Cidr } from '../lib/cidr.ts'
import type { Family, Ip } from '../lib/ip.ts'
import { familyOf } from '../lib/ip.ts'
import type { NodeFacts } from '../model/nodes/facts.ts'
import { macOf } from './mac.ts'
import type { DatapathOptions } from './options.ts'
import {
  gatewayOf,
  joinAddressOf,
  MANAGEMENT_LINK,
  managementOf,
  VXLAN_LINK,
  VXLAN_PORT,
  VXLAN_VNI,
} from './options.ts'

/** The operations on links that this room asks for; each is also a `LinkOp` of the link driver. */
export type LinkStep =
  | { readonly op: 'bridge'; readonly name: string; readonly mac: string; readonly mtu: number }
  | {
      readonly op: 'vxlan'
      readonly name: string
      readonly vni: number
      readonly port: number
      readonly local: Ip
      readonly mac: string
      readonly mtu: number
    }
  | { readonly op: 'up' | 'delete'; readonly name: string }
  | { readonly op: 'address' | 'address-delete'; readonly name: string; readonly address: Ip; readonly bits: number }
  | {
      readonly op: 'route-replace' | 'route-delete'
      readonly to: Cidr
      readonly via?: Ip
      readonly dev?: string
      readonly onlink?: true
      readonly source?: Ip
      readonly mtu?: number
      readonly table?: number
      readonly type?: 'unreachable'
      readonly family: Family
    }
  | {
      readonly op: 'rule' | 'rule-delete'
      readonly priority: number
      readonly table: number
      readonly family: Family
      readonly mark: number
      readonly mask: number
    }
  | { readonly op: 'neighbour' | 'neighbour-delete'; readonly dev: string; readonly address: Ip; readonly mac: string }
  | { readonly op: 'fdb' | 'fdb-delete'; readonly dev: string; readonly mac: string; readonly via: Ip }

/** One thing that should be: how to make it, and how to take it away. Facts of one key replace each other. */
export interface LinkFact {
  readonly key: string
  readonly make: readonly LinkStep[]
  readonly unmake: readonly LinkStep[]
}

/** What a node is among the others. Its pod networks must be known; others without are left out. */
export interface Place {
  readonly self: NodeFacts
  readonly others: readonly NodeFacts[]
}

/**
 * The links, addresses, neighbours and routes of a node, in the order in which they can be made: the management link with
 * the pods' gateway, the tunnel, then one group for each other node. What lies in the cluster's networks but leads
 * nowhere is unreachable, so it neither leaves by the default route nor waits for an answer.
 */
export function linkFacts(options: DatapathOptions, { self, others }: Place): readonly LinkFact[] {
  return [
    ...managementFacts(options, self),
    ...(options.transport === 'vxlan' ? tunnelFacts(options, self) : []),
    ...others.toSorted((a, b) => (a.name < b.name ? -1 : 1)).flatMap(other => otherFacts(options, self, other)),
  ]
}

/** A bridge without ports: of the kinds of device that need no peer it is the one that every kernel has. */
function managementFacts(options: DatapathOptions, self: NodeFacts): readonly LinkFact[] {
  const first = self.podNetworks[0]
  if (!first) return []
  const { mtu } = options
  const ofFamily = (network: Cidr): Cidr | undefined => self.podNetworks.find(own => own.family === network.family)
  return [
    {
      key: `link ${MANAGEMENT_LINK}`,
      make: [
        { op: 'bridge', name: MANAGEMENT_LINK, mac: macOf(managementOf(first)), mtu },
        { op: 'up', name: MANAGEMENT_LINK },
      ],
      unmake: [{ op: 'delete', name: MANAGEMENT_LINK }],
    },
    ...self.podNetworks.flatMap(network => [managementOf(network), gatewayOf(network)]).map(managementAddress),
    ...[...options.clusterNetworks.map(({ cidr }) => cidr), ...self.podNetworks, ...(options.joinNetworks ?? [])].map(
      nowhere,
    ),
    ...options.serviceNetworks
      .filter(ofFamily)
      .map(to => route({ to, dev: MANAGEMENT_LINK, source: managementOf(ofFamily(to)!), mtu, family: to.family })),
  ]
}

function managementAddress(address: Ip): LinkFact {
  const at = { name: MANAGEMENT_LINK, address, bits: familyOf(address) === 4 ? 32 : 128 }
  return {
    key: `address ${address}`,
    make: [{ op: 'address', ...at }],
    unmake: [{ op: 'address-delete', ...at }],
  }
}

const nowhere = (to: Cidr): LinkFact => route({ to, type: 'unreachable', family: to.family })

type RouteStep = Extract<LinkStep, { op: 'route-replace' | 'route-delete' }>

const route = (step: Omit<RouteStep, 'op'>): LinkFact => ({
  key: `route ${step.to.address}/${step.to.bits}`,
  make: [{ op: 'route-replace', ...step }],
  unmake: [{ op: 'route-delete', to: step.to, family: step.family, ...(step.type ? { type: step.type } : {}) }],
})

function tunnelFacts(options: DatapathOptions, self: NodeFacts): readonly LinkFact[] {
  const make = tunnelSteps(options, self)
  if (make.length === 0) return []
  return [{ key: `link ${VXLAN_LINK}`, make, unmake: [{ op: 'delete', name: VXLAN_LINK }] }]
}

/** Makes the tunnel; nothing while the node has no address. */
export function tunnelSteps({ mtu }: Pick<DatapathOptions, 'mtu'>, self: NodeFacts): readonly LinkStep[] {
  const local = self.addresses[0]
  if (!local) return []
  return [
    { op: 'vxlan', name: VXLAN_LINK, vni: VXLAN_VNI, port: VXLAN_PORT, local, mac: macOf(local), mtu },
    { op: 'up', name: VXLAN_LINK },
  ]
}

function otherFacts(options: DatapathOptions, self: NodeFacts, other: NodeFacts): readonly LinkFact[] {
  const underlay = other.addresses[0]
  if (!underlay) return []
  return other.podNetworks.flatMap(network => {
    const own = self.podNetworks.find(({ family }) => family === network.family)
    if (!own) return []
    const join = joinAddressOf(options, network)
    const targets = [network, ...(join ? [single(join)] : [])]
    const hop = options.transport === 'vxlan' ? tunnelHop(network, underlay) : routedHop(other, network)
    if (!hop) return []
    const common = { ...hop.next, source: managementOf(own), mtu: options.mtu, family: network.family }
    return [...hop.facts, ...targets.map(to => route({ to, ...common }))]
  })
}

const single = (address: Ip): Cidr => ({
  address,
  bits: familyOf(address) === 4 ? 32 : 128,
  family: familyOf(address),
})

interface Hop {
  readonly next: { readonly via: Ip; readonly dev?: string; readonly onlink?: true }
  readonly facts: readonly LinkFact[]
}

/** The other node's management address stands for it inside the tunnel; permanent entries say where that is. */
function tunnelHop(network: Cidr, underlay: Ip): Hop {
  const via = managementOf(network)
  const dev = VXLAN_LINK
  const mac = macOf(underlay)
  return {
    next: { via, dev, onlink: true },
    facts: [
      {
        key: `neighbour ${via}`,
        make: [
          { op: 'fdb', dev, mac, via: underlay },
          { op: 'neighbour', dev, address: via, mac },
        ],
        unmake: [
          { op: 'neighbour-delete', dev, address: via, mac },
          { op: 'fdb-delete', dev, mac, via: underlay },
        ],
      },
    ],
  }
}

function routedHop(other: NodeFacts, network: Cidr): Hop | undefined {
  const via = other.addresses.find(address => familyOf(address) === network.family)
  return via === undefined ? undefined : { next: { via }, facts: [] }
}

/** What leads from the facts that were made to those that should be, in order. */
export function linkSteps(made: ReadonlyMap<string, LinkFact>, wanted: readonly LinkFact[]): readonly LinkStep[] {
  const keys = new Set(wanted.map(({ key }) => key))
  const isSame = (fact: LinkFact): boolean => JSON.stringify(made.get(fact.key)) === JSON.stringify(fact)
  // With a link that is made anew everything on it goes.
  const isRebuilt = wanted.some(fact => fact.key.startsWith('link ') && made.has(fact.key) && !isSame(fact))
  const gone = [...made.values()].filter(({ key }) => !keys.has(key)).reverse()
  const changed = isRebuilt ? wanted : wanted.filter(fact => !isSame(fact))
  return [
    ...gone.flatMap(({ unmake }) => unmake),
    ...changed.flatMap(fact => [
      ...(isReplaced(fact) || isSame(fact) ? [] : (made.get(fact.key)?.unmake ?? [])),
      ...fact.make,
    ]),
  ]
}

/** Routes are replaced in place, without a moment in which there is none. */
const isReplaced = ({ make }: LinkFact): boolean => make.every(({ op }) => op === 'route-replace')

/** Kernel switches of a node's namespace, as name under /proc/sys and value. */
export function sysctls(options: DatapathOptions): readonly (readonly [name: string, value: string])[] {
  const families = new Set(options.clusterNetworks.map(({ cidr }) => cidr.family))
  return [
    ['net/ipv4/ip_forward', '1'],
    // Replies come by the tunnel to what left by the underlay: a reverse path filter would drop them.
    ['net/ipv4/conf/all/rp_filter', '0'],
    ['net/ipv4/conf/default/rp_filter', '0'],
    // A pod that reaches itself through a Service leaves by the link it came by.
    ['net/ipv4/conf/all/send_redirects', '0'],
    ['net/ipv4/conf/default/send_redirects', '0'],
    ...(families.has(6) ? ([['net/ipv6/conf/all/forwarding', '1']] as const) : []),
  ]
}
