import type { Node } from '../../api/core/node.ts'
import type { Cidr } from '../../lib/cidr.ts'
import { contains, parseCidr } from '../../lib/cidr.ts'
import type { Ip } from '../../lib/ip.ts'
import { familyOf, parseIp } from '../../lib/ip.ts'
import { nodeFacts } from '../nodes/facts.ts'

/** A node with this label may be given egress addresses, whatever its value. */
export const ASSIGNABLE = 'k8s.ovn.org/egress-assignable'
/** The agent's: the node's own addresses on the machine network with their lengths, as {"ipv4": "172.18.0.11/24"}. */
export const PRIMARY_ADDRESSES = 'k8s.ovn.org/node-primary-ifaddr'
/** The agent's: the same of all its links, as a list. */
export const HOST_CIDRS = 'k8s.ovn.org/host-cidrs'
/** A cloud's: in which networks, and how many addresses the node may have. */
const CLOUD_CONFIG = 'cloud.network.openshift.io/egress-ipconfig'
/** The agent's: of which nodes it hears nothing, as "node-2:overlay,uplink node-3:uplink". */
export const UNHEARD = 'fairlead.dev/egress-unheard'

/** By which two ways nodes hear of each other: inside the tunnel, and on the machine network. */
export type Path = 'overlay' | 'uplink'
export const PATHS: readonly Path[] = ['overlay', 'uplink']

/** What of a Node egress needs to know. */
export interface EgressNode {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly isAssignable: boolean
  readonly isReady: boolean
  readonly addresses: readonly Ip[]
  /** The pods' gateways' neighbour inside the tunnel, and what else is the node's own. */
  readonly podNetworks: readonly Cidr[]
  /** Its addresses on all its links: those of the machine network among them. */
  readonly hosts: readonly Ip[]
  /** Where an egress address must lie for the node to answer for it. */
  readonly networks: readonly Cidr[]
  readonly capacity: Capacity
  /** Nodes that it does not hear, and by which way. */
  readonly unheard: ReadonlyMap<string, readonly Path[]>
}

/** How many addresses it may have; absent: any number. */
export interface Capacity {
  readonly ip?: number
  readonly ipv4?: number
  readonly ipv6?: number
}

export function egressNode(node: Node): EgressNode {
  const { metadata, status } = node
  const facts = nodeFacts(node)
  const annotations = metadata.annotations ?? {}
  const cloud = cloudConfig(annotations[CLOUD_CONFIG])
  return {
    name: metadata.name,
    labels: metadata.labels ?? {},
    isAssignable: metadata.labels?.[ASSIGNABLE] !== undefined && !metadata.deletionTimestamp,
    isReady: status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false,
    addresses: facts.addresses,
    podNetworks: facts.podNetworks,
    hosts: hostsIn(annotations[HOST_CIDRS]),
    networks: cloud?.networks ?? [
      ...networksIn(annotations[PRIMARY_ADDRESSES]),
      ...networksIn(annotations[HOST_CIDRS]),
    ],
    capacity: cloud?.capacity ?? {},
    unheard: readUnheard(annotations[UNHEARD]),
  }
}

export const isOnNetworkOf = (node: EgressNode, address: Ip): boolean =>
  node.networks.some(network => contains(network, address))

/** Whether the node may have one more address of this family beside those that it has. */
export function hasRoom({ capacity }: EgressNode, has: readonly Ip[], address: Ip): boolean {
  const same = has.filter(one => familyOf(one) === familyOf(address)).length
  const limit = familyOf(address) === 4 ? capacity.ipv4 : capacity.ipv6
  return has.length < (capacity.ip ?? Number.POSITIVE_INFINITY) && same < (limit ?? Number.POSITIVE_INFINITY)
}

const SAFE = (text: string | undefined): unknown => {
  try {
    return JSON.parse(text ?? 'null')
  } catch {
    return undefined
  }
}

const networksIn = (text: string | undefined): readonly Cidr[] => networksOf(SAFE(text))

const hostsIn = (text: string | undefined): readonly Ip[] => {
  const value = SAFE(text)
  if (!Array.isArray(value)) return []
  return value.flatMap(one => (typeof one === 'string' ? (parseIp(one.split('/')[0]!) ?? []) : []))
}

function networksOf(value: unknown): readonly Cidr[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(one => (typeof one === 'string' ? (parseCidr(one) ?? []) : []))
}

function cloudConfig(
  text: string | undefined,
): { readonly networks: readonly Cidr[]; readonly capacity: Capacity } | undefined {
  const value = SAFE(text)
  const first: unknown = Array.isArray(value) ? value[0] : undefined
  if (typeof first !== 'object' || first === null) return undefined
  const { ifaddr, capacity } = first as { readonly ifaddr?: unknown; readonly capacity?: Record<string, unknown> }
  const limit = (key: string): object => (typeof capacity?.[key] === 'number' ? { [key]: capacity[key] } : {})
  return { networks: networksOf(ifaddr), capacity: { ...limit('ip'), ...limit('ipv4'), ...limit('ipv6') } }
}

export const printUnheard = (unheard: ReadonlyMap<string, readonly Path[]>): string =>
  [...unheard]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, paths]) => `${name}:${paths.toSorted().join(',')}`)
    .join(' ')

function readUnheard(text: string | undefined): ReadonlyMap<string, readonly Path[]> {
  const parts = (text ?? '').split(' ').filter(Boolean)
  return new Map(
    parts.map(part => {
      const [name = '', paths = ''] = part.split(':')
      return [name, PATHS.filter(path => paths.split(',').includes(path))] as const
    }),
  )
}

/** All of a Node that the above reads: heartbeats count as nothing. */
export const egressParts = ({ metadata, spec, status }: Node): unknown => [
  metadata.labels,
  metadata.annotations,
  metadata.deletionTimestamp,
  spec.podCIDRs,
  status?.addresses,
  status?.conditions?.find(({ type }) => type === 'Ready')?.status,
]
