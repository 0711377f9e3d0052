import type { RouteEndpoint, RouteFacts, RouteService } from '../../model/routes/types.ts'
import { shortHash } from './keys.ts'
import type { AuthoritySpec, ServerSpec, ServerTls } from './types.ts'

export interface ServerContext {
  readonly serviceCa?: AuthoritySpec
  /** Pods are offered HTTP/2 where TLS lets both sides choose. */
  readonly http2: boolean
}

/** What a cookie says of the Service it stands for. */
export const serviceId = (service: string): string => `s${shortHash('service', service).slice(0, 6)}`

/**
 * The servers of one Service of a Route, by name. The name is the value of the cookie: made of what it stands for alone, so the same
 * at every router; one of other properties is another server. Authorities are put beside.
 */
export function layOutServers(
  route: RouteFacts,
  service: RouteService,
  context: ServerContext,
  authorities: Map<string, string>,
): ReadonlyMap<string, ServerSpec> {
  const tls = route.termination === 'reencrypt' ? tlsOf(route, service, context, authorities) : undefined
  const checked = service.endpoints.length > 1
  const { podConnections, checkMs } = route
  const common = {
    checked,
    ...(tls ? { tls } : {}),
    ...(podConnections === undefined ? {} : { maxConnections: podConnections }),
    ...(checkMs === undefined ? {} : { checkMs }),
  }
  const { checked: _, ...properties } = common
  return new Map(service.endpoints.map(endpoint => serverOf(route, service, endpoint, common, properties)))
}

function serverOf(
  route: RouteFacts,
  { service }: RouteService,
  { address, port, target, h2c }: RouteEndpoint,
  common: Omit<ServerSpec, 'address' | 'port'>,
  properties: object,
): [name: string, spec: ServerSpec] {
  const isH2c = h2c && (route.termination === 'http' || route.termination === 'edge')
  const rest = Object.keys(properties).length > 0 || isH2c ? [JSON.stringify([properties, isH2c ?? false])] : []
  const name = `${serviceId(service)}.${shortHash(target, address, port, ...rest)}`
  return [name, { address, port, ...common, ...(isH2c ? { h2c: true } : {}) }]
}

/** By the Route's own authority, else by the cluster's under the Service's name, else not at all. Source: OKD's router. */
function tlsOf(
  route: RouteFacts,
  { service }: RouteService,
  { serviceCa, http2 }: ServerContext,
  authorities: Map<string, string>,
): ServerTls {
  const alpn = http2 ? { alpn: true } : {}
  if (route.destinationCa !== undefined) {
    const file = `ca/${shortHash('authorities', route.key, route.destinationCa)}.pem`
    authorities.set(file, route.destinationCa)
    return { authorities: file, ...alpn }
  }
  if (!serviceCa) return alpn
  const [namespace, name] = service.split('/')
  return { authorities: serviceCa.file, verifyHost: `${name}.${namespace}.svc`, ...alpn }
}
