import { sharesOf } from '../../model/routes/shares.ts'
import type { RouteFacts, RouteService, ServedRoute } from '../../model/routes/types.ts'
import { type PathRule, resolvePaths, shortHash } from './keys.ts'
import type { Ledger } from './ledger.ts'
import type { BackendClass, CertificateSpec, HostPart, ServerSpec } from './types.ts'

/** The backend without servers: its answer is 503. */
export const NOWHERE = 'none'

/** Lays out the Routes that won one host. Takes backends from the ledger; `releasePart` gives them back. */
export function layOutHost(host: string, served: readonly ServedRoute[], ledger: Ledger): HostPart {
  const draft: Draft = { weights: new Map(), timeouts: new Map(), backends: new Map(), held: [] }
  const laid = served.map(one => ({ route: one.route, record: layOutRoute(one, draft, ledger) }))
  const certificate = certificateOf(host, served)
  return {
    host,
    held: draft.held,
    backends: draft.backends,
    ...(certificate ? { certificate } : {}),
    maps: {
      'weights.map': draft.weights,
      'timeout.map': draft.timeouts,
      'http.map': resolvePaths(host, laid.map(plainRule), NOWHERE),
      'https.map': resolvePaths(host, laid.flatMap(secureRule), NOWHERE),
    },
  }
}

/** Gives back what the old part held and the new one does not. */
export function releasePart(old: HostPart, next: HostPart | undefined, ledger: Ledger): void {
  const kept = new Set(next?.held.map(({ key, kind }) => `${kind} ${key}`))
  for (const { key, kind } of old.held) if (!kept.has(`${kind} ${key}`)) ledger.release(key, kind)
}

interface Draft {
  readonly weights: Map<string, string>
  readonly timeouts: Map<string, string>
  readonly backends: Map<string, ReadonlyMap<string, ServerSpec>>
  readonly held: { readonly key: string; readonly kind: BackendClass }[]
}

interface Laid {
  readonly route: RouteFacts
  readonly record: string
}

/** What plain HTTP gets. */
function plainRule({ route, record }: Laid): PathRule {
  if (route.termination === 'http' || route.insecure === 'Allow')
    return { path: route.path, value: record, serves: true }
  return { path: route.path, serves: false, value: route.insecure === 'Redirect' ? `!https|${route.key}` : undefined }
}

const secureRule = ({ route, record }: Laid): readonly PathRule[] =>
  route.termination === 'edge' ? [{ path: route.path, value: record, serves: true }] : []

/**
 * The record of a Route: target | namespace/name | Service [| options]. The target is a backend, or `w:` with the turns of a
 * weighted choice, in which case the Service stands with the turn.
 */
function layOutRoute({ route, services }: ServedRoute, draft: Draft, ledger: Ledger): string {
  const weighted = services.filter(({ weight }) => weight > 0)
  const kind = route.balance ?? (weighted.length > 1 ? 'roundrobin' : 'random')
  const backends = weighted.map(service => layOutService(route, service, kind, draft, ledger))
  const target = targetOf(route, backends, draft)
  const options = layOutOptions(route, draft)
  return [target.name, route.key, target.service, ...(options ? [options] : [])].join('|')
}

interface Backend {
  readonly name: string
  readonly service: RouteService
}

function layOutService(
  route: RouteFacts,
  service: RouteService,
  kind: BackendClass,
  draft: Draft,
  ledger: Ledger,
): Backend {
  const key = `${route.key} ${service.service}`
  const name = ledger.take(key, kind)
  draft.held.push({ key, kind })
  const checked = service.endpoints.length > 1
  const servers = service.endpoints.map(({ address, port, target }): [string, ServerSpec] => [
    `s${shortHash(target, address, port)}`,
    { address, port, checked },
  ])
  draft.backends.set(name, new Map(servers))
  return { name, service }
}

/** Services without an endpoint get no turns; when none has one, the answer is the first backend's 503. */
function targetOf(route: RouteFacts, backends: readonly Backend[], draft: Draft): { name: string; service: string } {
  const live = backends.filter(({ service }) => service.endpoints.length > 0)
  const only = live.length === 1 ? live[0] : live.length === 0 ? backends[0] : undefined
  if (only) return { name: only.name, service: serviceName(only) }
  if (live.length === 0) return { name: NOWHERE, service: '-' }
  const { total, stride, turns } = sharesOf(live.map(({ service }) => service.weight))
  const id = shortHash(route.key, ...live.flatMap(({ name, service }) => [name, service.weight]))
  let turn = 0
  for (const [index, backend] of live.entries())
    for (const end = turn + turns[index]!; turn < end; turn++)
      draft.weights.set(`${id}:${turn}`, `${backend.name}|${serviceName(backend)}`)
  return { name: `w:${id}:${total}:${stride}`, service: '-' }
}

const serviceName = ({ service }: Backend): string => service.service.slice(service.service.indexOf('/') + 1)

/** Options are data of their own, found by an id: most Routes have none and pay nothing. */
function layOutOptions({ key, timeoutMs }: RouteFacts, draft: Draft): string | undefined {
  if (timeoutMs === undefined) return undefined
  const id = shortHash('options', key, timeoutMs)
  draft.timeouts.set(id, String(timeoutMs))
  return id
}

/** The oldest Route of the host with a certificate decides; Routes come oldest first. */
function certificateOf(host: string, served: readonly ServedRoute[]): CertificateSpec | undefined {
  const pem = served.find(({ route }) => route.certificate)?.route.certificate?.pem
  return pem === undefined ? undefined : { file: `certs/${shortHash('certificate', host)}.pem`, pem, hosts: [host] }
}
