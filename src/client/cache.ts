import type { ApiObject, Kind } from '../schema/kind.ts'
import type { Change, Informer, ObjectKey } from './mod.ts'

export type IndexFunction<T> = (object: T) => readonly string[]

/**
 * The cache behind an informer. The reflector writes it from list and watch; `learn` and `forget` put in what this very
 * process wrote, so that a loop never acts on a cache older than its own writes.
 */
export interface Cache<T extends ApiObject> extends Informer<T> {
  addIndexes(indexes: Readonly<Record<string, IndexFunction<T>>>): void
  /** One event of the watch. */
  apply(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: T): void
  /** A whole list: what it lacks was deleted while nobody watched. */
  replace(objects: readonly T[], resourceVersion: string): void
  /** All up to this resourceVersion has been applied. */
  reached(resourceVersion: string): void
  /** The answer to a write; ignored where the watch already told as much. */
  learn(object: T): void
  /** A delete was acknowledged as final. */
  forget(key: ObjectKey): void
}

export const keyOf = (key: ObjectKey): string => (key.namespace ? `${key.namespace}/${key.name}` : key.name)

type Index<T> = { readonly of: IndexFunction<T>; readonly values: Map<string, Map<string, T>> }

export interface CacheHooks {
  /** A handler of onChange threw. */
  failed(error: unknown): void
  /** The resourceVersion that has been reached grew. */
  observed(resourceVersion: string): void
}

const NONE: readonly never[] = []

export function createCache<T extends ApiObject>(kind: Kind<T>, hooks: CacheHooks): Cache<T> {
  const objects = new Map<string, T>()
  const namespaces = new Map<string, Map<string, T>>()
  const indexes = new Map<string, Index<T>>()
  const handlers = new Set<(change: Change<T>) => void>()
  /** UIDs that this process saw deleted before the watch told: their late events are ignored. */
  const gone = new Map<string, string>()
  const lists = new Map<string, readonly T[]>()
  let observed = 0
  let synced = false

  const tell = (change: Change<T>): void => {
    for (const handler of handlers) {
      try {
        handler(change)
      } catch (error) {
        hooks.failed(error)
      }
    }
  }
  const index = (key: string, old: T | undefined, object: T | undefined): void => {
    lists.clear()
    const namespace = (object ?? old)?.metadata.namespace
    if (namespace) setIn(namespaces, namespace, key, object)
    for (const entry of indexes.values()) reindex(entry, key, old, object)
  }
  const remove = (key: string, last: T): void => {
    const old = objects.get(key)
    if (old === undefined) return
    objects.delete(key)
    index(key, old, undefined)
    tell({ type: 'deleted', object: last, old })
  }
  const put = (key: string, object: T): void => {
    const held = objects.get(key)
    if (held && held.metadata.uid !== object.metadata.uid) remove(key, held)
    const old = objects.get(key)
    if (old && old.metadata.resourceVersion === object.metadata.resourceVersion) return
    objects.set(key, object)
    index(key, old, object)
    tell(old ? { type: 'changed', object, old } : { type: 'added', object })
  }
  const reached = (resourceVersion: string): void => {
    const version = Number(resourceVersion)
    if (!(version > observed)) return
    observed = version
    hooks.observed(resourceVersion)
  }
  /** True where this process already holds something newer than the event. */
  const isStale = (key: string, object: T): boolean => {
    const held = objects.get(key)
    return gone.has(object.metadata.uid) || (held !== undefined && versionOf(held) > versionOf(object))
  }

  return {
    kind,
    get synced() {
      return synced
    },
    get: key => objects.get(keyOf(key)),
    list(namespace) {
      const known = lists.get(namespace ?? '')
      if (known) return known
      const source = namespace === undefined ? objects : namespaces.get(namespace)
      const made = source ? [...source.values()] : NONE
      lists.set(namespace ?? '', made)
      return made
    },
    by(name, value) {
      const entry = indexes.get(name)
      if (!entry) throw new Error(`${kind.plural}: no index ${name}`)
      const found = entry.values.get(value)
      return found ? [...found.values()] : NONE
    },
    onChange(handler) {
      handlers.add(handler)
      return () => void handlers.delete(handler)
    },
    addIndexes(added) {
      for (const [name, of] of Object.entries(added)) {
        const known = indexes.get(name)
        if (known && known.of !== of) throw new Error(`${kind.plural}: two different indexes are named ${name}`)
        if (known) continue
        const entry: Index<T> = { of, values: new Map() }
        for (const [key, object] of objects) reindex(entry, key, undefined, object)
        indexes.set(name, entry)
      }
    },
    apply(type, object) {
      const key = keyOf(object.metadata)
      if (type === 'DELETED') {
        if (!gone.delete(object.metadata.uid) && objects.get(key)?.metadata.uid === object.metadata.uid)
          remove(key, object)
      } else if (!isStale(key, object)) put(key, object)
      reached(object.metadata.resourceVersion)
    },
    replace(list, resourceVersion) {
      const listed = new Set<string>()
      for (const object of list) {
        const key = keyOf(object.metadata)
        listed.add(key)
        if (!isStale(key, object)) put(key, object)
      }
      for (const [key, object] of [...objects])
        if (!listed.has(key) && !(versionOf(object) > Number(resourceVersion))) remove(key, object)
      const uids = new Set(list.map(object => object.metadata.uid))
      for (const uid of gone.keys()) if (!uids.has(uid)) gone.delete(uid)
      synced = true
      reached(resourceVersion)
    },
    reached,
    learn(object) {
      const key = keyOf(object.metadata)
      if (versionOf(object) > observed && !isStale(key, object)) put(key, object)
    },
    forget(target) {
      const key = keyOf(target)
      const held = objects.get(key)
      if (!held) return
      gone.set(held.metadata.uid, key)
      remove(key, held)
    },
  }
}

const versionOf = (object: ApiObject): number => Number(object.metadata.resourceVersion)

function setIn<T>(maps: Map<string, Map<string, T>>, name: string, key: string, object: T | undefined): void {
  const inner = maps.get(name)
  if (object !== undefined) {
    if (inner) inner.set(key, object)
    else maps.set(name, new Map([[key, object]]))
    return
  }
  inner?.delete(key)
  if (inner?.size === 0) maps.delete(name)
}

function reindex<T>(entry: Index<T>, key: string, old: T | undefined, object: T | undefined): void {
  const next = object === undefined ? NONE : entry.of(object)
  if (old !== undefined)
    for (const value of entry.of(old)) if (!next.includes(value)) setIn(entry.values, value, key, undefined)
  for (const value of next) setIn(entry.values, value, key, object)
}
