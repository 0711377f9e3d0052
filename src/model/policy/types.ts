import type { LabelSelector } from '../../api/meta/selector.ts'
import type { Cidr } from '../../lib/cidr.ts'
import type { Ip } from '../../lib/ip.ts'
import type { Firewall } from './firewall.ts'

export type Direction = 'ingress' | 'egress'
export const DIRECTIONS: readonly Direction[] = ['ingress', 'egress']
export type PortProtocol = 'TCP' | 'UDP' | 'SCTP'
export type Labels = Readonly<Record<string, string>>

/** What an evaluator says: `pass` leaves the decision to the next tier. */
export type Verdict = 'allow' | 'deny' | 'pass'
/** In the order in which they are asked. */
export const TIERS = ['admin', 'network', 'baseline'] as const
export type Tier = (typeof TIERS)[number]

export interface NamedPort {
  readonly name: string
  readonly protocol: PortProtocol
  readonly port: number
}

/**
 * Who may be behind an address, as selectors see it. `pod` has an address of its own; `host-pod` shares its node's;
 * `host` stands for all that a node itself sends, and belongs to the namespace openshift-host-network.
 */
export interface Member {
  readonly kind: 'pod' | 'host-pod' | 'host'
  readonly namespace: string
  readonly labels: Labels
  readonly ports: readonly NamedPort[]
}

/** A pod with an address of its own, on which policy acts. */
export interface PodFacts extends Member {
  readonly kind: 'pod'
  readonly name: string
  readonly uid: string
  readonly node: string
  readonly addresses: readonly Ip[]
}

/** Ports of one protocol, both ends included. A named port is looked up in the destination pod. */
export type PortMatch =
  | { readonly protocol: PortProtocol; readonly from: number; readonly to: number }
  | { readonly protocol?: PortProtocol; readonly name: string }

/** `any` covers every protocol, also those without ports. */
export type Ports = 'any' | readonly PortMatch[]

/** Where a selector of pods looks: in one namespace, or in those that a selector finds. */
export type Scope = { readonly namespace: string } | { readonly selector: LabelSelector }

export interface PodsPeer {
  readonly kind: 'pods'
  readonly scope: Scope
  /** Absent: all pods, but none that share their node's network. */
  readonly pods?: LabelSelector
}

export interface NetPeer {
  readonly kind: 'net'
  readonly cidr: Cidr
  readonly except: readonly Cidr[]
}

export interface NodesPeer {
  readonly kind: 'nodes'
  readonly selector: LabelSelector
}

/**
 * Addresses that names resolve to, lower case and without a final dot; `*.` before one stands for one or more labels. Of
 * egress rules that allow. Nobody is behind a name until addresses of it are known.
 */
export interface NamesPeer {
  readonly kind: 'names'
  readonly names: readonly string[]
}

export type Peer = PodsPeer | NetPeer | NodesPeer | NamesPeer

export interface Rule {
  readonly name?: string
  readonly action: Verdict
  readonly peers: 'any' | readonly Peer[]
  readonly ports: Ports
}

export interface Policy {
  readonly tier: Tier
  /** "kind namespace/name", unique. */
  readonly key: string
  /** Of the tiers admin and baseline: smaller ones first. A BaselineAdminNetworkPolicy has none and comes last. */
  readonly priority: number
  readonly subject: PodsPeer
  /** Absent: says nothing about the direction. In the tier `network` a direction without rules isolates. */
  readonly ingress?: readonly Rule[]
  readonly egress?: readonly Rule[]
}

/** A node as policy sees it. */
export interface PolicyNode {
  readonly name: string
  readonly labels: Labels
  /** Where its pods of the host network are found. */
  readonly addresses: readonly Ip[]
  /** Whom its own packets to pods and Services come from. */
  readonly management: readonly Ip[]
  /** Whom clients outside the cluster seem to be when a pod must answer them by way of this node. */
  readonly join: readonly Ip[]
}

/** Everything that policy depends on. */
export interface PolicyWorld {
  /** Labels by namespace. */
  readonly namespaces: ReadonlyMap<string, Labels>
  readonly pods: readonly PodFacts[]
  readonly hostPods: readonly HostPod[]
  readonly nodes: readonly PolicyNode[]
  readonly policies: readonly Policy[]
  /** At most one for each namespace. */
  readonly firewalls: readonly Firewall[]
  /** Pod networks. */
  readonly clusterNetworks: readonly Cidr[]
  /** Whether egress policy also holds from a pod to its own node. */
  readonly policesOwnNode: boolean
  /** Namespaces whose pods may speak to groups; absent: none. */
  readonly multicast?: ReadonlySet<string>
  /** Namespaces whose pods' allowed connections are to be told of. */
  readonly allowLogged?: ReadonlySet<string>
}

export interface HostPod {
  readonly member: Member
  readonly addresses: readonly Ip[]
}

/** A connection as the two pods see it: destination after, source before and after the translation of each side. */
export interface Flow {
  readonly source: Ip
  readonly destination: Ip
  /** TCP, UDP, SCTP, or another protocol's name; ports are of the first three alone. */
  readonly protocol: string
  /** Of the destination. */
  readonly port?: number
  /** What the source was told that leads to the destination. */
  readonly names?: readonly string[]
}
