import { existsSync, statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'
import type { Database, RootDatabase, Transaction } from 'lmdb'
import { open } from 'lmdb'
import { messageOf, UserError } from '../../lib/errors.ts'
import { VALUE_HEADER } from './batch.ts'
import { fileProblem } from './check.ts'

export interface Tables {
  readonly root: RootDatabase<Buffer, string>
  readonly objects: Database<Buffer, string>
  readonly meta: Database<Buffer, string>
}

/** Within the folder of a store. */
export const STATE_FILE = 'state.mdb'
export const STATE = 'state'

/**
 * How large a file may become. It is address space alone; fixed, since a map that grows moves, and two threads use it.
 */
const MAP_BYTES = 2 ** 34

/** Throws UserError: StoreDamaged, StoreFull. */
export function openTables(file: string): Tables {
  const fresh = !existsSync(file)
  if (fresh && freeBytes(dirname(file)) < RESERVE_BYTES) throw full(file)
  const problem = fresh ? undefined : fileProblem(file)
  if (problem) throw damaged(file, problem)
  return tablesOf(file)
}

/** For a file that is there and known to be sound. */
export function tablesOf(file: string): Tables {
  const root = open<Buffer, string>({
    path: file,
    encoding: 'binary',
    mapSize: MAP_BYTES,
    // Without this a write's promise resolves before the disk has it.
    overlappingSync: false,
    maxDbs: 4,
    // JSON shrinks to a third; what is mapped counts as memory.
    compression: { threshold: 500 },
  })
  return {
    root,
    objects: root.openDB<Buffer, string>('objects', {}),
    meta: root.openDB<Buffer, string>('meta', {}),
  }
}

/** Written in every transaction, so that a tree that lost a branch is noticed. */
export interface State {
  readonly revision: number
  readonly count: number
}

export function readState(tables: Tables, file: string, transaction?: Transaction): State {
  const bytes = tables.meta.get(STATE, transaction ? { transaction } : {})
  if (!bytes) return { revision: 1, count: 0 }
  if (bytes.length !== 16) throw damaged(file, 'its revision is not readable')
  return { revision: bytes.readDoubleLE(0), count: bytes.readDoubleLE(8) }
}

export function stateBytes({ revision, count }: State): Buffer {
  const bytes = Buffer.allocUnsafe(16)
  bytes.writeDoubleLE(revision)
  bytes.writeDoubleLE(count, 8)
  return bytes
}

/** Throws UserError StoreDamaged. */
export function checkValue(file: string, key: string, value: Buffer): void {
  if (value.length < VALUE_HEADER || value.readUInt32LE(16) !== crc32(value.subarray(VALUE_HEADER)))
    throw damaged(file, `the checksum of ${key} is wrong`)
}

export const damaged = (file: string, what: string, cause?: unknown): UserError =>
  new UserError('StoreDamaged', `the state file ${file} is damaged: ${what}`, {
    hint: 'Restore a copy of it, or move it away to start empty.',
    cause,
  })

export const unusable = (path: string, cause: unknown): UserError =>
  new UserError('StoreUnusable', `the state in ${path} cannot be used: ${messageOf(cause)}`, {
    hint: 'Check the owner and mode of the folder and the disk below it.',
    cause,
  })

export function writeError(file: string, cause: unknown): UserError {
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

/** LMDB corrupts its memory when a large commit meets a full disk: it is not let near one. Throws UserError StoreFull. */
export function checkRoom(file: string, bytes: number): void {
  if (freeBytes(file) < RESERVE_BYTES + 2 * bytes) throw full(file)
}

/** A short write is reported as an I/O error, so the disk is asked as well. */
const ALMOST_NOTHING = 1 << 20
function freeBytes(path: string): number {
  const { bavail, bsize, blocks } = statfsSync(path)
  // Some file systems do not say.
  return blocks === 0 ? Number.POSITIVE_INFINITY : bavail * bsize
}
