import type { Node } from '../../api/core/node.ts'
import type { Cidr } from '../../lib/cidr.ts'
import { parseCidr } from '../../lib/cidr.ts'
import type { Ip } from '../../lib/ip.ts'
import { parseIp } from '../../lib/ip.ts'

export const ZONE_LABEL = 'topology.kubernetes.io/zone'

/** What of a Node the network needs to know. */
export interface NodeFacts {
  readonly name: string
  /** Its InternalIP addresses, in the order of its status. */
  readonly addresses: readonly Ip[]
  /** The networks its pods' addresses come from, at most one of each family. */
  readonly podNetworks: readonly Cidr[]
  readonly zone?: string
}

/** What cannot be read is left out: a node without an address or a pod network has none. */
export function nodeFacts({ metadata, spec, status }: Node): NodeFacts {
  const zone = metadata.labels?.[ZONE_LABEL]
  const networks = spec.podCIDRs?.length ? spec.podCIDRs : [spec.podCIDR ?? '']
  return {
    name: metadata.name,
    addresses: (status?.addresses ?? [])
      .filter(({ type }) => type === 'InternalIP')
      .map(({ address }) => parseIp(address))
      .filter(address => address !== undefined),
    podNetworks: networks.map(parseCidr).filter(network => network !== undefined),
    ...(zone ? { zone } : {}),
  }
}
