import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { LockDriver } from '../../host/lock/mod.ts'
import type { ThreadDriver } from '../../host/thread/mod.ts'
import { messageOf, UserError } from '../../lib/errors.ts'
import type { Backing, Loaded } from '../engine.ts'
import { createStore } from '../engine.ts'
import type { Store, StoreOptions } from '../mod.ts'
import type { Version } from '../versions.ts'
import { VALUE_HEADER } from './batch.ts'
import type { Committer } from './committer.ts'
import { localCommitter, threadCommitter } from './committer.ts'
import type { Tables } from './file.ts'
import { checkValue, damaged, openTables, readState, STATE_FILE, unusable } from './file.ts'

export interface LmdbStoreOptions extends StoreOptions {
  /** A folder; made if it is missing. */
  readonly path: string
  /** Commits are made on a thread of their own; absent: on this one, which then waits for the disk. */
  readonly threads?: ThreadDriver
  /** Calls what starts the thread, when there is time for it; absent: at once. */
  readonly later?: (start: () => void) => void
  /** The thread has ended unasked: nothing can be written any more, until the store is opened anew. */
  readonly broken?: (error: UserError) => void
}

/**
 * A store in one LMDB file: the present state and the revision, written in one transaction. The past is kept in memory
 * alone, so a watch from before a restart is told to list again.
 *
 * Throws UserError: StoreLocked, StoreDamaged, StoreUnusable; writes reject with StoreFull or StoreUnusable.
 */
export function openLmdbStore(lock: LockDriver, options: LmdbStoreOptions): Store {
  const file = join(options.path, STATE_FILE)
  const unlock = lockFolder(lock, options.path)
  try {
    const tables = openTables(file)
    const loaded = readAll(tables, file)
    const local = localCommitter(tables, file)
    const { threads, later = start => start(), broken = () => {} } = options
    const committer = threads ? threadCommitter(threads, local, file, { later, broken }) : local
    return createStore(backingOf(tables, file, loaded, committer, unlock), loaded, options)
  } catch (error) {
    unlock()
    throw error instanceof UserError ? error : damaged(file, messageOf(error), error)
  }
}

/** Throws UserError: StoreLocked, StoreUnusable. */
export function lockFolder(lock: LockDriver, path: string): () => void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    const unlock = lock.acquire(join(path, 'lock'))
    if (unlock) return unlock
  } catch (error) {
    throw unusable(path, error)
  }
  throw new UserError('StoreLocked', `the state in ${path} is in use by another process`, {
    hint: 'Stop the other one first, or choose another name.',
  })
}

function readAll(tables: Tables, file: string): Loaded {
  const versions: Version[] = []
  const { revision, count } = readState(tables, file)
  for (const { key, value } of tables.objects.getRange({})) {
    checkValue(file, key, value)
    const version = {
      key,
      createRevision: value.readDoubleLE(0),
      revision: value.readDoubleLE(8),
      deleted: false,
      value: undefined,
      previous: undefined,
    }
    if (version.revision > revision) throw damaged(file, `${key} is newer than the revision ${revision}`)
    versions.push(version)
  }
  if (versions.length !== count) throw damaged(file, `it holds ${versions.length} objects of ${count}`)
  return { versions, revision }
}

function backingOf(tables: Tables, file: string, loaded: Loaded, committer: Committer, unlock: () => void): Backing {
  let count = loaded.versions.length
  return {
    async commit(batch, revision) {
      const next = count + batch.reduce((sum, version) => sum + growth(version), 0)
      await committer.commit(batch, { revision, count: next })
      count = next
    },
    blocks: () => committer.blocks,
    load({ key, revision }) {
      let value = tables.objects.getBinary(key)
      if (value?.readDoubleLE(8) !== revision) {
        // The snapshot this turn's reads use may be older than the last commit.
        tables.root.resetReadTxn()
        value = tables.objects.getBinary(key)
      }
      if (value?.readDoubleLE(8) !== revision) throw damaged(file, `${key} is not at revision ${revision}`)
      checkValue(file, key, value)
      return value.subarray(VALUE_HEADER)
    },
    async close() {
      await committer.close()
      await tables.root.close()
      unlock()
    },
  }
}

const growth = ({ deleted, previous }: Version): number =>
  Number(!deleted) - Number(previous !== undefined && !previous.deleted)
