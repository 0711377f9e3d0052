import { createHistory } from './history.ts'
import type { Change, Encoded, Store, Stored, StoreEvent, StoreOptions } from './mod.ts'
import { WriteConflict } from './mod.ts'
import type { Load, Version } from './versions.ts'
import { createVersions, storedOf } from './versions.ts'

/** What a driver does: make batches durable, and give back what it holds. */
export interface Backing {
  /** Durable when it resolves, all or nothing. Never called again before that. */
  commit(batch: readonly Version[], revision: number): Promise<void>
  /** Absent: values stay in memory. */
  readonly load?: Load
  close(): Promise<void>
}

export interface Loaded {
  readonly versions: readonly Version[]
  readonly revision: number
}

const MAX_TURNS = 16

interface Submitted {
  readonly version: Version
  readonly object: unknown
}

/** Writes that stand or fall together. */
interface Group {
  readonly writes: readonly Submitted[]
  resolve(stored: readonly Stored[]): void
  reject(error: unknown): void
}

type Listener = (events: readonly StoreEvent[]) => void

/**
 * The one implementation of Store. Writes submitted in a tick become one batch; what arrives while a batch is being made
 * durable becomes the next, so that a slow disk makes batches larger, not the queue of fsyncs longer.
 */
export function createStore(backing: Backing, loaded: Loaded, options: StoreOptions = {}): Store {
  const versions = createVersions(loaded.versions, loaded.revision)
  const history = createHistory(options.maxEvents ?? 50_000, options.maxEventBytes ?? 32 << 20)
  const load: Load = backing.load ?? (version => version.value!)
  /** Listeners by prefix: those of one prefix are handed the same array, so that they can share what they make of it. */
  const listeners = new Map<string, Set<Listener>>()
  /** The newest submitted version of each key that is not durable yet. */
  const heads = new Map<string, Version>()
  let nextRevision = loaded.revision + 1
  let queue: Group[] = []
  let running: Promise<void> | undefined
  let closed = false

  const head = (key: string): Version | undefined => heads.get(key) ?? versions.newest(key)

  function submit(changes: readonly Change[]): Promise<readonly Stored[]> {
    if (closed) return Promise.reject(new Error('the store is closed'))
    const writes: Submitted[] = []
    const undo = new Map<string, Version | undefined>()
    const firstRevision = nextRevision
    try {
      for (const change of changes) {
        if (!undo.has(change.key)) undo.set(change.key, heads.get(change.key))
        writes.push(submitOne(change))
      }
    } catch (error) {
      for (const [key, version] of undo) version ? heads.set(key, version) : heads.delete(key)
      nextRevision = firstRevision
      return Promise.reject(error)
    }
    return new Promise((resolve, reject) => {
      queue.push({ writes, resolve, reject })
      running ??= run()
    })
  }

  function submitOne(change: Change): Submitted {
    const current = head(change.key)
    const problem = conflict(change, current)
    if (problem) throw new WriteConflict(problem, change.key)
    // The value is pinned before a commit can replace what the backing holds under this key.
    if (current && current.value === undefined) current.value = load(current)
    const revision = nextRevision
    const encoded: Encoded = change.encode(revision)
    nextRevision++
    const version: Version = {
      key: change.key,
      createRevision: current && !current.deleted ? current.createRevision : revision,
      revision,
      deleted: change.op === 'delete',
      value: encoded.bytes,
      previous: current,
    }
    heads.set(change.key, version)
    return { version, object: encoded.object }
  }

  async function run(): Promise<void> {
    while (queue.length > 0) {
      await gather()
      const groups = queue
      queue = []
      const writes = groups.flatMap(group => group.writes)
      try {
        await backing.commit(
          writes.map(write => write.version),
          writes.at(-1)?.version.revision ?? versions.revision,
        )
      } catch (error) {
        fail(groups, error)
        continue
      }
      apply(writes)
      for (const group of groups) group.resolve(group.writes.map(write => storedOf(write.version, load)))
    }
    running = undefined
  }

  /** A commit is dear and its size is not: while every turn brings more writes, one more turn is waited for. */
  async function gather(): Promise<void> {
    for (let turn = 0, before = 0; turn < MAX_TURNS && queue.length > before; turn++) {
      before = queue.length
      await new Promise(resolve => setImmediate(resolve))
    }
  }

  /** Later writes were checked against those that failed, so they fail too. */
  function fail(groups: readonly Group[], error: unknown): void {
    const lost = [...groups, ...queue]
    queue = []
    heads.clear()
    nextRevision = versions.revision + 1
    for (const group of lost) group.reject(error)
  }

  function apply(writes: readonly Submitted[]): void {
    const events: StoreEvent[] = []
    for (const { version, object } of writes) {
      versions.put(version)
      versions.revision = version.revision
      history.push(version)
      if (heads.get(version.key) === version) heads.delete(version.key)
      events.push(eventOf(version, object))
    }
    for (const [prefix, group] of listeners) {
      const own = events.filter(event => event.key.startsWith(prefix))
      if (own.length > 0) for (const listener of group) listener(own)
    }
    trim()
  }

  function trim(upTo?: number): void {
    for (const version of history.trim(upTo)) {
      versions.oldestRevision = Math.max(versions.oldestRevision, version.revision)
      version.previous = undefined
      if (versions.newest(version.key) !== version || heads.has(version.key)) continue
      if (version.deleted) versions.forget(version.key)
      else if (backing.load) version.value = undefined
    }
  }

  return {
    get revision() {
      return versions.revision
    },
    get oldestRevision() {
      return versions.oldestRevision
    },
    get(key, atRevision = versions.revision) {
      versions.checkRevision(atRevision)
      const version = versions.at(key, atRevision)
      return version && storedOf(version, load)
    },
    head(key) {
      const version = head(key)
      return version && !version.deleted ? storedOf(version, load) : undefined
    },
    range(prefix, { limit = Number.POSITIVE_INFINITY, startAfter, atRevision = versions.revision } = {}) {
      versions.checkRevision(atRevision)
      const items: Stored[] = []
      let remaining = 0
      for (const version of versions.scan(prefix, atRevision, startAfter)) {
        if (items.length < limit) items.push(storedOf(version, load))
        else remaining++
      }
      return { items, remaining, revision: atRevision }
    },
    write: async change => (await submit([change]))[0]!,
    transaction: submit,
    watch(prefix, fromRevision, listener) {
      versions.checkRevision(fromRevision)
      const past = history.after(fromRevision).filter(version => version.key.startsWith(prefix))
      if (past.length > 0) listener(past.map(version => eventOf(version)))
      const group = listeners.get(prefix) ?? new Set()
      listeners.set(prefix, group.add(listener))
      return () => {
        if (group.delete(listener) && group.size === 0) listeners.delete(prefix)
      }
    },
    compact: trim,
    async close() {
      closed = true
      await running
      await backing.close()
    },
  }
}

function conflict(change: Change, current: Version | undefined): WriteConflict['reason'] | undefined {
  const exists = current !== undefined && !current.deleted
  if (change.op === 'create') return exists ? 'exists' : undefined
  if (!exists) return 'missing'
  return current.revision === change.expect ? undefined : 'changed'
}

function eventOf(version: Version, object?: unknown): StoreEvent {
  const previous = version.previous
  return {
    type: version.deleted ? 'delete' : 'put',
    key: version.key,
    revision: version.revision,
    value: version.value!,
    ...(object === undefined ? {} : { object }),
    ...(previous && !previous.deleted ? { previous: previous as Stored } : {}),
  }
}
