import { existsSync, linkSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { LockDriver } from '../../host/lock/mod.ts'
import { UserError } from '../../lib/errors.ts'
import { pack, packedSize, VALUE_HEADER } from './batch.ts'
import { commitBatch } from './commit.ts'
import type { Tables } from './file.ts'
import { checkValue, damaged, openTables, readState, STATE_FILE, tablesOf, unusable } from './file.ts'
import { lockFolder } from './lmdb.ts'
import type { SnapshotHeader, SnapshotObject } from './snapshot-file.ts'
import { readSnapshot, writeSnapshot } from './snapshot-file.ts'

export interface Saved {
  readonly revision: number
  readonly count: number
}

/**
 * Writes every object of a store into a file, as they were at one revision, whether or not another process has the store open.
 * Throws UserError: SnapshotMissing, SnapshotFile, StoreDamaged.
 */
export function saveSnapshot(lock: LockDriver, store: string, path: string, about: unknown): Saved {
  const file = join(store, STATE_FILE)
  if (!existsSync(file))
    throw new UserError('SnapshotMissing', `there are no objects in ${store}`, {
      hint: 'Start the twin once: ./fairlead up',
    })
  const unlock = lock.acquire(join(store, 'lock'))
  try {
    // Pages of a file that is in use change while they are looked at.
    const tables = unlock ? openTables(file) : tablesOf(file)
    const transaction = tables.root.useReadTransaction()
    try {
      const { revision, count } = readState(tables, file, transaction)
      writeSnapshot(path, { revision, count, about }, objectsOf(tables, file, count, transaction))
      return { revision, count }
    } finally {
      transaction.done()
      void tables.root.close()
    }
  } finally {
    unlock?.()
  }
}

type ReadTransaction = ReturnType<Tables['root']['useReadTransaction']>

function* objectsOf(
  tables: Tables,
  file: string,
  count: number,
  transaction: ReadTransaction,
): Generator<SnapshotObject> {
  let seen = 0
  for (const { key, value } of tables.objects.getRange({ transaction })) {
    checkValue(file, key, value)
    seen++
    const [createRevision, revision] = [value.readDoubleLE(0), value.readDoubleLE(8)]
    yield { key, createRevision, revision, value: value.subarray(VALUE_HEADER) }
  }
  if (seen !== count) throw damaged(file, `it holds ${seen} objects of ${count}`)
}

export interface Restored extends Saved {
  /** Where the objects are that were there before. */
  readonly before?: string
}

/** Where the present revision cannot be read, no more writes than this can have been made since the snapshot. */
const UNKNOWN_WRITES = 1_000_000_000

/**
 * Replaces every object of a store by those of a file. What was there is kept beside it. The revision goes on from the higher of the
 * two, so that nobody who watched either goes on as if nothing had happened. `accept` may throw; what it returns is called just
 * before the objects are put in place. Throws UserError: StoreLocked,
 * SnapshotFile, SnapshotDamaged, StoreFull, StoreUnusable; then nothing has changed.
 */
export function restoreSnapshot(
  lock: LockDriver,
  store: string,
  path: string,
  accept: (about: unknown) => () => void,
): Restored {
  return readSnapshot(path, (header, objects) => {
    const prepare = accept(header.about)
    const unlock = lockFolder(lock, store)
    const file = join(store, STATE_FILE)
    const fresh = join(store, 'restored.mdb')
    try {
      removeStore(fresh)
      const revision = Math.max(header.revision, revisionOf(file, header)) + 1
      fill(fresh, objects, { revision, count: header.count })
      const before = keep(file, store)
      prepare()
      renameSync(fresh, file)
      return { revision, count: header.count, ...(before ? { before } : {}) }
    } catch (error) {
      throw error instanceof UserError ? error : unusable(store, error)
    } finally {
      removeStore(fresh)
      unlock()
    }
  })
}

function revisionOf(file: string, header: SnapshotHeader): number {
  if (!existsSync(file)) return header.revision
  try {
    const tables = openTables(file)
    const { revision } = readState(tables, file)
    void tables.root.close()
    return revision
  } catch {
    return header.revision + UNKNOWN_WRITES
  }
}

const PER_COMMIT = 1000

function fill(file: string, objects: Iterable<SnapshotObject>, state: Saved): void {
  mkdirSync(join(file, '..'), { recursive: true, mode: 0o700 })
  const tables = openTables(file)
  let batch: SnapshotObject[] = []
  let written = 0
  const commit = (): void => {
    const versions = batch.map(object => ({ ...object, deleted: false, previous: undefined }))
    const bytes = Buffer.allocUnsafe(packedSize(versions))
    pack(versions, bytes)
    commitBatch(tables, file, bytes, state)
    written += batch.length
    batch = []
  }
  try {
    for (const object of objects) if (batch.push(object) === PER_COMMIT) commit()
    commit()
    if (written !== state.count) throw damaged(file, `it holds ${written} objects of ${state.count}`)
  } finally {
    void tables.root.close()
  }
}

/** A second name for what is there, so that there is never a moment without a state. */
function keep(file: string, store: string): string | undefined {
  if (!existsSync(file)) return undefined
  const before = join(store, 'before-restore.mdb')
  rmSync(before, { force: true })
  linkSync(file, before)
  return before
}

function removeStore(file: string): void {
  for (const path of [file, `${file}-lock`]) rmSync(path, { force: true })
}
