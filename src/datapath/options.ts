import type { Cidr } from '../lib/cidr.ts'
import { cidr, contains, nth, sizeOf } from '../lib/cidr.ts'
import type { Ip } from '../lib/ip.ts'
import { ip, ipToBigint } from '../lib/ip.ts'

/** A range of pod addresses, of which every node gets a network of hostPrefix bits. */
export interface ClusterNetwork {
  readonly cidr: Cidr
  readonly hostPrefix: number
}

/** What holds for the whole cluster. Networks of both families may be mixed. */
export interface DatapathOptions {
  readonly clusterNetworks: readonly ClusterNetwork[]
  readonly serviceNetworks: readonly Cidr[]
  /**
   * How packets get from node to node: in VXLAN, or routed as they are when the nodes share a link. none: pods, links and routes
   * are another network's, and Services alone are ours.
   */
  readonly transport: 'vxlan' | 'host-gw' | 'none'
  /** Of pods, and of what nodes send to pods and Services. */
  readonly mtu: number
  /**
   * Where clients outside the cluster seem to come from when a backend must answer by way of the node they entered by:
   * each node has one address of that of its family, as with OVN-Kubernetes' join switch. Absent: the management address.
   */
  readonly joinNetworks?: readonly Cidr[]
}

export const MANAGEMENT_LINK = 'ovn-k8s-mp0'
export const VXLAN_LINK = 'vxlan0'
/** The node's ends of its pods' links. */
export const POD_LINKS = 'pod*'
export const VXLAN_VNI = 4097
export const VXLAN_PORT = 4789

/** A pod that reaches itself through a Service sees this address: OVN-Kubernetes' masquerade address for hairpins. */
export const HAIRPIN_ADDRESSES = { 4: ip('169.254.0.5'), 6: ip('fd69::5') } as const

export const EVERYWHERE = { 4: cidr('0.0.0.0/0'), 6: cidr('::/0') } as const

/** The gateway of a node's pods. */
export const gatewayOf = (podNetwork: Cidr): Ip => nth(podNetwork, 1)
/** Whom the node's own packets to pods and Services come from. */
export const managementOf = (podNetwork: Cidr): Ip => nth(podNetwork, 2)

/** A node's address in the join network: by the number of its pod network. */
export function joinAddressOf(options: DatapathOptions, podNetwork: Cidr): Ip | undefined {
  const join = options.joinNetworks?.find(({ family }) => family === podNetwork.family)
  if (!join) return undefined
  const number = numberOf(options, podNetwork)
  if (number === undefined || number + FIRST_JOIN_ADDRESS >= sizeOf(join)) return undefined
  return nth(join, number + FIRST_JOIN_ADDRESS)
}

/** From 0, counted over all cluster networks of its family; undefined where it is in none of them. */
export function numberOf({ clusterNetworks }: DatapathOptions, podNetwork: Cidr): bigint | undefined {
  let before = 0n
  for (const { cidr: range, hostPrefix } of clusterNetworks) {
    if (range.family !== podNetwork.family) continue
    if (contains(range, podNetwork.address)) {
      const offset = ipToBigint(podNetwork.address) - ipToBigint(range.address)
      return before + offset / sizeOf({ ...range, bits: hostPrefix })
    }
    before += 1n << BigInt(hostPrefix - range.bits)
  }
  return undefined
}

/** The network's own address and the cluster router's come first. */
const FIRST_JOIN_ADDRESS = 2n

/** Networks that exist only inside the cluster: nothing outside may send to them. */
export const insideNetworks = (options: DatapathOptions): readonly Cidr[] => [
  ...options.clusterNetworks.map(({ cidr }) => cidr),
  ...options.serviceNetworks,
  ...(options.joinNetworks ?? []),
]
