import type { StatusLike } from '../mod.ts'

/** An object as the fake stores it: it knows no schema. */
export interface Stored {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata: StoredMeta
  readonly spec?: Readonly<Record<string, unknown>>
  readonly status?: unknown
}

interface StoredMeta {
  readonly name: string
  readonly generateName?: string
  readonly namespace?: string
  readonly uid: string
  readonly resourceVersion: string
  readonly generation?: number
  readonly creationTimestamp: string
  readonly deletionTimestamp?: string
  readonly deletionGracePeriodSeconds?: number
  readonly labels?: Readonly<Record<string, string>>
  readonly finalizers?: readonly string[]
}

export interface HistoryEvent {
  readonly revision: number
  readonly collection: string
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly object: Stored
  readonly old: Stored | undefined
}

export interface State {
  readonly revision: number
  /** Events up to this revision are forgotten. */
  readonly compacted: number
  collection(name: string): ReadonlyMap<string, Stored>
  /** Events after the revision. */
  since(revision: number): readonly HistoryEvent[]
  write(collection: string, key: string, object: Stored): Stored
  remove(collection: string, key: string): Stored
  compact(): void
  onEvent(listener: (event: HistoryEvent) => void): () => void
}

/** Thrown by the fake's verbs; answered as a Status. */
export class Refusal extends Error {
  readonly status: StatusLike
  constructor(code: number, reason: string, message: string) {
    super(message)
    this.status = { code, reason, message }
  }
}

export function createState(): State {
  const collections = new Map<string, Map<string, Stored>>()
  const listeners = new Set<(event: HistoryEvent) => void>()
  let history: HistoryEvent[] = []
  let revision = 1
  let compacted = 0

  const collection = (name: string): Map<string, Stored> => {
    const known = collections.get(name)
    if (known) return known
    const made = new Map<string, Stored>()
    collections.set(name, made)
    return made
  }
  const publish = (event: HistoryEvent): void => {
    history.push(event)
    for (const listener of listeners) listener(event)
  }
  const stamped = (object: Stored): Stored => ({
    ...object,
    metadata: { ...object.metadata, resourceVersion: String(++revision) },
  })
  return {
    get revision() {
      return revision
    },
    get compacted() {
      return compacted
    },
    collection,
    since: after => history.filter(event => event.revision > after),
    write(name, key, object) {
      const old = collection(name).get(key)
      const stored = stamped(object)
      collection(name).set(key, stored)
      publish({ revision, collection: name, type: old ? 'MODIFIED' : 'ADDED', object: stored, old })
      return stored
    },
    remove(name, key) {
      const old = collection(name).get(key)!
      const last = stamped(old)
      collection(name).delete(key)
      publish({ revision, collection: name, type: 'DELETED', object: last, old })
      return last
    },
    compact() {
      compacted = revision
      history = []
    },
    onEvent(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
