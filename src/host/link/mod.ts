import type { Cidr } from '../../lib/cidr.ts'
import type { Ip } from '../../lib/ip.ts'
import type { Netns } from '../netns/mod.ts'

/** Links, addresses, routes and neighbours, by rtnetlink. Every operation names links by name. MACs are aa:bb:cc:dd:ee:ff. */
export type LinkOp =
  | {
      readonly op: 'veth'
      readonly name: string
      readonly mac?: string
      readonly mtu?: number
      readonly peer: { readonly name: string; readonly netns: Netns; readonly mac?: string }
    }
  | { readonly op: 'bridge'; readonly name: string; readonly mac?: string; readonly mtu?: number }
  | {
      readonly op: 'vxlan'
      readonly name: string
      readonly vni: number
      readonly port: number
      readonly local: Ip
      readonly mac: string
      readonly mtu: number
    }
  /** On a link of the namespace that it is made from, and at once in another one: a MAC of its own on the parent's network. */
  | {
      readonly op: 'macvlan'
      readonly name: string
      readonly parent: string
      readonly mode: 'bridge' | 'private' | 'vepa' | 'passthru'
      readonly netns: Netns
    }
  | { readonly op: 'up' | 'down' | 'delete'; readonly name: string }
  | { readonly op: 'mtu'; readonly name: string; readonly mtu: number }
  | { readonly op: 'master'; readonly name: string; readonly master: string }
  | {
      readonly op: 'address' | 'address-delete'
      readonly name: string
      readonly address: Ip
      readonly bits: number
      /** IPv6: answered for, but not chosen as the source of what this machine sends (RFC 4862 5.5.4). */
      readonly isDeprecated?: true
    }
  | {
      /** `to` absent is the default route. onlink: the gateway need not be on a connected network. */
      readonly op: 'route' | 'route-replace' | 'route-delete'
      readonly to?: Cidr
      readonly via?: Ip
      readonly dev?: string
      readonly onlink?: true
      readonly source?: Ip
      readonly mtu?: number
      readonly table?: number
      readonly type?: 'unicast' | 'local' | 'blackhole' | 'unreachable'
      readonly family?: 4 | 6
    }
  /** Always permanent: dynamic entries end at 512 pods (one table for the whole kernel). */
  | { readonly op: 'neighbour' | 'neighbour-delete'; readonly dev: string; readonly address: Ip; readonly mac: string }
  | { readonly op: 'fdb' | 'fdb-delete'; readonly dev: string; readonly mac: string; readonly via: Ip }
  | {
      readonly op: 'rule' | 'rule-delete'
      readonly priority: number
      readonly table: number
      readonly family: 4 | 6
      readonly mark?: number
      readonly mask?: number
      readonly from?: Cidr
      readonly to?: Cidr
    }

export interface LinkState {
  readonly name: string
  readonly index: number
  readonly up: boolean
  readonly mtu: number
  readonly mac: string
  readonly kind: string
  /** The index of the link that it belongs to: a bridge, or a VRF. */
  readonly master?: number
  /** Of a VRF: its routing table. */
  readonly table?: number
  readonly rxPackets: number
  readonly txPackets: number
}

export interface AddressState {
  readonly link: string
  readonly address: Ip
  readonly bits: number
}

export interface RouteState {
  readonly to: string
  readonly via?: Ip
  readonly dev?: string
  readonly table: number
  /** Nothing is sent on by it: local, broadcast, unreachable and the like. */
  readonly isSpecial?: true
}

/** A refused operation: which one, and the kernel's errno name. */
export class LinkError extends Error {
  override readonly name = 'LinkError'
  readonly code: string
  readonly op: LinkOp
  constructor(code: string, op: LinkOp) {
    super(`${op.op} ${JSON.stringify(op)}: ${code}`)
    this.code = code
    this.op = op
  }
}

export interface LinkDriver {
  /**
   * Applies the operations in order inside the namespace. Not atomic: throws LinkError at the first refusal, what came
   * before stays. An operation that finds its result in place (EEXIST on add, ENOENT on delete) is not an error.
   */
  apply(netns: Netns, operations: readonly LinkOp[]): void
  links(netns: Netns): readonly LinkState[]
  addresses(netns: Netns): readonly AddressState[]
  routes(netns: Netns, family: 4 | 6): readonly RouteState[]
  /** Writes a file under /proc/sys as seen from inside the namespace, for example net/ipv4/ip_forward. */
  sysctl(netns: Netns, name: string, value: string): void
  /** What a switch says, without the end of line; undefined where there is none. */
  sysctlOf(netns: Netns, name: string): string | undefined
}
