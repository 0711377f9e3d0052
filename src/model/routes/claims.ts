import type { Rejection, RouteFacts, RouterPolicy } from './types.ts'

/** Oldest first; of the same second, by UID. Source: OKD's router (RouteLessThan). */
export const byAge = (a: RouteFacts, b: RouteFacts): number =>
  compare(a.created, b.created) || compare(a.uid, b.uid) || compare(a.key, b.key)

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

export interface Claims {
  /** Who serves, by path: at most one Route a path. */
  readonly winners: readonly RouteFacts[]
  /** By "namespace/name". */
  readonly losers: ReadonlyMap<string, Rejection>
}

/**
 * Who of those that claim one host serves it. The oldest claim owns the host for its namespace (Strict) and its path; a Route
 * that is faulty holds its claim all the same. A pure function of the set: the order of events cannot matter.
 */
export function decideHost(claimants: readonly RouteFacts[], policy: Pick<RouterPolicy, 'namespaceOwnership'>): Claims {
  const byPath = new Map<string, RouteFacts>()
  const losers = new Map<string, Rejection>()
  let owner: RouteFacts | undefined
  for (const route of [...claimants].sort(byAge)) {
    owner ??= route
    const isForeign = policy.namespaceOwnership === 'Strict' && owner.namespace !== route.namespace
    const older = isForeign ? owner : byPath.get(pathKey(route.path))
    if (older) losers.set(route.key, claimed(route, older))
    else byPath.set(pathKey(route.path), route)
  }
  for (const route of byPath.values()) if (route.fault) losers.set(route.key, route.fault)
  return { winners: [...byPath.values()].filter(route => !route.fault), losers }
}

/** A path of slashes alone is the root. */
export const pathKey = (path: string): string => (/^\/*$/.test(path) ? '' : path)

/** Names of other namespaces are not told. */
const claimed = (route: RouteFacts, older: RouteFacts): Rejection => ({
  reason: 'HostAlreadyClaimed',
  message:
    route.namespace === older.namespace
      ? `route ${older.name} already exposes ${route.host} and is older`
      : `a route in another namespace holds ${route.host} and is older than ${route.name}`,
})
