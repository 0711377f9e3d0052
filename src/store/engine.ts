import type { History } from './history.ts'
import { createHistory } from './history.ts'
import type { RangeOptions, RangeResult, Store, Stored, StoreEvent, StoreOptions } from './mod.ts'
import { rememberingLoad } from './recent.ts'
import type { Load, Version, Versions } from './versions.ts'
import { createVersions, lazyStoredOf, storedOf } from './versions.ts'
import type { Submitted } from './writer.ts'
import { createWriter } from './writer.ts'

/** What a driver does: make batches durable, and give back what it holds. */
export interface Backing {
  /** Durable when it resolves, all or nothing. Never called again before that. */
  commit(batch: readonly Version[], revision: number): Promise<void>
  /** Whether commits hold up this thread; absent: they do not. */
  readonly blocks?: () => boolean
  /** Absent: values stay in memory. */
  readonly load?: Load
  close(): Promise<void>
}

export interface Loaded {
  readonly versions: readonly Version[]
  readonly revision: number
}

type Listener = (events: readonly StoreEvent[]) => void
/** By prefix: listeners of one prefix are handed the same array, so that they can share what they make of it. */
type Listeners = Map<string, Set<Listener>>

/** The one implementation of Store: a view of what is durable, its past, those who watch it, and the writer before it. */
export function createStore(backing: Backing, loaded: Loaded, options: StoreOptions = {}): Store {
  const versions = createVersions(loaded.versions, loaded.revision)
  const history = createHistory(options.maxEvents ?? 50_000, options.maxEventBytes ?? 32 << 20)
  const load: Load = backing.load ?? (version => version.value!)
  const loadOne = rememberingLoad(load)
  const listeners: Listeners = new Map()
  const writer = createWriter({
    versions,
    load,
    commit: backing.commit,
    ...(backing.blocks ? { blocks: backing.blocks } : {}),
    apply(writes) {
      notify(listeners, enter(versions, history, writes))
      trim()
    },
  })
  const trim = (upTo?: number): void => {
    for (const version of history.trim(upTo)) {
      versions.oldestRevision = Math.max(versions.oldestRevision, version.revision)
      version.previous = undefined
      if (versions.newest(version.key) !== version || writer.pending(version.key)) continue
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
      return version && storedOf(version, loadOne)
    },
    head(key) {
      const version = writer.head(key)
      return version && !version.deleted ? storedOf(version, loadOne) : undefined
    },
    range: (prefix, range) => readRange(versions, load, prefix, range),
    write: async change => (await writer.submit([change]))[0]!,
    transaction: changes => writer.submit(changes),
    watch(prefix, fromRevision, listener) {
      versions.checkRevision(fromRevision)
      const past = history.after(fromRevision).filter(version => version.key.startsWith(prefix))
      if (past.length > 0) listener(past.map(version => eventOf(version)))
      return listen(listeners, prefix, listener)
    },
    compact: trim,
    async close() {
      await writer.close()
      await backing.close()
    },
  }
}

function readRange(versions: Versions, load: Load, prefix: string, options: RangeOptions = {}): RangeResult {
  const { limit = Number.POSITIVE_INFINITY, startAfter, atRevision = versions.revision, uncounted = false } = options
  const viewOf = options.lazy ? lazyStoredOf : storedOf
  versions.checkRevision(atRevision)
  const items: Stored[] = []
  let remaining = 0
  for (const version of versions.scan(prefix, atRevision, startAfter)) {
    if (items.length < limit) items.push(viewOf(version, load))
    else if (++remaining > 0 && uncounted) break
  }
  return { items, remaining, revision: atRevision }
}

function enter(versions: Versions, history: History, writes: readonly Submitted[]): readonly StoreEvent[] {
  return writes.map(({ version, object }) => {
    versions.put(version)
    versions.revision = version.revision
    history.push(version)
    return eventOf(version, object)
  })
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

function notify(listeners: Listeners, events: readonly StoreEvent[]): void {
  const common = commonPrefix(events)
  for (const [prefix, group] of listeners) {
    const own = below(prefix, events, common)
    if (own.length > 0) for (const listener of group) listener(own)
  }
}

/** What all their keys begin with: most batches are of one type, and most prefixes are of another. */
function commonPrefix([first, ...rest]: readonly StoreEvent[]): string {
  let common = first?.key ?? ''
  for (const { key } of rest) while (!key.startsWith(common)) common = common.slice(0, -1)
  return common
}

const NONE: readonly StoreEvent[] = []

function below(prefix: string, events: readonly StoreEvent[], common: string): readonly StoreEvent[] {
  if (common.startsWith(prefix)) return events
  return prefix.startsWith(common) ? events.filter(({ key }) => key.startsWith(prefix)) : NONE
}

function listen(listeners: Listeners, prefix: string, listener: Listener): () => void {
  const group = listeners.get(prefix) ?? new Set()
  listeners.set(prefix, group.add(listener))
  return () => {
    if (group.delete(listener) && group.size === 0) listeners.delete(prefix)
  }
}
