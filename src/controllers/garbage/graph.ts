import type { ApiObject, Kind, ObjectMeta, OwnerReference } from '../../api/meta/meta.ts'
import type { Informer } from '../../client/mod.ts'

/** An object with where it is to be found. */
export interface Found {
  readonly kind: Kind<ApiObject>
  readonly object: ApiObject & { readonly metadata: ObjectMeta }
}

/** Who owns whom, over all kinds whose informers are added. Informers bring an index "owner". */
export interface Graph {
  add(informer: Informer<ApiObject>): void
  remove(informer: Informer<ApiObject>): void
  find(uid: string): Found | undefined
  dependents(uid: string): readonly Found[]
  kindOf(owner: OwnerReference): Kind<ApiObject> | undefined
  /** True where the object was seen to be deleted, so that nobody need ask the server. */
  isGone(uid: string): boolean
}

export const byOwner = ({ metadata }: ApiObject): readonly string[] =>
  ((metadata as ObjectMeta).ownerReferences ?? []).map(owner => owner.uid)

/** Enough for one wave of deletions; beyond it the server is asked. */
const GONE_LIMIT = 4096

/** touched: called with the UID of everything that may have to go, or may now be let go. */
export function createGraph(touched: (uid: string) => void): Graph {
  const places = new Map<string, { readonly informer: Informer<ApiObject>; readonly object: ApiObject }>()
  const informers = new Map<Informer<ApiObject>, () => void>()
  const gone = new Set<string>()

  const dependents = (uid: string): readonly Found[] =>
    [...informers.keys()].flatMap(informer =>
      informer.by('owner', uid).map(object => ({ kind: informer.kind, object: object as Found['object'] })),
    )
  const arrived = (informer: Informer<ApiObject>, object: ApiObject): void => {
    const { uid, deletionTimestamp, ownerReferences } = object.metadata as ObjectMeta
    places.set(uid, { informer, object })
    if (deletionTimestamp) touched(uid)
    // Only objects with an owner that is missing or on its way out need a look.
    else if (
      ownerReferences?.some(
        owner => places.get(owner.uid)?.object.metadata.deletionTimestamp !== undefined || !places.has(owner.uid),
      )
    )
      touched(uid)
  }
  const left = (object: ApiObject): void => {
    const { uid } = object.metadata
    places.delete(uid)
    gone.add(uid)
    if (gone.size > GONE_LIMIT) gone.delete(gone.values().next().value!)
    for (const dependent of dependents(uid)) touched(dependent.object.metadata.uid)
    // An owner that is deleted in the foreground may have waited for this one.
    for (const owner of byOwner(object)) if (places.get(owner)?.object.metadata.deletionTimestamp) touched(owner)
  }
  return {
    add(informer) {
      for (const object of informer.list()) places.set(object.metadata.uid, { informer, object })
      const stop = informer.onChange(({ type, object }) =>
        type === 'deleted' ? left(object) : arrived(informer, object),
      )
      informers.set(informer, stop)
      for (const object of informer.list()) arrived(informer, object)
    },
    remove(informer) {
      informers.get(informer)?.()
      informers.delete(informer)
      for (const object of informer.list()) left(object)
    },
    find(uid) {
      const place = places.get(uid)
      return place && { kind: place.informer.kind, object: place.object as Found['object'] }
    },
    dependents,
    kindOf({ apiVersion, kind }) {
      const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
      for (const informer of informers.keys())
        if (informer.kind.kind === kind && informer.kind.group === group) return informer.kind
      return undefined
    },
    isGone: uid => gone.has(uid),
  }
}
