import { type Canary, takesFrom, withCanary } from '../../model/ingress/nginx-canary.ts'
import type { RouteFacts } from '../../model/routes/types.ts'

/** What an Ingress of ingress-nginx claims, or takes from others. */
export interface Sharing {
  readonly claims: readonly RouteFacts[]
  readonly canary?: Canary
}

/** Canaries and the claims that they may take from, by namespace and host. A claim that has not joined shares nothing. */
export interface Canaries {
  join(one: Sharing): void
  leave(one: Sharing): void
  /** The claim with what a canary takes from it. */
  shared(claim: RouteFacts): RouteFacts
  /** The claims that it takes from, unless an older one does. */
  takenBy(canary: Canary): Iterable<RouteFacts>
  /** The canaries at the hosts of this one. */
  beside(one: Sharing): Iterable<Canary>
}

interface Place {
  readonly claims: Set<RouteFacts>
  readonly canaries: Set<Canary>
}

export function createCanaries(): Canaries {
  const places = new Map<string, Place>()
  const change = ({ claims, canary }: Sharing, how: 'add' | 'delete'): void => {
    const at = (key: string, put: (place: Place) => void): void => {
      const place = places.get(key) ?? { claims: new Set(), canaries: new Set() }
      put(place)
      if (place.claims.size + place.canaries.size > 0) places.set(key, place)
      else places.delete(key)
    }
    for (const claim of claims) at(placeOf(claim), place => place.claims[how](claim))
    for (const key of canary ? placesOf(canary) : []) at(key, place => place.canaries[how](canary!))
  }
  return {
    join: one => change(one, 'add'),
    leave: one => change(one, 'delete'),
    shared(claim) {
      const place = places.get(placeOf(claim))
      return place?.claims.has(claim) ? withCanary(claim, [...place.canaries]) : claim
    },
    *takenBy(canary) {
      for (const key of placesOf(canary))
        for (const claim of places.get(key)?.claims ?? []) if (takesFrom(canary, claim)) yield claim
    },
    *beside({ claims, canary }) {
      const keys = new Set([...claims.map(placeOf), ...(canary ? placesOf(canary) : [])])
      for (const key of keys) yield* places.get(key)?.canaries ?? []
    },
  }
}

const placeOf = ({ namespace, host }: Pick<RouteFacts, 'namespace' | 'host'>): string => `${namespace}/${host}`
const placesOf = ({ namespace, places }: Canary): ReadonlySet<string> =>
  new Set(places.map(({ host }) => placeOf({ namespace, host })))
