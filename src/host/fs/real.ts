import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
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
  write: (path, content, mode = 0o644) =>
    withParents(path, () => replace(path, beside => writeFileSync(beside, content, { mode, flag: 'wx' }))),
  append: (path, content) => withParents(path, () => appendFileSync(path, content)),
  slice: (path, offset, length) => found(() => readSlice(path, offset, length)) ?? Buffer.alloc(0),
  size: path => found(() => statSync(path).size),
  mkdir: (path, mode = 0o755) => void mkdirSync(path, { recursive: true, mode }),
  list: path => found(() => readdirSync(path).sort()) ?? [],
  rename: (from, to) => renameSync(from, to),
  symlink: (target, path) => withParents(path, () => replace(path, beside => symlinkSync(target, beside))),
  remove: path => rmSync(path, { recursive: true, force: true }),
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
