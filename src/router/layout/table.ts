import type { Route } from '../../api/route/route.ts'
import type { Verdict } from '../../model/routes/admission.ts'
import { type Claims, decideGroup, groupOf } from '../../model/routes/claims.ts'
import { hostOf, readRoute, type SecretView } from '../../model/routes/read.ts'
import type { RouteFacts, RoutePort, RouterPolicy, RouteService, ServedRoute } from '../../model/routes/types.ts'
import { createIndex } from './index-of.ts'
import { createRefusals, type Refusals, type Refused } from './refusals.ts'
import type { Standings } from './standings.ts'

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
  /** A claim that was read elsewhere. */
  add(claim: RouteFacts): void
  remove(key: string): void
  /** The Service "namespace/name" or its endpoints changed. */
  touch(service: string): void
  /** The Secret "namespace/name" changed. */
  touchSecret(secret: string): void
  /** The claims that name this Secret. */
  ofSecret(secret: string): readonly string[]
  /** Secrets that Routes name. */
  secrets(): ReadonlySet<string>
  /** Something else changed that these hosts depend on. */
  mark(hosts: readonly string[]): void
  /** HAProxy does not take something, though we thought it good. False when no Route has it. */
  refuse(what: Refused): boolean
  /** Hosts that may have another outcome now, and Routes that claim no host; each is told once. */
  takeDirty(): { readonly hosts: ReadonlySet<string>; readonly hostless: ReadonlyMap<string, Verdict> }
  outcome(host: string): HostOutcome
}

export function createTable(policy: RouterPolicy, standings: Standings, view: Partial<SecretView>): RouteTable {
  const { facts, ...index } = createIndex()
  const refusals = createRefusals(policy.balance)
  const sources = new Map<string, string>()
  /** Routes that must be read again when something else changes. */
  const dependent = new Map<string, Route>()
  /** What groups with a wildcard came to, until one of their Routes changes. */
  const decided = new Map<string, Claims>()
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
  const add = (claim: RouteFacts): void => {
    forget(claim.key)
    index.add(claim)
    touchHost(claim.host)
  }
  const claimantsOf = (host: string): RouteFacts[] => index.ofHost(host).map(key => judged(facts.get(key)!, refusals))
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
    if (known && !known.externalSecret && source === sources.get(key)) return void hosts.add(known.host)
    forget(key)
    const reading = readRoute(route, policy, { secret: () => undefined, ...view })
    if ('rejection' in reading)
      return void hostless.set(key, { host: hostOf(route, policy), rejection: reading.rejection })
    add(reading.facts)
    sources.set(key, source)
    if (reading.facts.externalSecret !== undefined) dependent.set(key, route)
  }
  const touch = (service: string): void => {
    const users = index.ofService(service).map(key => facts.get(key)!)
    const ports = standings.touch(service)
    if (users.length === 0) standings.forget(service)
    for (const route of users) if (portsAt(route, service).some(port => ports.has(port))) hosts.add(route.host)
  }
  return {
    put,
    add,
    remove: forget,
    touch,
    touchSecret(secret) {
      for (const key of index.ofSecret(secret)) if (dependent.has(key)) put(dependent.get(key)!)
    },
    ofSecret: index.ofSecret,
    secrets: index.secrets,
    mark: marked => marked.forEach(host => void hosts.add(host)),
    refuse(what) {
      const concerned = [...facts.values()].filter(route => !refusals.faultOf(route) && refusals.isMeant(route, what))
      refusals.add(what)
      for (const { host } of concerned) touchHost(host)
      return concerned.length > 0
    },
    takeDirty() {
      const taken = { hosts, hostless }
      hosts = new Set()
      hostless = new Map()
      return taken
    },
    outcome: host => outcomeOf(host, claimantsOf(host), claimsOf(host), standings),
  }
}

function judged(route: RouteFacts, refusals: Refusals): RouteFacts {
  const fault = refusals.faultOf(route)
  return fault ? { ...route, fault } : route
}

/** Equal for versions of a Route that read the same, as after a change of status. */
const sourceOf = ({ metadata: { uid, annotations }, spec }: Route): string => JSON.stringify([uid, annotations, spec])

function outcomeOf(
  host: string,
  claimants: readonly RouteFacts[],
  { winners, losers }: Claims,
  standings: Standings,
): HostOutcome {
  const served = winners
    .filter(route => route.host === host)
    .map((route): ServedRoute => ({ route, services: servicesOf(route, standings) }))
  const verdicts = new Map<string, Verdict>()
  for (const { route, services } of served)
    verdicts.set(route.key, { host: route.host, services, ...problemsOf(route), ...warningsOf(route) })
  for (const route of claimants) {
    const rejection = losers.get(route.key)
    if (rejection) verdicts.set(route.key, { host, rejection, ...warningsOf(route) })
  }
  return { served, verdicts }
}

const portsAt = ({ targets, port }: RouteFacts, service: string): readonly (RoutePort | undefined)[] =>
  targets.filter(target => target.service === service).map(target => target.port ?? port)

const servicesOf = ({ targets, port }: RouteFacts, standings: Standings): readonly RouteService[] =>
  targets.map(target => ({ ...target, ...standings.at(target.service, target.port ?? port) }))

const problemsOf = ({ problems }: RouteFacts): Pick<Verdict, 'problems'> => (problems ? { problems } : {})
const warningsOf = ({ warnings }: RouteFacts): Pick<Verdict, 'warnings'> => (warnings ? { warnings } : {})
