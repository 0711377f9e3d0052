import type { RouteEndpoint, RouteFacts } from '../../model/routes/types.ts'
import { shortHash } from './keys.ts'
import type { PemFile, ServerSpec, ServerTls } from './types.ts'

export interface ServerContext {
  readonly serviceCa?: PemFile
  /** Pods are offered HTTP/2 where TLS lets both sides choose. */
  readonly http2: boolean
}

/** What a Route wants of the servers of a Service, beside who they are. */
export interface ServerWishes {
  readonly tls?: ServerTls
  readonly maxConnections?: number
  readonly checkMs?: number
  /** HTTP/2 without TLS. */
  readonly h2c?: boolean
}

/** What a cookie says of the Service it stands for. */
export const serviceId = (service: string): string => `s${shortHash('service', service).slice(0, 6)}`

export function wishesOf(
  route: RouteFacts,
  service: string,
  context: ServerContext,
): { readonly wishes: ServerWishes; readonly files?: readonly PemFile[] } {
  const { podConnections, checkMs, backend, backendTls } = route
  const isReencrypted = route.termination === 'reencrypt'
  const pem = isReencrypted ? route.destinationCa : backendTls?.authorities
  const authorities = pem === undefined ? undefined : { file: `ca/${shortHash('authorities', pem)}.pem`, pem }
  const own = backendTls?.certificate
  const shown = own === undefined ? undefined : { file: `clients/${shortHash('certificate', own)}.pem`, pem: own }
  const tls = isReencrypted
    ? tlsOf(service, authorities, context)
    : backend === 'https' || backend === 'grpcs'
      ? askedTls(backend === 'grpcs', backendTls, authorities, shown)
      : undefined
  const files = [authorities, shown].filter(file => file !== undefined)
  const wishes = {
    ...(tls ? { tls } : {}),
    ...(podConnections === undefined ? {} : { maxConnections: podConnections }),
    ...(checkMs === undefined ? {} : { checkMs }),
    ...(backend === 'grpc' ? { h2c: true } : {}),
  }
  return { wishes, ...(tls && files.length > 0 ? { files } : {}) }
}

/** Of an Ingress: nothing is verified unless it asks for it. */
const askedTls = (
  alpn: boolean,
  { name, asksName }: NonNullable<RouteFacts['backendTls']> = {},
  authorities: PemFile | undefined,
  shown: PemFile | undefined,
): ServerTls => ({
  ...(alpn ? { alpn } : {}),
  ...(authorities ? { authorities: authorities.file } : {}),
  ...(authorities && name ? { verifyHost: name } : {}),
  ...(asksName && name ? { sni: name } : {}),
  ...(shown ? { certificate: shown.file } : {}),
})

/** By the Route's own authority, else by the cluster's under the Service's name, else not at all. Source: OKD's router. */
function tlsOf(service: string, own: PemFile | undefined, { serviceCa, http2 }: ServerContext): ServerTls {
  const alpn = http2 ? { alpn: true } : {}
  if (own) return { authorities: own.file, ...alpn }
  if (!serviceCa) return alpn
  const [namespace, name] = service.split('/')
  return { authorities: serviceCa.file, verifyHost: `${name}.${namespace}.svc`, ...alpn }
}

/**
 * The servers of a Service, by name. The name is the value of the cookie: made of what it stands for alone, so the same at every
 * router; one of other properties is another server.
 */
export function layOutServers(
  service: string,
  endpoints: readonly RouteEndpoint[],
  wishes: ServerWishes,
  mayBeH2c: boolean,
): ReadonlyMap<string, ServerSpec> {
  const checked = endpoints.length > 1
  return new Map(
    endpoints.map(({ address, port, target, h2c }) => {
      const isH2c = h2c === true && mayBeH2c
      const rest = Object.keys(wishes).length > 0 || isH2c ? [JSON.stringify([wishes, isH2c])] : []
      const name = `${serviceId(service)}.${shortHash(target, address, port, ...rest)}`
      return [name, { address, port, checked, ...wishes, ...(isH2c ? { h2c: true } : {}) }]
    }),
  )
}
