import type { Stats } from 'node:fs'
import {
  appendFileSync,
  chmodSync,
  closeSync,
  lchownSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import type { FsDriver } from './mod.ts'

const ABSENT = new Set(['ENOENT', 'ENOTDIR'])
/** Undefined where there is no such file. */
function found<T>(f: () => T): T | undefined {
  try {
    return f()
  } catch (error) {
    if (ABSENT.has((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
}

let counter = 0
/** Puts something new in a file's place in one step: a reader sees the old or the new, whole. */
function replace(path: string, make: (beside: string) => void): void {
  const beside = `${path}.${process.pid}.${++counter}.new`
  try {
    make(beside)
    renameSync(beside, path)
  } catch (error) {
    found(() => unlinkSync(beside))
    throw error
  }
}

/** Runs again with the parent folders made when the first try misses them: the usual case costs one call. */
function withParents(path: string, f: () => void): void {
  try {
    f()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    mkdirSync(dirname(path), { recursive: true })
    f()
  }
}

/** The files of this machine. */
export const systemFs: FsDriver = {
  read: path => found(() => readFileSync(path)),
  write: (path, content, mode) => withParents(path, () => replace(path, beside => writeAs(beside, content, mode))),
  append: (path, content) => withParents(path, () => appendFileSync(path, content)),
  slice: (path, offset, length) => found(() => readSlice(path, offset, length)) ?? Buffer.alloc(0),
  size: path => found(() => statSync(path).size),
  mkdir: (path, mode) => {
    const first = mkdirSync(path, { recursive: true, mode: 0o755 })
    // The umask has its say when a folder is made, but none later.
    if (first !== undefined && mode !== undefined) chmodSync(path, mode)
  },
  kind: path => found(() => kindOf(statSync(path))),
  resolve: path => found(() => realpathSync(path)),
  give: (path, uid, gid) => {
    try {
      lchownSync(path, uid, gid)
      return true
    } catch (error) {
      if (!FORBIDDEN.has((error as NodeJS.ErrnoException).code ?? '')) throw error
      return false
    }
  },
  list: path => found(() => readdirSync(path).sort()) ?? [],
  rename: (from, to) => renameSync(from, to),
  symlink: (target, path) => withParents(path, () => replace(path, beside => symlinkSync(target, beside))),
  remove: path => rmSync(path, { recursive: true, force: true }),
}

/** EINVAL: the user namespace has no such user. */
const FORBIDDEN = new Set(['EPERM', 'EINVAL', 'EOVERFLOW'])

const kindOf = (stats: Stats): 'file' | 'folder' | 'other' =>
  stats.isDirectory() ? 'folder' : stats.isFile() ? 'file' : 'other'

function writeAs(path: string, content: string | Uint8Array, mode: number | undefined): void {
  writeFileSync(path, content, { mode: mode ?? 0o644, flag: 'wx' })
  if (mode !== undefined) chmodSync(path, mode)
}

function readSlice(path: string, offset: number, length: number): Buffer {
  const fd = openSync(path, 'r')
  try {
    const bytes = Buffer.alloc(Math.min(length, 1 << 20))
    const parts: Buffer[] = []
    for (let left = length, at = offset; left > 0; ) {
      const count = readSync(fd, bytes, 0, Math.min(left, bytes.length), at)
      if (count === 0) break
      parts.push(Buffer.from(bytes.subarray(0, count)))
      left -= count
      at += count
    }
    return Buffer.concat(parts)
  } finally {
    closeSync(fd)
  }
}
