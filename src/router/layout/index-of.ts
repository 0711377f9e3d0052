import { groupOf } from '../../model/routes/claims.ts'
import type { RouteFacts } from '../../model/routes/types.ts'

/** The Routes, and which of them concern a host, a Service or a Secret. */
export interface RouteIndex {
  /** By "namespace/name". */
  readonly facts: ReadonlyMap<string, RouteFacts>
  add(route: RouteFacts): void
  remove(route: RouteFacts): void
  /** Whether a Route claims the host. */
  claim(host: string): boolean
  /** The claimed hosts of the same domain, wildcard included. */
  group(host: string): readonly string[]
  ofHost(host: string): readonly string[]
  ofService(service: string): readonly string[]
  ofSecret(secret: string): readonly string[]
  secrets(): ReadonlySet<string>
}

/** The Secrets it names, by "namespace/name". */
const secretsOf = ({ externalSecret, backendSecret }: RouteFacts): readonly string[] =>
  [externalSecret, backendSecret].filter(secret => secret !== undefined)

type Index = Map<string, Set<string>>

export function createIndex(): RouteIndex {
  const facts = new Map<string, RouteFacts>()
  const byHost: Index = new Map()
  const byGroup: Index = new Map()
  const byService: Index = new Map()
  const bySecret: Index = new Map()
  return {
    facts,
    add(route) {
      facts.set(route.key, route)
      join(byHost, route.host, route.key)
      join(byGroup, groupOf(route.host), route.host)
      for (const { service } of route.targets) join(byService, service, route.key)
      for (const secret of secretsOf(route)) join(bySecret, secret, route.key)
    },
    remove(route) {
      facts.delete(route.key)
      leave(byHost, route.host, route.key)
      if (!byHost.has(route.host)) leave(byGroup, groupOf(route.host), route.host)
      for (const { service } of route.targets) leave(byService, service, route.key)
      for (const secret of secretsOf(route)) leave(bySecret, secret, route.key)
    },
    claim: host => byHost.has(host),
    group: host => [...(byGroup.get(groupOf(host)) ?? [])],
    ofHost: host => [...(byHost.get(host) ?? [])],
    ofService: service => [...(byService.get(service) ?? [])],
    ofSecret: secret => [...(bySecret.get(secret) ?? [])],
    secrets: () => new Set(bySecret.keys()),
  }
}

function join(index: Index, value: string, key: string): void {
  const keys = index.get(value)
  if (keys) keys.add(key)
  else index.set(value, new Set([key]))
}

function leave(index: Index, value: string, key: string): void {
  const keys = index.get(value)
  keys?.delete(key)
  if (keys?.size === 0) index.delete(value)
}
