import type { Route } from '../../api/route/route.ts'
import type { Verdict } from '../../model/routes/admission.ts'
import { type Claims, decideGroup, groupOf } from '../../model/routes/claims.ts'
import { type ServiceView, serviceAt, servicesOf } from '../../model/routes/endpoints.ts'
import { hostOf, readRoute, type SecretView } from '../../model/routes/read.ts'
import type { Rejection, RouteFacts, RouterPolicy, ServedRoute } from '../../model/routes/types.ts'
import { createIndex } from './index-of.ts'

/** What one host's Routes come to. */
export interface HostOutcome {
  /** Oldest first. */
  readonly served: readonly ServedRoute[]
  /** Of every Route that claims the host, by "namespace/name". */
  readonly verdicts: ReadonlyMap<string, Verdict>
}

/**
 * The Routes by host and by Service, so that a change costs what depends on it and not what there is. What `outcome` gives is a
 * function of the Routes and Services alone, whatever the order in which they came.
 */
export interface RouteTable {
  put(route: Route): void
  remove(key: string): void
  /** The Service "namespace/name" or its endpoints changed. */
  touch(service: string): void
  /** The Secret "namespace/name" changed. */
  touchSecret(secret: string): void
  /** Secrets that Routes name. */
  secrets(): ReadonlySet<string>
  /** Something else changed that these hosts depend on. */
  mark(hosts: readonly string[]): void
  /** HAProxy does not take this Route's certificate, though we thought it good. */
  refuse(key: string, pem: string): void
  /** Hosts that may have another outcome now, and Routes that claim no host; each is told once. */
  takeDirty(): { readonly hosts: ReadonlySet<string>; readonly hostless: ReadonlyMap<string, Verdict> }
  outcome(host: string): HostOutcome
}

export function createTable(policy: RouterPolicy, view: ServiceView & Partial<SecretView>): RouteTable {
  const index = createIndex()
  const { facts } = index
  const refused = new Map<string, string>()
  const sources = new Map<string, string>()
  /** Routes that must be read again when something else changes. */
  const dependent = new Map<string, Route>()
  /** What groups with a wildcard came to, until one of their Routes changes. */
  const decided = new Map<string, Claims>()
  /** By Service and port: what of it Routes depend on. Who the endpoints are is the backends' matter. */
  const standings = new Map<string, ReadonlyMap<string | number | undefined, string>>()
  let hosts = new Set<string>()
  let hostless = new Map<string, Verdict>()

  /** A wildcard and the hosts below it decide about each other; without one, each host stands alone. */
  const peersOf = (host: string): readonly string[] =>
    policy.wildcards && index.claim(`*.${groupOf(host)}`) ? index.group(host) : index.claim(host) ? [host] : []
  const touchHost = (host: string): void => {
    decided.delete(groupOf(host))
    hosts.add(host)
    for (const peer of peersOf(host)) hosts.add(peer)
  }
  const forget = (key: string): void => {
    const old = facts.get(key)
    hostless.delete(key)
    if (!old) return
    touchHost(old.host)
    index.remove(old)
    sources.delete(key)
    dependent.delete(key)
  }
  const remember = (route: Route, read: RouteFacts): void => {
    index.add(read)
    if (read.externalSecret !== undefined) dependent.set(read.key, route)
    touchHost(read.host)
  }
  const claimantsOf = (host: string): RouteFacts[] =>
    index.ofHost(host).map(key => {
      const route = facts.get(key)!
      const isRefused = route.certificate !== undefined && refused.get(key) === route.certificate.pem
      return isRefused ? { ...route, fault: REFUSED } : route
    })
  const claimsOf = (host: string): Claims => {
    const group = groupOf(host)
    const peers = peersOf(host)
    const claims = decided.get(group) ?? decideGroup(peers.flatMap(claimantsOf), policy)
    if (peers.length > 1) decided.set(group, claims)
    return claims
  }
  const put = (route: Route): void => {
    const key = `${route.metadata.namespace}/${route.metadata.name}`
    const source = sourceOf(route)
    const known = facts.get(key)
    if (known && source !== undefined && source === sources.get(key)) return void hosts.add(known.host)
    forget(key)
    const reading = readRoute(route, policy, view.secret ? { secret: view.secret } : undefined)
    if ('rejection' in reading)
      return void hostless.set(key, { host: hostOf(route, policy), rejection: reading.rejection })
    if (source !== undefined) sources.set(key, source)
    remember(route, reading.facts)
  }
  return {
    put,
    remove: forget,
    touch(service) {
      const users = index.ofService(service).map(key => facts.get(key)!)
      const ports = new Map(users.map(({ port }) => [port, '']))
      for (const port of ports.keys()) ports.set(port, standing(service, port, view))
      const before = standings.get(service)
      for (const { host, port } of users) if (before?.get(port) !== ports.get(port)) hosts.add(host)
      if (users.length > 0) standings.set(service, ports)
      else standings.delete(service)
    },
    touchSecret(secret) {
      for (const key of index.ofSecret(secret)) {
        const route = dependent.get(key)
        if (route) put(route)
      }
    },
    secrets: index.secrets,
    mark: marked => marked.forEach(host => void hosts.add(host)),
    refuse(key, pem) {
      refused.set(key, pem)
      touchHost(facts.get(key)?.host ?? '')
    },
    takeDirty() {
      const taken = { hosts, hostless }
      hosts = new Set()
      hostless = new Map()
      return taken
    },
    outcome(host) {
      return outcomeOf(host, claimantsOf(host), claimsOf(host), view)
    },
  }
}

const standing = (service: string, port: string | number | undefined, view: ServiceView): string => {
  const { endpoints, problem } = serviceAt({ service, weight: 1 }, port, view)
  return problem ?? String(endpoints.length > 0)
}

/** Equal for versions of a Route that read the same, as after a change of status; kept where reading takes long. */
const sourceOf = ({ metadata: { uid, annotations }, spec }: Route): string | undefined =>
  spec.tls?.certificate ? JSON.stringify([uid, annotations, spec]) : undefined

const REFUSED: Rejection = {
  reason: 'ExtendedValidationFailed',
  message: 'HAProxy does not accept spec.tls.certificate',
}

function outcomeOf(
  host: string,
  claimants: readonly RouteFacts[],
  { winners, losers }: Claims,
  view: ServiceView,
): HostOutcome {
  const served = winners
    .filter(route => route.host === host)
    .map((route): ServedRoute => ({ route, services: servicesOf(route, view) }))
  const verdicts = new Map<string, Verdict>()
  for (const { route, services } of served)
    verdicts.set(route.key, { host: route.host, services, ...warningsOf(route) })
  for (const route of claimants) {
    const rejection = losers.get(route.key)
    if (rejection) verdicts.set(route.key, { host, rejection, ...warningsOf(route) })
  }
  return { served, verdicts }
}

const warningsOf = ({ warnings }: RouteFacts): Pick<Verdict, 'warnings'> => (warnings ? { warnings } : {})
