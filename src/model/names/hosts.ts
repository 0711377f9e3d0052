import type { Endpoint, EndpointSlice } from '../../api/discovery/endpoint-slice.ts'
import type { Ip } from '../../lib/ip.ts'
import { parseIp } from '../../lib/ip.ts'
import { endpointList } from '../services/endpoints.ts'

/** An address that a name of a Service leads to. */
export interface Host {
  readonly address: Ip
  /** The label under the Service's name; absent for the Service's own address. */
  readonly hostname?: string
  readonly ports: readonly HostPort[]
}

export interface HostPort {
  readonly name: string
  readonly protocol: string
  readonly port: number
}

const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/

/** The endpoint's own hostname, else its address in words: 10-128-0-5, fd01--5. */
export function hostnameOf(endpoint: Endpoint, address: Ip): string {
  const hostname = endpoint.hostname?.toLowerCase()
  return hostname !== undefined && LABEL.test(hostname) ? hostname : address.replace(/[.:]/g, '-')
}

/** Ready endpoints, ordered by address; one that stands in several slices has the ports of all of them. */
export function hostsOf(slices: readonly EndpointSlice[]): readonly Host[] {
  const hosts = new Map<string, { address: Ip; hostname: string; ports: Map<string, HostPort> }>()
  for (const slice of slices) {
    if (slice.addressType === 'FQDN') continue
    const ports = slice.ports ?? []
    for (const endpoint of endpointList(slice)) {
      if (endpoint.conditions?.ready === false) continue
      for (const text of endpoint.addresses) {
        const address = parseIp(text)
        if (address === undefined) continue
        const hostname = hostnameOf(endpoint, address)
        const host = hosts.get(`${address} ${hostname}`) ?? { address, hostname, ports: new Map() }
        hosts.set(`${address} ${hostname}`, host)
        for (const { name, protocol, port } of ports)
          if (port)
            host.ports.set(`${name} ${protocol} ${port}`, { name: name ?? '', protocol: protocol ?? 'TCP', port })
      }
    }
  }
  return [...hosts.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, host]) => ({ ...host, ports: [...host.ports.values()].sort(byName) }))
}

const byName = (a: HostPort, b: HostPort): number => (`${a.name} ${a.protocol}` < `${b.name} ${b.protocol}` ? -1 : 1)
