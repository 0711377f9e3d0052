import type { ApiObject, Kind } from '../schema/kind.ts'
import type { Change, Informer, ObjectKey } from './mod.ts'
import { type IndexFunction, keyOf, ObjectStore } from './object-store.ts'

export interface CacheHooks {
  /** A handler of onChange threw. */
  failed(error: unknown): void
  /** The resourceVersion that has been reached grew. */
  observed(resourceVersion: string): void
}

/**
 * The cache behind an informer. The reflector writes it from list and watch; `learn` and `forget` put in what this very
 * process wrote, so that a loop never acts on a cache older than its own writes.
 */
export class Cache<T extends ApiObject> {
  readonly kind: Kind<T>
  readonly #store: ObjectStore<T>
  readonly #hooks: CacheHooks
  readonly #handlers = new Set<(change: Change<T>) => void>()
  /** UIDs that this process saw deleted before the watch told: their late events are ignored. */
  readonly #gone = new Set<string>()
  #observed = 0
  #synced = false

  constructor(kind: Kind<T>, hooks: CacheHooks) {
    this.kind = kind
    this.#store = new ObjectStore(kind)
    this.#hooks = hooks
  }

  get synced(): boolean {
    return this.#synced
  }

  /** The cache as one user sees it: index names are each user's own. */
  view(indexes: Readonly<Record<string, IndexFunction<T>>>): Informer<T> {
    const store = this.#store
    const handlers = this.#handlers
    for (const index of Object.values(indexes)) store.addIndex(index)
    const isSynced = (): boolean => this.#synced
    return {
      kind: this.kind,
      get synced() {
        return isSynced()
      },
      get: key => store.get(keyOf(key)),
      list: namespace => store.list(namespace),
      by: (name, value) => store.by(indexes[name], value),
      onChange(handler) {
        handlers.add(handler)
        return () => void handlers.delete(handler)
      },
    }
  }

  /** One event of the watch. */
  apply(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: T): void {
    const key = keyOf(object.metadata)
    const { uid, resourceVersion } = object.metadata
    if (type !== 'DELETED') {
      if (!this.#isStale(key, object)) this.#put(key, object)
    } else if (!this.#gone.delete(uid) && this.#store.get(key)?.metadata.uid === uid) this.#remove(key, object)
    this.reached(resourceVersion)
  }

  /** A whole list: what it lacks was deleted while nobody watched. */
  replace(objects: readonly T[], resourceVersion: string): void {
    const listed = new Set<string>()
    const uids = new Set<string>()
    for (const object of objects) {
      const key = keyOf(object.metadata)
      listed.add(key)
      uids.add(object.metadata.uid)
      if (!this.#isStale(key, object)) this.#put(key, object)
    }
    for (const [key, object] of [...this.#store.entries()])
      if (!listed.has(key) && !(versionOf(object) > Number(resourceVersion))) this.#remove(key, object)
    for (const uid of this.#gone) if (!uids.has(uid)) this.#gone.delete(uid)
    this.#synced = true
    this.reached(resourceVersion)
  }

  /** The API does not know the kind: there is nothing of it. */
  clear(): void {
    for (const [key, object] of [...this.#store.entries()]) this.#remove(key, object)
    this.#gone.clear()
    this.#synced = true
  }

  /** All up to this resourceVersion has been applied. */
  reached(resourceVersion: string): void {
    const version = Number(resourceVersion)
    if (!(version > this.#observed)) return
    this.#observed = version
    this.#hooks.observed(resourceVersion)
  }

  /** The answer to a write; ignored where the watch already told as much. */
  learn(object: T): void {
    const key = keyOf(object.metadata)
    if (versionOf(object) > this.#observed && !this.#isStale(key, object)) this.#put(key, object)
  }

  /** A delete was acknowledged as final. */
  forget(target: ObjectKey): void {
    const key = keyOf(target)
    const held = this.#store.get(key)
    if (!held) return
    this.#gone.add(held.metadata.uid)
    this.#remove(key, held)
  }

  /** True where this process already holds something newer than the event. */
  #isStale(key: string, object: T): boolean {
    const held = this.#store.get(key)
    return this.#gone.has(object.metadata.uid) || (held !== undefined && versionOf(held) > versionOf(object))
  }

  #put(key: string, object: T): void {
    const held = this.#store.get(key)
    // Made anew under its name: for all who follow it the old one was deleted.
    if (held && held.metadata.uid !== object.metadata.uid) this.#remove(key, held)
    const old = this.#store.get(key)
    if (old?.metadata.resourceVersion === object.metadata.resourceVersion) return
    this.#store.set(key, object)
    this.#tell(old ? { type: 'changed', object, old } : { type: 'added', object })
  }

  #remove(key: string, last: T): void {
    const old = this.#store.get(key)
    if (old === undefined) return
    this.#store.set(key, undefined)
    this.#tell({ type: 'deleted', object: last, old })
  }

  #tell(change: Change<T>): void {
    for (const handler of this.#handlers) {
      try {
        handler(change)
      } catch (error) {
        this.#hooks.failed(error)
      }
    }
  }
}

const versionOf = (object: ApiObject): number => Number(object.metadata.resourceVersion)
