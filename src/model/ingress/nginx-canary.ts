import type { CanaryRule, RouteFacts, RoutePort } from '../routes/types.ts'
import type { CanaryShare } from './nginx.ts'
import { readPattern } from './pattern.ts'

/** An Ingress that takes a share of the requests of another one of its namespace. */
export interface Canary {
  /** "namespace/name". */
  readonly key: string
  readonly namespace: string
  /** RFC 3339. */
  readonly created: string
  readonly share: CanaryShare
  readonly places: readonly CanaryPlace[]
}

/** A host and path, as the other Ingress must have them too, and where the share goes. */
export interface CanaryPlace {
  readonly host: string
  readonly path: string
  readonly exact: boolean
  /** "namespace/name". */
  readonly service: string
  readonly port: RoutePort
}

/** More turns than these would only fill tables; a share is rounded to them, never to nothing. */
const MAX_TURNS = 1000

/** The oldest canary that has the claim's host and path, and leads to another Service, takes its share. */
export function withCanary(claim: RouteFacts, canaries: readonly Canary[]): RouteFacts {
  const [primary] = claim.targets
  if (!primary || claim.targets.length > 1 || claim.termination === 'passthrough') return claim
  const place = canaries
    .toSorted((a, b) => (a.created + a.key < b.created + b.key ? -1 : 1))
    .flatMap(({ places, share }) => places.filter(place => isAt(place, claim)).map(place => ({ ...place, share })))
    .find(({ service }) => service !== primary.service)
  if (!place) return claim
  const { service, port, share } = place
  const { weight, total, ...how } = share
  const turns = Math.min(total, MAX_TURNS)
  const taken = weight === 0 ? 0 : Math.max(1, Math.round((weight * turns) / total))
  const canary: CanaryRule = { service, ...how }
  return {
    ...claim,
    canary,
    targets: [
      { ...primary, weight: turns - taken },
      { service, weight: taken, port },
    ],
  }
}

/** Whether the claim has a place of the canary. */
export const takesFrom = ({ places }: Canary, claim: RouteFacts): boolean => places.some(place => isAt(place, claim))

const isAt = ({ host, path, exact }: CanaryPlace, claim: RouteFacts): boolean =>
  host === claim.host &&
  claim.fallback !== true &&
  exact === (claim.exact ?? false) &&
  (claim.web?.pattern === undefined
    ? (exact ? path || '/' : path.replace(/\/+$/, '')) === claim.path
    : readPattern(path || '/')?.pattern === claim.web.pattern)
