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

type ClaimPolicy = Pick<RouterPolicy, 'namespaceOwnership'>

/**
 * Who of those that claim one host serves it. The oldest claim owns the host for its namespace (Strict) and its path; a Route
 * that is faulty holds its claim all the same. A pure function of the set: the order of events cannot matter.
 */
export const decideHost = (claimants: readonly RouteFacts[], policy: ClaimPolicy): Claims =>
  decideGroup(claimants, policy)

/**
 * The same for all hosts of one domain, where one of them may be its wildcard: of another namespace, it and the hosts below it shut
 * each other out, and the older claim stands. Source: OKD's router (HostAdmitter).
 */
export function decideGroup(claimants: readonly RouteFacts[], policy: ClaimPolicy): Claims {
  const hosts = new Map<string, HostClaims>()
  const losers = new Map<string, Rejection>()
  const winners: RouteFacts[] = []
  for (const route of [...claimants].sort(byAge)) {
    const claims: HostClaims = hosts.get(route.host) ?? { byPath: new Map() }
    const isStrict = policy.namespaceOwnership === 'Strict'
    const loss = (isStrict ? foreignClaim(route, claims, hosts) : undefined) ?? sameHostClaim(route, claims)
    if (loss) losers.set(route.key, loss)
    else {
      hosts.set(route.host, claims)
      claims.owner ??= route
      if (!route.ingress) claims.routeOwner ??= route
      if (route.termination === 'passthrough') claims.passthrough ??= route
      if (isTls(route)) claims.tls ??= route
      claims.byPath.set(claimKey(route), route)
      winners.push(route)
    }
  }
  for (const route of winners) if (route.fault) losers.set(route.key, route.fault)
  return { winners: winners.filter(route => !route.fault), losers }
}

interface HostClaims {
  owner?: RouteFacts
  /** The oldest that is no Ingress: Ingresses of all namespaces share a host, but not with another's Route. */
  routeOwner?: RouteFacts
  /** The oldest with TLS of any kind, and the one that passes it through. */
  tls?: RouteFacts
  passthrough?: RouteFacts
  readonly byPath: Map<string, RouteFacts>
}

const isTls = ({ termination }: RouteFacts): boolean => termination !== 'http'
const isWildcard = (host: string): boolean => host.startsWith('*.')

/** The domain whose hosts a wildcard would take: the host without its first label. */
export const groupOf = (host: string): string => host.slice(host.indexOf('.') + 1)

function foreignClaim(
  route: RouteFacts,
  claims: HostClaims,
  hosts: ReadonlyMap<string, HostClaims>,
): Rejection | undefined {
  const ownerOf = (other: HostClaims | undefined) => (route.ingress ? other?.routeOwner : other?.owner)
  const owner = ownerOf(claims)
  if (owner && owner.namespace !== route.namespace) return claimed(route, owner)
  const others = isWildcard(route.host) ? [...hosts.values()] : [hosts.get(`*.${groupOf(route.host)}`)]
  const blocker = others.map(ownerOf).find(other => other && other.namespace !== route.namespace)
  return blocker && claimed(route, blocker)
}

/** One path has one Route; TLS passed through leaves nothing for other Routes with TLS. */
function sameHostClaim(route: RouteFacts, { byPath, tls, passthrough }: HostClaims): Rejection | undefined {
  const older =
    byPath.get(claimKey(route)) ?? (route.termination === 'passthrough' ? tls : isTls(route) ? passthrough : undefined)
  return older && claimed(route, older)
}

/** An exact path, and what is left of a host, stand beside a path of the same text. */
const claimKey = ({ path, exact, fallback, begins }: RouteFacts): string =>
  exact ? `=${path}` : fallback ? '*' : begins ? `~${path}` : pathKey(path)

/** A path of slashes alone is the root. */
export const pathKey = (path: string): string => (/^\/*$/.test(path) ? '' : path)

/** Names of other namespaces are not told. */
const claimed = (route: RouteFacts, older: RouteFacts): Rejection => ({
  reason: 'HostAlreadyClaimed',
  message:
    route.namespace !== older.namespace
      ? `${kindOf(older)} in another namespace holds ${route.host} and is older than ${route.name}`
      : `${older.ingress ? 'ingress' : 'route'} ${older.name} already exposes ${route.host} and is older`,
})

const kindOf = ({ ingress }: RouteFacts): string => (ingress ? 'an ingress' : 'a route')
