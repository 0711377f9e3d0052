import { createHash } from 'node:crypto'
import { closeSync, fstatSync, fsyncSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs'
import { codeOf, messageOf, UserError } from '../../lib/errors.ts'

/**
 * A snapshot as a file: a line that says what it is, a line of JSON, objects, and the SHA-256 of all that. An object is key bytes
 * u32, value bytes u32, createRevision f64, revision f64, key, value, little-endian.
 */
export interface SnapshotHeader {
  /** The one revision at which everything in it was read. */
  readonly revision: number
  readonly count: number
  /** What the caller said of it. */
  readonly about: unknown
}

export interface SnapshotObject {
  readonly key: string
  readonly createRevision: number
  readonly revision: number
  readonly value: Uint8Array
}

const MAGIC = 'fairlead snapshot 1\n'
const HEAD = 24
const DIGEST = 32
const CHUNK = 1 << 20
const MAX_HEADER = 1 << 20

/** Replaces the file when all is written and durable, or leaves what was there. Mode 0600. Throws UserError SnapshotFile. */
export function writeSnapshot(path: string, header: SnapshotHeader, objects: Iterable<SnapshotObject>): void {
  const temporary = `${path}.${process.pid}.part`
  try {
    const fd = openSync(temporary, 'wx', 0o600)
    try {
      writeAll(fd, header, objects)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error instanceof UserError ? error : fileError(path, 'written', error)
  }
}

function writeAll(fd: number, header: SnapshotHeader, objects: Iterable<SnapshotObject>): void {
  const hash = createHash('sha256')
  let pending: Uint8Array[] = []
  let size = 0
  const flush = (): void => {
    const bytes = Buffer.concat(pending)
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at)
    hash.update(bytes)
    pending = []
    size = 0
  }
  const write = (bytes: Uint8Array): void => {
    pending.push(bytes)
    size += bytes.length
    if (size >= CHUNK) flush()
  }
  write(Buffer.from(`${MAGIC}${JSON.stringify(header)}\n`))
  for (const { key, value, createRevision, revision } of objects) {
    const name = Buffer.from(key)
    const head = Buffer.alloc(HEAD)
    head.writeUInt32LE(name.length, 0)
    head.writeUInt32LE(value.length, 4)
    head.writeDoubleLE(createRevision, 8)
    head.writeDoubleLE(revision, 16)
    write(Buffer.concat([head, name, value]))
  }
  flush()
  writeSync(fd, hash.digest())
}

/**
 * Hands over what is in the file. All of it is compared with its checksum before the first object is handed over. Throws UserError:
 * SnapshotFile, SnapshotDamaged.
 */
export function readSnapshot<T>(
  path: string,
  use: (header: SnapshotHeader, objects: Iterable<SnapshotObject>) => T,
): T {
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch (error) {
    throw fileError(path, 'read', error)
  }
  try {
    const { size } = fstatSync(fd)
    const start = readAt(fd, 0, Math.min(MAX_HEADER, size))
    if (!start.subarray(0, MAGIC.length).equals(Buffer.from(MAGIC)))
      throw damaged(path, 'it does not begin as a snapshot does')
    const end = size - DIGEST
    const headerEnd = start.indexOf(10, MAGIC.length)
    if (headerEnd < 0 || headerEnd >= end || !digestOf(fd, end).equals(readAt(fd, end, DIGEST)))
      throw damaged(path, 'it is cut short, or its content does not match its checksum')
    const header = JSON.parse(start.toString('utf8', MAGIC.length, headerEnd)) as SnapshotHeader
    return use(header, objectsOf(fd, headerEnd + 1, end))
  } catch (error) {
    throw error instanceof UserError ? error : fileError(path, 'read', error)
  } finally {
    closeSync(fd)
  }
}

function* objectsOf(fd: number, start: number, end: number): Generator<SnapshotObject> {
  for (let at = start; at < end; ) {
    const head = readAt(fd, at, HEAD)
    const keyBytes = head.readUInt32LE(0)
    const valueBytes = head.readUInt32LE(4)
    const body = readAt(fd, at + HEAD, keyBytes + valueBytes)
    yield {
      key: body.toString('utf8', 0, keyBytes),
      createRevision: head.readDoubleLE(8),
      revision: head.readDoubleLE(16),
      value: body.subarray(keyBytes),
    }
    at += HEAD + body.length
  }
}

function digestOf(fd: number, end: number): Buffer {
  const hash = createHash('sha256')
  for (let at = 0; at < end; at += CHUNK) hash.update(readAt(fd, at, Math.min(CHUNK, end - at)))
  return hash.digest()
}

function readAt(fd: number, position: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  let read = 0
  while (read < length) {
    const count = readSync(fd, bytes, read, length - read, position + read)
    if (count === 0) break
    read += count
  }
  return bytes.subarray(0, read)
}

const damaged = (path: string, what: string): UserError =>
  new UserError('SnapshotDamaged', `${path} is no snapshot that can be restored: ${what}`, {
    hint: 'Nothing was changed. Take another copy of the snapshot, or one made earlier.',
  })

const fileError = (path: string, done: 'read' | 'written', cause: unknown): UserError =>
  new UserError('SnapshotFile', `${path} cannot be ${done}: ${messageOf(cause)}`, {
    hint:
      codeOf(cause) === 'ENOSPC'
        ? 'Free some space there.'
        : 'Check the path, its folder and who may read and write there.',
    cause,
  })
