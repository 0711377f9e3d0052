import type { Endpoint, EndpointSlice } from '../../api/discovery/endpoint-slice.ts'
import type { Family, Ip } from '../../lib/ip.ts'
import { familyOf, parseIp } from '../../lib/ip.ts'
import type { Backend, Protocol } from './types.ts'

/** One address and port of a Service, with what decides whether it is used. */
export interface PortEndpoint extends Backend {
  readonly ready: boolean
  readonly serving: boolean
  readonly terminating: boolean
  readonly node?: string
  readonly zone?: string
  readonly hostname?: string
  /** The pod behind it, "namespace/name". */
  readonly pod?: string
  readonly hintZones?: readonly string[]
  readonly hintNodes?: readonly string[]
}

/**
 * The endpoints of one port of a Service, over all its slices: an address and port that stands in several of them counts
 * once, and the one that is not terminating wins. Ordered by address (as text) and port, whatever the order of the slices.
 */
export function endpointsOf(
  slices: readonly EndpointSlice[],
  family: Family,
  port: { readonly name: string; readonly protocol: Protocol },
): readonly PortEndpoint[] {
  const found = new Map<string, PortEndpoint>()
  for (const slice of slices) {
    if (slice.addressType !== (family === 4 ? 'IPv4' : 'IPv6')) continue
    for (const { name, protocol, port: number } of slice.ports ?? []) {
      if ((name ?? '') !== port.name || (protocol ?? 'TCP') !== port.protocol || !number) continue
      for (const endpoint of endpointList(slice)) collect(found, endpoint, family, number)
    }
  }
  return [...found.values()].sort(byAddress)
}

/** Kubernetes writes a list without items as null in places where its schema demands a list. */
export const endpointList = ({ endpoints }: EndpointSlice): readonly Endpoint[] => endpoints ?? []

function collect(found: Map<string, PortEndpoint>, endpoint: Endpoint, family: Family, port: number): void {
  // The addresses of one endpoint are interchangeable: proxies use the first.
  const address = parseIp(endpoint.addresses[0] ?? '')
  if (address === undefined || familyOf(address) !== family) return
  const key = `${address} ${port}`
  const known = found.get(key)
  const candidate = portEndpoint(endpoint, address, port)
  if (!known || rank(candidate) > rank(known)) found.set(key, candidate)
}

/** Absent conditions mean: ready, serving, and not on the way out (EndpointConditions of discovery.k8s.io/v1). */
function portEndpoint(endpoint: Endpoint, address: Ip, port: number): PortEndpoint {
  const { conditions, nodeName, zone, hostname, targetRef, hints } = endpoint
  // By assignment: a hundred thousand of these are made at the start of an agent, and spreads cost ten times as much.
  const made: { -readonly [K in keyof PortEndpoint]: PortEndpoint[K] } = {
    address,
    port,
    ready: conditions?.ready ?? true,
    serving: conditions?.serving ?? conditions?.ready ?? true,
    terminating: conditions?.terminating ?? false,
  }
  if (nodeName) made.node = nodeName
  if (zone) made.zone = zone
  if (hostname) made.hostname = hostname
  if (targetRef?.kind === 'Pod') made.pod = `${targetRef.namespace}/${targetRef.name}`
  if (hints?.forZones?.length) made.hintZones = hints.forZones.map(hint => hint.name)
  if (hints?.forNodes?.length) made.hintNodes = hints.forNodes.map(hint => hint.name)
  return made
}

/** A total order, so that which of two equal addresses wins does not depend on the order of the slices. */
const rank = (endpoint: PortEndpoint): string =>
  [!endpoint.terminating, endpoint.ready, endpoint.serving].map(Number).join('') +
  JSON.stringify([
    endpoint.node,
    endpoint.zone,
    endpoint.hostname,
    endpoint.pod,
    endpoint.hintZones,
    endpoint.hintNodes,
  ])

function byAddress(a: PortEndpoint, b: PortEndpoint): number {
  if (a.address === b.address) return a.port - b.port
  return a.address < b.address ? -1 : 1
}
