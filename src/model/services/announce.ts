import { createHash } from 'node:crypto'
import type { Node } from '../../api/core/node.ts'
import type { Service } from '../../api/core/service.ts'
import type { EndpointSlice } from '../../api/discovery/endpoint-slice.ts'
import type { Ip } from '../../lib/ip.ts'
import { familyOf, parseIp } from '../../lib/ip.ts'
import { nodeFacts } from '../nodes/facts.ts'
import { endpointList } from './endpoints.ts'

/** A load balancer address that some node is to answer for on the machine network. */
export interface Announcement {
  readonly address: Ip
  /** "namespace/name". */
  readonly service: string
  /** Names of nodes, the preferred one first: of those that live, the first has it. */
  readonly candidates: readonly string[]
}

const EXCLUDED = 'node.kubernetes.io/exclude-from-external-load-balancers'

/** The addresses of load balancers that packets keep as their destination (ipMode VIP). */
export const balancerAddresses = ({ spec, status }: Service): readonly Ip[] =>
  spec.type === 'LoadBalancer'
    ? (status?.loadBalancer?.ingress ?? [])
        .filter(({ ipMode }) => (ipMode ?? 'VIP') === 'VIP')
        .flatMap(({ ip }) => parseIp(ip ?? '') ?? [])
    : []

/**
 * Who may announce what: nodes that are not excluded, and under externalTrafficPolicy Local only those with a ready endpoint.
 * A Service whose pods leave by one node (`hostOf`, by "namespace/name") is announced by that one alone.
 * Addresses are spread over nodes by rendezvous hashing, so that a node that goes moves its own addresses alone.
 */
export function announcements(
  services: readonly Service[],
  slicesOf: (service: Service) => readonly EndpointSlice[],
  nodes: readonly Node[],
  hostOf: (service: string) => string | undefined = () => undefined,
): readonly Announcement[] {
  const able = nodes.filter(isAble)
  const taken = new Set<Ip>()
  return services.toSorted(byAge).flatMap(service =>
    balancerAddresses(service).flatMap((address): readonly Announcement[] => {
      if (taken.has(address)) return []
      taken.add(address)
      const near = service.spec.externalTrafficPolicy === 'Local' ? nodesOf(slicesOf(service)) : undefined
      const key = `${service.metadata.namespace}/${service.metadata.name}`
      const host = hostOf(key)
      const candidates = able
        .filter(node => isOnLink(node, address))
        .map(({ metadata }) => metadata.name)
        .filter(name => (host === undefined || name === host) && (near?.has(name) ?? true))
        .toSorted(byRank(address))
      return [{ address, service: key, candidates }]
    }),
  )
}

const isAble = ({ metadata, status }: Node): boolean =>
  !metadata.deletionTimestamp &&
  metadata.labels?.[EXCLUDED] === undefined &&
  !status?.conditions?.some(({ type, status: is }) => type === 'NetworkUnavailable' && is === 'True')

/** Nodes that say no address at all are taken for IPv4 ones. */
function isOnLink(node: Node, address: Ip): boolean {
  const families = nodeFacts(node).addresses.map(familyOf)
  return families.length === 0 ? familyOf(address) === 4 : families.includes(familyOf(address))
}

const nodesOf = (slices: readonly EndpointSlice[]): ReadonlySet<string> =>
  new Set(
    slices
      .flatMap(endpointList)
      .filter(({ conditions }) => conditions?.ready ?? true)
      .flatMap(({ nodeName }) => nodeName ?? []),
  )

function byRank(address: Ip): (a: string, b: string) => number {
  const rank = (node: string): string => createHash('sha256').update(`${address} ${node}`).digest('hex')
  return (a, b) => (rank(a) < rank(b) ? -1 : 1)
}

/** Of two Services with one address the elder has it. */
function byAge(a: Service, b: Service): number {
  const text = ({ metadata }: Service): string => `${metadata.creationTimestamp} ${metadata.namespace}/${metadata.name}`
  return text(a) < text(b) ? -1 : 1
}
