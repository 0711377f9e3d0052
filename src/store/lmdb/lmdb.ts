import { existsSync, mkdirSync, statfsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { Database, RootDatabase } from 'lmdb'
import { open } from 'lmdb'
import type { LockDriver } from '../../host/lock/mod.ts'
import { messageOf, UserError } from '../../lib/errors.ts'
import type { Backing, Loaded } from '../engine.ts'
import { createStore } from '../engine.ts'
import type { Store, StoreOptions } from '../mod.ts'
import type { Version } from '../versions.ts'
import { fileProblem } from './check.ts'

export interface LmdbStoreOptions extends StoreOptions {
  /** A folder; made if it is missing. */
  readonly path: string
}

interface Tables {
  readonly root: RootDatabase<Buffer, string>
  readonly objects: Database<Buffer, string>
  readonly meta: Database<Buffer, string>
}

const STATE = 'state'
/** createRevision f64, revision f64, crc32 of the value u32; then the value. */
const HEADER = 20

/**
 * A store in one LMDB file: the present state and the revision, written in one transaction. The past is kept in memory
 * alone, so a watch from before a restart is told to list again.
 *
 * Throws UserError: StoreLocked, StoreDamaged, StoreUnusable; writes reject with StoreFull or StoreUnusable.
 */
export function openLmdbStore(lock: LockDriver, options: LmdbStoreOptions): Store {
  const file = join(options.path, 'state.mdb')
  const unlock = lockFolder(lock, options.path)
  try {
    const tables = openTables(file)
    const loaded = readAll(tables, file)
    return createStore(backingOf(tables, file, loaded, unlock), loaded, options)
  } catch (error) {
    unlock()
    throw error instanceof UserError ? error : damaged(file, messageOf(error), error)
  }
}

function lockFolder(lock: LockDriver, path: string): () => void {
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

function openTables(file: string): Tables {
  const fresh = !existsSync(file)
  if (fresh && freeBytes(dirname(file)) < RESERVE_BYTES) throw full(file)
  const problem = fresh ? undefined : fileProblem(file)
  if (problem) throw damaged(file, problem)
  const root = open<Buffer, string>({
    path: file,
    encoding: 'binary',
    // Without this a write's promise resolves before the disk has it.
    overlappingSync: false,
    maxDbs: 4,
    // JSON shrinks to a third; what is mapped counts as memory.
    compression: { threshold: 500 },
  })
  const tables = {
    root,
    objects: root.openDB<Buffer, string>('objects', {}),
    meta: root.openDB<Buffer, string>('meta', {}),
  }
  return tables
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

/** Written in every transaction, so that a tree that lost a branch is noticed. */
interface State {
  readonly revision: number
  readonly count: number
}

function readState(tables: Tables, file: string): State {
  const bytes = tables.meta.getBinary(STATE)
  if (!bytes) return { revision: 1, count: 0 }
  if (bytes.length !== 16) throw damaged(file, 'its revision is not readable')
  return { revision: bytes.readDoubleLE(0), count: bytes.readDoubleLE(8) }
}

function stateBytes({ revision, count }: State): Buffer {
  const bytes = Buffer.allocUnsafe(16)
  bytes.writeDoubleLE(revision)
  bytes.writeDoubleLE(count, 8)
  return bytes
}

function backingOf(tables: Tables, file: string, loaded: Loaded, unlock: () => void): Backing {
  let count = loaded.versions.length
  return {
    async commit(batch, revision) {
      try {
        checkRoom(file, batch)
        const next = count + batch.reduce((sum, version) => sum + growth(version), 0)
        commitAll(tables, batch, { revision, count: next })
        count = next
      } catch (error) {
        throw writeError(file, error)
      }
    },
    load({ key, revision }) {
      let value = tables.objects.getBinary(key)
      if (value?.readDoubleLE(8) !== revision) {
        // The snapshot this turn's reads use may be older than the last commit.
        tables.root.resetReadTxn()
        value = tables.objects.getBinary(key)
      }
      if (value?.readDoubleLE(8) !== revision) throw damaged(file, `${key} is not at revision ${revision}`)
      checkValue(file, key, value)
      return value.subarray(HEADER)
    },
    async close() {
      await tables.root.close()
      unlock()
    },
  }
}

/**
 * On this thread: the write thread of lmdb leaves rejections behind that nobody can handle when a commit fails. The
 * callback must not return the promise of a put: the process would hang.
 */
function commitAll(tables: Tables, batch: readonly Version[], state: State): void {
  tables.root.transactionSync(() => {
    for (const version of batch) {
      if (version.deleted) void tables.objects.remove(version.key)
      else void tables.objects.put(version.key, encode(version))
    }
    void tables.meta.put(STATE, stateBytes(state))
  })
}

function encode(version: Version): Buffer {
  const value = version.value!
  const bytes = Buffer.allocUnsafe(HEADER + value.length)
  bytes.writeDoubleLE(version.createRevision, 0)
  bytes.writeDoubleLE(version.revision, 8)
  bytes.writeUInt32LE(crc32(value), 16)
  bytes.set(value, HEADER)
  return bytes
}

const growth = ({ deleted, previous }: Version): number =>
  Number(!deleted) - Number(previous !== undefined && !previous.deleted)

function checkValue(file: string, key: string, value: Buffer): void {
  if (value.length < HEADER || value.readUInt32LE(16) !== crc32(value.subarray(HEADER)))
    throw damaged(file, `the checksum of ${key} is wrong`)
}

const damaged = (file: string, what: string, cause?: unknown): UserError =>
  new UserError('StoreDamaged', `the state file ${file} is damaged: ${what}`, {
    hint: 'Restore a copy of it, or move it away to start empty.',
    cause,
  })

const unusable = (path: string, cause: unknown): UserError =>
  new UserError('StoreUnusable', `the state in ${path} cannot be used: ${messageOf(cause)}`, {
    hint: 'Check the owner and mode of the folder and the disk below it.',
    cause,
  })

function writeError(file: string, cause: unknown): UserError {
  if (cause instanceof UserError) return cause
  if (freeBytes(file) >= ALMOST_NOTHING && !/no space left|MDB_MAP_FULL/i.test(messageOf(cause)))
    return unusable(file, cause)
  return full(file, cause)
}

const full = (file: string, cause?: unknown): UserError =>
  new UserError('StoreFull', `the disk that holds ${file} is full; the change was not made: free some space there`, {
    hint: 'Free some space there; nothing needs a restart.',
    ...(cause === undefined ? {} : { cause }),
  })

/** Always left: for the pages of the trees that a commit copies. */
const RESERVE_BYTES = 1 << 20

/** LMDB corrupts its memory when a large commit meets a full disk: it is not let near one. */
function checkRoom(file: string, batch: readonly Version[]): void {
  const bytes = batch.reduce((sum, { value, deleted }) => sum + (deleted ? 0 : value!.length), 0)
  if (freeBytes(file) < RESERVE_BYTES + 2 * bytes) throw full(file)
}

/** A short write is reported as an I/O error, so the disk is asked as well. */
const ALMOST_NOTHING = 1 << 20
function freeBytes(path: string): number {
  const { bavail, bsize, blocks } = statfsSync(path)
  // Some file systems do not say.
  return blocks === 0 ? Number.POSITIVE_INFINITY : bavail * bsize
}
