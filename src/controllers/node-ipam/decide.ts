import type { Node } from '../../api/core/node.ts'
import { type Cidr, cidrText, nthSubnet, parseCidr, sizeOf } from '../../lib/cidr.ts'

export interface ClusterNetwork {
  readonly cidr: Cidr
  /** The prefix length of one node's part. */
  readonly hostPrefix: number
}

export interface Assignment {
  readonly node: Node
  /** One per address family, the first of the cluster's first family; absent where no range is free. */
  readonly podCIDRs: readonly string[] | undefined
}

/**
 * Ranges for nodes that have none: in each family the lowest that is free, in the order of node names. What a node has it
 * keeps; a node's spec is the only record.
 */
export function assign(nodes: readonly Node[], networks: readonly ClusterNetwork[]): readonly Assignment[] {
  const taken = new Set(nodes.flatMap(node => rangesOf(node)))
  const families = [...new Set(networks.map(({ cidr }) => cidr.family))]
  const cursors = new Map<ClusterNetwork, number>()
  const next = (family: number): string | undefined => {
    for (const network of networks) {
      if (network.cidr.family !== family) continue
      for (let index = cursors.get(network) ?? 0; index < subnetsOf(network); index++) {
        cursors.set(network, index + 1)
        const text = cidrText(nthSubnet(network.cidr, network.hostPrefix, index))
        if (!taken.has(text)) return text
      }
    }
    return undefined
  }
  return nodes
    .filter(node => rangesOf(node).length === 0)
    .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
    .map(node => {
      const ranges = families.map(next)
      const podCIDRs = ranges.every(range => range !== undefined) ? (ranges as string[]) : undefined
      return { node, podCIDRs }
    })
}

/** In canonical form, so that ranges written otherwise are still seen as taken. */
function rangesOf({ spec }: Node): readonly string[] {
  const texts = spec.podCIDRs?.length ? spec.podCIDRs : spec.podCIDR ? [spec.podCIDR] : []
  return texts.flatMap(text => {
    const range = parseCidr(text)
    return range ? [cidrText(range)] : []
  })
}

const subnetsOf = ({ cidr, hostPrefix }: ClusterNetwork): number => {
  const width = cidr.family === 4 ? 32 : 128
  return Number(sizeOf(cidr) >> BigInt(width - hostPrefix))
}
