import type { Front, FrontRole } from '../model/services/types.ts'
import type { NftText } from '../wire/nft/text.ts'
import type { Lowered } from './lower.ts'
import { frontKey, lower } from './lower.ts'

/** What one Service wants on this node; no fronts when it is gone. */
export interface ServiceChange {
  /** "namespace/name". */
  readonly service: string
  /** When it was created (RFC 3339): of two Services that claim one address and port in one role the elder has it. */
  readonly since: string
  readonly fronts: readonly Front[]
}

/** Old and new of what stands at one address, protocol and port. */
export interface FrontChange {
  readonly key: NftText
  readonly old?: Lowered
  readonly next?: Lowered
}

/** Who wants which address, protocol and port. Most have one claimant; who wins does not depend on who came first. */
export interface Claims {
  /** What stands differently after these changes; values that are equal may be among them. */
  claim(changes: Iterable<ServiceChange>): readonly FrontChange[]
  winners(): Iterable<Lowered>
}

interface Claim {
  readonly service: string
  readonly since: string
  readonly role: FrontRole
  readonly lowered: Lowered
}

/** What the cluster allocates comes before what a user writes: an external IP never takes another's ClusterIP. */
const ROLES: readonly FrontRole[] = ['clusterIP', 'nodePort', 'loadBalancer', 'externalIP']

export function createClaims(): Claims {
  const claims = new Map<NftText, readonly Claim[]>()
  const keysOf = new Map<string, readonly NftText[]>()
  const set = (key: NftText, list: readonly Claim[]): void =>
    void (list.length === 0 ? claims.delete(key) : claims.set(key, list))

  const replace = ({ service, since, fronts }: ServiceChange, touch: (key: NftText) => void): void => {
    const own = new Map<NftText, Front>()
    for (const front of fronts.toSorted(byRole)) if (!own.has(frontKey(front))) own.set(frontKey(front), front)
    for (const key of keysOf.get(service) ?? []) {
      touch(key)
      set(
        key,
        (claims.get(key) ?? []).filter(claim => claim.service !== service),
      )
    }
    for (const [key, front] of own) {
      touch(key)
      const claim: Claim = { service, since, role: front.role, lowered: lower(front) }
      set(key, [...(claims.get(key) ?? []), claim].sort(firstWins))
    }
    if (own.size === 0) keysOf.delete(service)
    else keysOf.set(service, [...own.keys()])
  }

  return {
    claim(changes) {
      const before = new Map<NftText, Lowered | undefined>()
      const touch = (key: NftText): void => {
        if (!before.has(key)) before.set(key, claims.get(key)?.[0]?.lowered)
      }
      for (const change of changes) replace(change, touch)
      return [...before].map(([key, old]) => {
        const next = claims.get(key)?.[0]?.lowered
        return { key, ...(old ? { old } : {}), ...(next ? { next } : {}) }
      })
    },
    *winners() {
      for (const [winner] of claims.values()) if (winner) yield winner.lowered
    },
  }
}

const byRole = (a: { readonly role: FrontRole }, b: { readonly role: FrontRole }): number =>
  ROLES.indexOf(a.role) - ROLES.indexOf(b.role)

function firstWins(a: Claim, b: Claim): number {
  if (a.role !== b.role) return byRole(a, b)
  if (a.since !== b.since) return a.since < b.since ? -1 : 1
  return a.service < b.service ? -1 : 1
}
