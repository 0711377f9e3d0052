import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

/**
 * What is wrong with an LMDB file, judged by its two meta pages; undefined when nothing is. LMDB itself trusts the file:
 * one that is cut short or overwritten kills the process by a signal, where we want an error.
 *
 * Format: lmdb.h data version 2. A page header of 24 bytes; then magic u32, version u32, address u64, mapsize u64, two
 * trees of 48 bytes (the first begins with the page size, u32), last page u64, transaction u64.
 */
export function fileProblem(path: string): string | undefined {
  const fd = openSync(path, 'r')
  try {
    const size = fstatSync(fd).size
    const first = readMeta(fd, 0)
    if (!first) return 'it does not begin as an LMDB file does'
    const second = readMeta(fd, first.pageSize)
    if (!second) return 'its second meta page is not readable'
    const newest = second.transaction > first.transaction ? second : first
    const needed = (newest.lastPage + 1) * newest.pageSize
    // The last pages may be free ones that were never written, but then the file was that long before.
    return size < needed ? `it has ${size} bytes of ${needed}` : undefined
  } finally {
    closeSync(fd)
  }
}

interface Meta {
  readonly pageSize: number
  readonly lastPage: number
  readonly transaction: number
}

const HEADER = 24
const MAGIC = 0xbeefc0de
const VERSION = 2

function readMeta(fd: number, offset: number): Meta | undefined {
  const bytes = Buffer.alloc(HEADER + 136)
  if (readSync(fd, bytes, 0, bytes.length, offset) < bytes.length) return undefined
  if (bytes.readUInt32LE(HEADER) !== MAGIC || bytes.readUInt32LE(HEADER + 4) !== VERSION) return undefined
  const pageSize = bytes.readUInt32LE(HEADER + 24)
  if (pageSize < 512 || pageSize > 65536 || (pageSize & (pageSize - 1)) !== 0) return undefined
  return {
    pageSize,
    lastPage: Number(bytes.readBigUInt64LE(HEADER + 120)),
    transaction: Number(bytes.readBigUInt64LE(HEADER + 128)),
  }
}
