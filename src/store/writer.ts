import type { Change, Stored } from './mod.ts'
import { WriteConflict } from './mod.ts'
import type { Load, Version, Versions } from './versions.ts'
import { storedOf } from './versions.ts'

export interface Submitted {
  readonly version: Version
  readonly object: unknown
}

export interface WriterParts {
  readonly versions: Versions
  readonly load: Load
  /** Makes a batch durable, all or nothing. Never called again before that. */
  readonly commit: (batch: readonly Version[], revision: number) => Promise<void>
  /** Whether commits hold up this thread; absent: they do not. */
  readonly blocks?: () => boolean
  /** Brings a durable batch into the view. */
  readonly apply: (writes: readonly Submitted[]) => void
}

export interface Writer {
  submit(changes: readonly Change[]): Promise<readonly Stored[]>
  /** The newest version of a key, submitted ones included. */
  head(key: string): Version | undefined
  /** Something submitted for the key is not durable yet. */
  pending(key: string): boolean
  /** Resolves when everything submitted is durable or refused; later submissions are refused. */
  close(): Promise<void>
}

/** Writes that stand or fall together. */
interface Group {
  readonly writes: readonly Submitted[]
  resolve(stored: readonly Stored[]): void
  reject(error: unknown): void
}

interface State extends WriterParts {
  /** The newest submitted version of each key that is not durable yet. */
  readonly heads: Map<string, Version>
  nextRevision: number
  queue: Group[]
  /** While anything is queued. */
  draining: Promise<void> | undefined
}

/**
 * Writes submitted in a tick become one batch; what arrives while a batch is being made durable becomes the next, so that
 * a slow disk makes batches larger, not the queue of fsyncs longer.
 */
export function createWriter(parts: WriterParts): Writer {
  const nextRevision = parts.versions.revision + 1
  const state: State = { ...parts, heads: new Map(), nextRevision, queue: [], draining: undefined }
  let closed = false
  return {
    submit(changes) {
      if (closed) return Promise.reject(new Error('the store is closed'))
      let writes: readonly Submitted[]
      try {
        writes = submitAll(state, changes)
      } catch (error) {
        return Promise.reject(error)
      }
      return new Promise((resolve, reject) => {
        state.queue.push({ writes, resolve, reject })
        state.draining ??= drain(state)
      })
    },
    head: key => headOf(state, key),
    pending: key => state.heads.has(key),
    async close() {
      closed = true
      await state.draining
    },
  }
}

const headOf = ({ heads, versions }: State, key: string): Version | undefined => heads.get(key) ?? versions.newest(key)

function submitAll(state: State, changes: readonly Change[]): readonly Submitted[] {
  const { heads, nextRevision } = state
  // Where it fails there is nothing before it to be taken back.
  if (changes.length === 1) return [submitOne(state, changes[0]!)]
  const before = new Map(changes.map(({ key }) => [key, heads.get(key)]))
  try {
    return changes.map(change => submitOne(state, change))
  } catch (error) {
    for (const [key, version] of before) version ? heads.set(key, version) : heads.delete(key)
    state.nextRevision = nextRevision
    throw error
  }
}

function submitOne(state: State, change: Change): Submitted {
  const current = headOf(state, change.key)
  const problem = conflict(change, current)
  if (problem) throw new WriteConflict(problem, change.key)
  // The value is pinned before a commit can replace what the backing holds under this key.
  if (current && current.value === undefined) current.value = state.load(current)
  const revision = state.nextRevision
  const { bytes, object } = change.encode(revision)
  state.nextRevision++
  const version: Version = {
    key: change.key,
    createRevision: current && !current.deleted ? current.createRevision : revision,
    revision,
    deleted: change.op === 'delete',
    value: bytes,
    previous: current,
  }
  state.heads.set(change.key, version)
  return { version, object }
}

function conflict(change: Change, current: Version | undefined): WriteConflict['reason'] | undefined {
  const exists = current !== undefined && !current.deleted
  if (change.op === 'create') return exists ? 'exists' : undefined
  if (!exists) return 'missing'
  return current.revision === change.expect ? undefined : 'changed'
}

async function drain(state: State): Promise<void> {
  for (let isFirst = true; state.queue.length > 0; isFirst = false) {
    if (state.blocks?.()) await gather(state)
    else if (isFirst) await nextTurn()
    const groups = state.queue
    state.queue = []
    const writes = groups.flatMap(group => group.writes)
    const versions = writes.map(write => write.version)
    try {
      await state.commit(versions, versions.at(-1)?.revision ?? state.versions.revision)
    } catch (error) {
      fail(state, groups, error)
      continue
    }
    for (const version of versions) if (state.heads.get(version.key) === version) state.heads.delete(version.key)
    state.apply(writes)
    for (const group of groups) group.resolve(group.writes.map(write => storedOf(write.version, state.load)))
  }
  // In the same moment in which there is nothing left: whoever was just told may submit more at once.
  state.draining = undefined
}

const MAX_TURNS = 16

/**
 * A commit is dear and its size is not: where it holds up this thread, one more turn is waited for while every turn brings more
 * writes. Elsewhere they come while it is made, and the next one begins with what has come.
 */
async function gather(state: State): Promise<void> {
  for (let turn = 0, before = 0; turn < MAX_TURNS && state.queue.length > before; turn++) {
    before = state.queue.length
    await nextTurn()
  }
}

const nextTurn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

/** Later writes were checked against those that failed, so they fail too. */
function fail(state: State, groups: readonly Group[], error: unknown): void {
  const lost = [...groups, ...state.queue]
  state.queue = []
  state.heads.clear()
  state.nextRevision = state.versions.revision + 1
  for (const group of lost) group.reject(error)
}
