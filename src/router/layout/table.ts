import type { Route } from '../../api/route/route.ts'
import type { Verdict } from '../../model/routes/admission.ts'
import { decideHost } from '../../model/routes/claims.ts'
import { type ServiceView, servicesOf } from '../../model/routes/endpoints.ts'
import { hostOf, readRoute } from '../../model/routes/read.ts'
import type { Rejection, RouteFacts, RouterPolicy, ServedRoute } from '../../model/routes/types.ts'

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
  /** HAProxy does not take this Route's certificate, though we thought it good. */
  refuse(key: string, pem: string): void
  /** Hosts that may have another outcome now, and Routes that claim no host; each is told once. */
  takeDirty(): { readonly hosts: ReadonlySet<string>; readonly hostless: ReadonlyMap<string, Verdict> }
  outcome(host: string): HostOutcome
}

export function createTable(policy: RouterPolicy, view: ServiceView): RouteTable {
  const facts = new Map<string, RouteFacts>()
  const byHost = new Map<string, Set<string>>()
  const byService = new Map<string, Set<string>>()
  const refused = new Map<string, string>()
  const sources = new Map<string, string>()
  let hosts = new Set<string>()
  let hostless = new Map<string, Verdict>()

  const forget = (key: string): void => {
    const old = facts.get(key)
    hostless.delete(key)
    if (!old) return
    facts.delete(key)
    sources.delete(key)
    leave(byHost, old.host, key)
    for (const { service } of old.targets) leave(byService, service, key)
    hosts.add(old.host)
  }
  const isRefused = ({ key, certificate }: RouteFacts): boolean =>
    certificate !== undefined && refused.get(key) === certificate.pem
  return {
    put(route) {
      const key = `${route.metadata.namespace}/${route.metadata.name}`
      const source = sourceOf(route)
      const known = facts.get(key)
      if (known && source !== undefined && source === sources.get(key)) return void hosts.add(known.host)
      forget(key)
      const reading = readRoute(route, policy)
      if ('rejection' in reading)
        return void hostless.set(key, { host: hostOf(route, policy), rejection: reading.rejection })
      facts.set(key, reading.facts)
      if (source !== undefined) sources.set(key, source)
      join(byHost, reading.facts.host, key)
      for (const { service } of reading.facts.targets) join(byService, service, key)
      hosts.add(reading.facts.host)
    },
    remove: forget,
    touch(service) {
      for (const key of byService.get(service) ?? []) hosts.add(facts.get(key)!.host)
    },
    refuse(key, pem) {
      refused.set(key, pem)
      const host = facts.get(key)?.host
      if (host !== undefined) hosts.add(host)
    },
    takeDirty() {
      const taken = { hosts, hostless }
      hosts = new Set()
      hostless = new Map()
      return taken
    },
    outcome(host) {
      const claimants = [...(byHost.get(host) ?? [])].map(key => facts.get(key)!)
      return outcomeOf(
        claimants.map(route => (isRefused(route) ? { ...route, fault: REFUSED } : route)),
        policy,
        view,
      )
    },
  }
}

/** Equal for versions of a Route that read the same, as after a change of status; kept where reading takes long. */
const sourceOf = ({ metadata: { uid, annotations }, spec }: Route): string | undefined =>
  spec.tls?.certificate ? JSON.stringify([uid, annotations, spec]) : undefined

const REFUSED: Rejection = {
  reason: 'ExtendedValidationFailed',
  message: 'HAProxy does not accept spec.tls.certificate',
}

function outcomeOf(claimants: readonly RouteFacts[], policy: RouterPolicy, view: ServiceView): HostOutcome {
  const { winners, losers } = decideHost(claimants, policy)
  const served = winners.map((route): ServedRoute => ({ route, services: servicesOf(route, view) }))
  const verdicts = new Map<string, Verdict>()
  for (const { route, services } of served) verdicts.set(route.key, { host: route.host, services })
  for (const { key, host } of claimants) {
    const rejection = losers.get(key)
    if (rejection) verdicts.set(key, { host, rejection })
  }
  return { served, verdicts }
}

function join(index: Map<string, Set<string>>, value: string, key: string): void {
  const keys = index.get(value)
  if (keys) keys.add(key)
  else index.set(value, new Set([key]))
}

function leave(index: Map<string, Set<string>>, value: string, key: string): void {
  const keys = index.get(value)
  keys?.delete(key)
  if (keys?.size === 0) index.delete(value)
}
