import { createHash } from 'node:crypto'
import { ANY_HOST } from '../../model/routes/host.ts'
import type { Balance, RouteFacts, RouteService, ServedRoute } from '../../model/routes/types.ts'
import type { Backends } from './backends.ts'
import { classOf, isSharedAmong } from './class.ts'
import { type PathRule, resolvePaths, shortHash } from './keys.ts'
import { layOutOptions } from './options.ts'
import { type ServerContext, serviceId, wishesOf } from './servers.ts'
import { layOutTurns, NOWHERE, UNKNOWN } from './turns.ts'
import type { CertificateSpec, HeldBackend, HostPart } from './types.ts'

/** What a host's part depends on beside its Routes. */
export interface PartContext extends ServerContext {
  /** Some Ingresses are for hosts that nobody claims. */
  readonly ingress: boolean
  /** The certificate is this host's alone, and clients may be offered HTTP/2. */
  readonly isOffered: (pem: string) => boolean
  /** Of a wildcard: hosts below it that its certificate is not for. */
  readonly except: readonly string[]
  /** How Routes are balanced that do not say. */
  readonly balance?: Balance
}

/** Lays out the Routes that won one host. Takes backends; `releasePart` gives them back. */
export function layOutHost(
  host: string,
  served: readonly ServedRoute[],
  backends: Backends,
  context: PartContext,
): HostPart {
  const draft: Draft = { weights: new Map(), canaries: new Map(), options: new Map(), allow: new Map(), held: [] }
  const laid = served.map(one => ({ route: one.route, record: layOutRoute(one, draft, backends, context) }))
  const certificate = host === ANY_HOST ? undefined : certificateOf(host, served, context)
  const passed = laid.find(({ route }) => route.termination === 'passthrough')
  const rest = restOf(served)
  const keyHost = keyHostOf(host, served)
  const http = resolvePaths(keyHost, [...rest, ...laid.map(plainRule)], NOWHERE)
  const https = resolvePaths(keyHost, [...rest, ...laid.flatMap(secureRule)], NOWHERE)
  return {
    host,
    held: draft.held,
    ...(certificate ? { certificate } : {}),
    ...(served.some(usesServiceCa) ? { usesServiceCa: true } : {}),
    maps: {
      'weights.map': draft.weights,
      'canaries.map': draft.canaries,
      'allow.map': draft.allow,
      'options.map': draft.options,
      'claimed.map': new Map(context.ingress && !isWhole(keyHost, http, https) ? [[host, '1']] : []),
      'http.map': http,
      'https.map': https,
      'sni.map': new Map(passed ? [[host, passed.record]] : []),
    },
  }
}

/** A wildcard of a Route takes what is left of the hosts below it, as on OKD; one of an Ingress does not. */
const keyHostOf = (host: string, served: readonly ServedRoute[]): string =>
  host.startsWith('*.') && served.every(({ route }) => route.ingress) ? `+${host.slice(1)}` : host

/** Of an Ingress's host no request goes elsewhere: what no path takes is not found. */
const restOf = (served: readonly ServedRoute[]): readonly PathRule[] =>
  served.some(({ route }) => route.ingress) && !served.some(({ route }) => route.fallback)
    ? [{ path: '', value: UNKNOWN, serves: true, fallback: true }]
    : []

/** Nothing of a host's requests is left for rules without a host. */
const isWhole = (host: string, ...maps: readonly ReadonlyMap<string, string>[]): boolean =>
  host === ANY_HOST || maps.every(map => map.has(`${host}/`))

/** Gives back what a part held. What the next one holds too was taken again before, so it stays as it is. */
export const releasePart = ({ held }: HostPart, backends: Backends): void => {
  for (const one of held) backends.release(one)
}

/** What the Routes of one host need, as it is found. */
interface Draft {
  readonly weights: Map<string, string>
  readonly canaries: Map<string, string>
  readonly options: Map<string, string>
  readonly allow: Map<string, string>
  readonly held: HeldBackend[]
}

