import type { Service, ServicePort } from '../../api/core/service.ts'
import type { EndpointSlice } from '../../api/discovery/endpoint-slice.ts'
import type { Cidr } from '../../lib/cidr.ts'
import { parseCidr } from '../../lib/cidr.ts'
import type { Ip } from '../../lib/ip.ts'
import { familyOf, parseIp } from '../../lib/ip.ts'
import type { Choice } from './choose.ts'
import { choose } from './choose.ts'
import type { PortEndpoint } from './endpoints.ts'
import { endpointsOf } from './endpoints.ts'
import { graceMs, isIdled } from './idling.ts'
import type { Front, FrontRole, Outcome, Protocol, Vantage } from './types.ts'

export const SERVICE_NAME = 'kubernetes.io/service-name'
const PROXY_NAME = 'service.kubernetes.io/service-proxy-name'
const HEADLESS = 'service.kubernetes.io/headless'
const DEFAULT_AFFINITY_SECONDS = 10_800

export const isHeadless = ({ spec }: Service): boolean => spec.clusterIP === 'None'

/** The addresses that were allocated to the Service; none for headless and ExternalName ones. */
export function clusterIpsOf({ spec }: Service): readonly Ip[] {
  if (spec.type === 'ExternalName') return []
  const texts = spec.clusterIPs?.length ? spec.clusterIPs : [spec.clusterIP ?? '']
  return texts.map(parseIp).filter(address => address !== undefined)
}

/** The "namespace/name" of the Service a slice belongs to, or undefined. */
export function serviceKeyOf(slice: EndpointSlice): string | undefined {
  const name = slice.metadata.labels?.[SERVICE_NAME]
  return name ? `${slice.metadata.namespace}/${name}` : undefined
}

/** The same for the indexes of informers, which those that give the same function share. */
export const serviceIndex = (slice: EndpointSlice): readonly string[] => {
  const key = serviceKeyOf(slice)
  return key === undefined ? [] : [key]
}

/**
 * All that a Service means on one node: one front for each address and port at which it answers there. `slices` are the
 * Service's own, in any order. Headless and ExternalName Services have no front, nor those that name another proxy.
 * `nowMs`: since 1970; without it nobody waits for the pods of a Service that was woken.
 */
export function frontsOf(
  service: Service,
  slices: readonly EndpointSlice[],
  vantage: Vantage,
  nowMs = Number.POSITIVE_INFINITY,
): readonly Front[] {
  const { labels } = service.metadata
  const addresses = clusterIpsOf(service)
  if (addresses.length === 0 || labels?.[PROXY_NAME] !== undefined || labels?.[HEADLESS] !== undefined) return []
  const nobody = nobodyThere(service, nowMs)
  const fronts: Front[] = []
  for (const port of service.spec.ports ?? [])
    for (const clusterIp of addresses) {
      const protocol = port.protocol ?? 'TCP'
      const endpoints = endpointsOf(slices, familyOf(clusterIp), { name: port.name ?? '', protocol })
      const choice = choose(endpoints, vantage)
      const isAny = endpoints.some(one => one.ready || (one.serving && one.terminating))
      fronts.push(...frontsOfPort({ service, port, protocol, clusterIp, choice, isAny, nobody }, vantage))
    }
  return fronts
}

interface PortView {
  readonly service: Service
  readonly port: ServicePort
  readonly protocol: Protocol
  readonly clusterIp: Ip
  readonly choice: Choice
  readonly isAny: boolean
  /** What becomes of connections while there is no endpoint at all. */
  readonly nobody: Outcome
}

function nobodyThere(service: Service, nowMs: number): Outcome {
  if (isIdled(service)) return { is: 'wake', why: 'the Service is idled: its pods are asked for' }
  return graceMs(service, nowMs) > 0
    ? { is: 'wake', why: 'the Service was idled, and its pods are on their way' }
    : { is: 'reject', why: 'the Service has no ready endpoint' }
}

