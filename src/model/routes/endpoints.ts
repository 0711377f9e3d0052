import type { Service } from '../../api/core/service.ts'
import type { Endpoint, EndpointSlice } from '../../api/discovery/endpoint-slice.ts'
import type { Cidr } from '../../lib/cidr.ts'
import { cidr, contains } from '../../lib/cidr.ts'
import type { Ip } from '../../lib/ip.ts'
import { familyOf, parseIp } from '../../lib/ip.ts'
import { graceMs, isIdled } from '../services/idling.ts'
import type { RouteEndpoint, RouteService, RouteTarget } from './types.ts'

/** What a router knows of the Services. */
export interface ServiceView {
  service(key: string): Service | undefined
  slices(key: string): readonly EndpointSlice[]
  /** ms since 1970; without it nobody waits for the pods of a Service that was woken. */
  now?(): number
}

/** Where requests to one Service may go, at the port a Route names. */
export function serviceAt(target: RouteTarget, port: string | number | undefined, view: ServiceView): RouteService {
  const service = view.service(target.service)
  if (!service) return { ...target, endpoints: [], problem: 'ServiceNotFound' }
  const wanted = ownPort(service, port)
  if (wanted === 'none') return { ...target, endpoints: [], problem: 'PortNotFound' }
  const slices = view.slices(target.service)
  const endpoints = endpointsOf(slices, wanted.port)
  if (endpoints.length > 0) return { ...target, endpoints }
  // A slice without endpoints, as Services without pods have, does not say which ports there would be.
  const telling = slices.filter(slice => slice.endpoints.length > 0)
  const isPortKnown = telling.length === 0 || telling.some(slice => portsOf(slice, wanted.port).length > 0)
  if (isIdled(service) || graceMs(service, view.now?.() ?? Number.POSITIVE_INFINITY) > 0)
    return { ...target, endpoints: [], problem: 'NoEndpoints', idled: true }
  return { ...target, endpoints: [], problem: isPortKnown ? 'NoEndpoints' : 'PortNotFound' }
}

/** A port of the Service, as an Ingress names it, has the same name in its slices. */
function ownPort(
  { spec }: Service,
  port: string | number | undefined,
): { readonly port: string | number | undefined } | 'none' {
  if (typeof port !== 'string' || !port.startsWith(':')) return { port }
  const wanted = port.slice(1)
  const found = spec.ports?.find(({ name, port: number }) => name === wanted || String(number) === wanted)
  return found ? { port: found.name ?? '' } : 'none'
}

/**
 * Ready TCP endpoints at the Route's port: a name is an endpoint port's name, a number an endpoint's port, none means every
 * port. Ordered by address and port; an address and port in several slices counts once. Source: OKD's router.
 */
export function endpointsOf(
  slices: readonly EndpointSlice[],
  port: string | number | undefined,
): readonly RouteEndpoint[] {
  const found = new Map<string, RouteEndpoint>()
  for (const slice of slices) {
    if (slice.addressType !== 'IPv4' && slice.addressType !== 'IPv6') continue
    for (const wanted of portsOf(slice, port)) for (const endpoint of slice.endpoints) collect(found, endpoint, wanted)
  }
  return [...found.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, endpoint]) => endpoint)
}

interface Port {
  readonly number: number
  readonly h2c: boolean
}

function portsOf(slice: EndpointSlice, port: string | number | undefined): readonly Port[] {
  const isWanted = (name: string, number: number): boolean =>
    port === undefined || (typeof port === 'number' ? number === port : name === port)
  return (slice.ports ?? [])
    .filter(({ protocol, name, port: number }) => (protocol ?? 'TCP') === 'TCP' && isWanted(name ?? '', number ?? 0))
    .map(({ port: number, appProtocol }) => ({ number: number ?? 0, h2c: H2C.includes(appProtocol ?? '') }))
    .filter(({ number }) => Number.isInteger(number) && number > 0 && number < 65536)
}

const H2C: readonly string[] = ['h2c', 'kubernetes.io/h2c']

function collect(found: Map<string, RouteEndpoint>, endpoint: Endpoint, { number: port, h2c }: Port): void {
  if (endpoint.conditions?.ready === false) return
  for (const text of endpoint.addresses) {
    const address = parseIp(text)
    if (address === undefined || isForbidden(address)) continue
    const target = endpoint.targetRef?.uid ?? ''
    const key = `${address} ${port}`
    const known = found.get(key)
    if (!known || target > known.target) found.set(key, { address, port, target, ...(h2c ? { h2c } : {}) })
  }
}

const FORBIDDEN_4 = [
  '0.0.0.0/8',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '168.63.129.16/32',
].map(cidr)

/** The networks of 6to4 that lead to one of IPv4: its bits follow 2002. */
const by6to4 = ({ address, bits }: Cidr): Cidr => {
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number)
  return cidr(`2002:${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}::/${16 + bits}`)
}

/**
 * Addresses a router must not be made to call for a tenant who writes EndpointSlices: its own host, link-local metadata
 * services, multicast. Also in the forms in which IPv6 holds those of IPv4. Source: OKD's router.
 */
const FORBIDDEN: readonly Cidr[] = [
  ...FORBIDDEN_4,
  ...FORBIDDEN_4.map(by6to4),
  ...['::/96', '::ffff:0:0/96', '64:ff9b::/96', '64:ff9b:1::/48', 'fe80::/10', 'ff00::/8', 'fd00:ec2::254/128'].map(
    cidr,
  ),
]

export const isForbidden = (address: Ip): boolean =>
  FORBIDDEN.some(network => network.family === familyOf(address) && contains(network, address))