interface Laid {
  readonly route: RouteFacts
  readonly record: string
}

const usesServiceCa = ({ route }: ServedRoute): boolean =>
  route.termination === 'reencrypt' && route.destinationCa === undefined

/** What plain HTTP gets. */
function plainRule({ route, record }: Laid): PathRule {
  if (route.ingress)
    return {
      ...ruleOf(route),
      value: route.insecure === 'Redirect' ? `!https308|${route.ingress}` : record,
      serves: true,
    }
  if (route.termination === 'http' || (route.insecure === 'Allow' && route.termination !== 'passthrough'))
    return { path: route.path, value: record, serves: true }
  return { path: route.path, serves: false, value: route.insecure === 'Redirect' ? `!https|${route.key}` : undefined }
}

const secureRule = ({ route, record }: Laid): readonly PathRule[] =>
  route.termination === 'edge' || route.termination === 'reencrypt'
    ? [{ ...ruleOf(route), value: record, serves: true }]
    : []

const ruleOf = ({
  path,
  exact,
  fallback,
  begins,
}: RouteFacts): Pick<PathRule, 'path' | 'exact' | 'fallback' | 'begins'> => ({
  path,
  ...(exact ? { exact } : {}),
  ...(fallback ? { fallback } : {}),
  ...(begins ? { begins } : {}),
})

/**
 * The record of a Route: target | namespace/name | Service | cookie | options, without empty ends. The target is a backend, or
 * `w:` with the turns of a weighted choice, in which case the Service stands with the turn.
 */
function layOutRoute({ route, services }: ServedRoute, draft: Draft, backends: Backends, context: PartContext): string {
  const cookie = cookieOf(route)
  const spec = classOf(route, isSharedAmong(services), context.balance)
  // Of a Service without weight, clients that have its cookie, or say that they want it, are served still.
  const isChosen = (cookie !== '' || route.canary !== undefined) && services.length > 1
  const kept = services.filter(({ weight }) => weight > 0 || isChosen)
  const chosen = kept.map(service => {
    const wish = { service: service.service, spec, ...wishesOf(route, service.service, context) }
    const port = service.port ?? route.port
    const { name, held } = backends.take(route.key, port === undefined ? wish : { ...wish, port })
    draft.held.push(held)
    return { name, id: serviceId(service.service), label: serviceName(service), service }
  })
  const { target, label } = layOutTurns(route, chosen, isChosen, draft)
  const record = [target, route.ingress ?? route.key, label, cookie, layOutOptions(route, draft)]
  while (record.at(-1) === '') record.pop()
  return record.join('|')
}

const serviceName = ({ service }: RouteService): string => service.slice(service.indexOf('/') + 1)

/** A letter for the attributes, then the name: the same at every router. Source of the name: OKD's router. */
function cookieOf(route: RouteFacts): string {
  if (route.disableCookies || route.termination === 'passthrough') return ''
  const name = route.cookieName ?? cookieName(route)
  if (route.web?.cookie) return `o${name}`
  if (route.termination === 'http' || route.insecure === 'Allow') return `p${name}`
  return `${{ Lax: 'l', Strict: 's', None: 'n' }[route.sameSite ?? 'None']}${name}`
}

const cookieName = ({ namespace, name }: RouteFacts): string =>
  createHash('md5').update(` ${namespace}:${name}`).digest('hex')

/** The oldest Route of the host with a certificate decides; Routes come oldest first. */
function certificateOf(
  host: string,
  served: readonly ServedRoute[],
  { isOffered, except }: PartContext,
): CertificateSpec | undefined {
  const pem = served.find(({ route }) => route.certificate)?.route.certificate?.pem
  if (pem === undefined) return undefined
  const line = { hosts: [host], ...(isOffered(pem) ? { h2: true } : {}), ...(except.length > 0 ? { except } : {}) }
  return { file: `certs/${shortHash('certificate', JSON.stringify(line))}.pem`, pem, ...line }
}