function frontsOfPort(view: PortView, vantage: Vantage): readonly Front[] {
  const { service, port, clusterIp } = view
  const seconds = affinityOf(service)
  const common = {
    protocol: view.protocol,
    portName: port.name ?? '',
    ...(seconds === undefined ? {} : { affinitySeconds: seconds }),
  }
  const inner: Front = {
    ...common,
    address: clusterIp,
    port: port.port,
    role: 'clusterIP',
    within: service.spec.internalTrafficPolicy === 'Local' ? local(view, 'internal') : cluster(view, 'client'),
    outside: NOT_FROM_OUTSIDE,
  }
  const policies = externalOutcomes(view)
  return [
    inner,
    ...externalAddresses(view, vantage).map(
      ({ address, number, role, ranges }): Front => ({
        ...common,
        ...policies,
        address,
        port: number,
        role,
        ...(ranges ? { sourceRanges: ranges } : {}),
      }),
    ),
  ]
}

const NOT_FROM_OUTSIDE: Outcome = { is: 'drop', why: 'a ClusterIP is reachable from inside the cluster only' }

/** Under externalTrafficPolicy Local clients inside the cluster still have every endpoint. */
function externalOutcomes(view: PortView): { readonly within: Outcome; readonly outside: Outcome } {
  const within = cluster(view, 'node')
  return view.service.spec.externalTrafficPolicy === 'Local'
    ? { within, outside: local(view, 'external') }
    : { within, outside: within }
}

function cluster({ choice, isAny, nobody }: PortView, source: 'client' | 'node'): Outcome {
  if (choice.cluster.length > 0) return { is: 'forward', source, backends: choice.cluster.map(backendOf) }
  return isAny ? { is: 'reject', why: 'no endpoint is chosen for this node' } : nobody
}

function local({ choice, isAny, nobody }: PortView, which: 'internal' | 'external'): Outcome {
  if (choice.local.length > 0) return { is: 'forward', source: 'client', backends: choice.local.map(backendOf) }
  return isAny ? { is: 'drop', why: `${which}TrafficPolicy is Local and this node has no ready endpoint` } : nobody
}

const backendOf = ({ address, port }: PortEndpoint): { address: Ip; port: number } => ({ address, port })

interface ExternalAddress {
  readonly address: Ip
  readonly number: number
  readonly role: FrontRole
  readonly ranges?: readonly Cidr[]
}

function externalAddresses({ service, port, clusterIp }: PortView, vantage: Vantage): readonly ExternalAddress[] {
  const { spec, status } = service
  const isSameFamily = (address: Ip | undefined): address is Ip =>
    address !== undefined && familyOf(address) === familyOf(clusterIp)
  const nodePort = spec.type === 'ClusterIP' ? 0 : (port.nodePort ?? 0)
  const balancers = spec.type === 'LoadBalancer' ? (status?.loadBalancer?.ingress ?? []) : []
  const ranges = rangesOf(service)
  return [
    ...(nodePort ? vantage.nodePortAddresses.filter(isSameFamily) : []).map(
      (address): ExternalAddress => ({ address, number: nodePort, role: 'nodePort' }),
    ),
    ...(spec.externalIPs ?? [])
      .map(parseIp)
      .filter(isSameFamily)
      .map((address): ExternalAddress => ({ address, number: port.port, role: 'externalIP' })),
    ...balancers
      .filter(ingress => ingress.ip !== undefined && (ingress.ipMode ?? 'VIP') === 'VIP')
      .map(ingress => parseIp(ingress.ip!))
      .filter(isSameFamily)
      .map(
        (address): ExternalAddress => ({
          address,
          number: port.port,
          role: 'loadBalancer',
          ...(ranges ? { ranges } : {}),
        }),
      ),
  ]
}

/** Ranges may be padded with blanks; one that allows everything is as good as none. Unreadable ones allow nobody. */
function rangesOf({ spec }: Service): readonly Cidr[] | undefined {
  if (!spec.loadBalancerSourceRanges?.length) return undefined
  const ranges = spec.loadBalancerSourceRanges.map(text => parseCidr(text.trim())).filter(range => range !== undefined)
  return ranges.some(range => range.bits === 0) ? undefined : ranges
}

function affinityOf({ spec }: Service): number | undefined {
  if (spec.sessionAffinity !== 'ClientIP') return undefined
  return spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? DEFAULT_AFFINITY_SECONDS
}
