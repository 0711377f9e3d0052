import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

/**
 * What is wrong with the structure of an LMDB file; undefined when nothing is. LMDB trusts its file: one that is cut short
 * or overwritten makes it read where nothing is, and the process dies by a signal, where we want an error. Every page of
 * the newest state is looked at; the values themselves have checksums of their own.
 *
 * Format: data version 2 of the LMDB in npm's lmdb (dependencies/lmdb/libraries/liblmdb/mdb.c), little-endian.
 */
export function fileProblem(path: string): string | undefined {
  const fd = openSync(path, 'r')
  try {
    walk(fd)
    return undefined
  } catch (error) {
    if (error instanceof Damage) return error.message
    throw error
  } finally {
    closeSync(fd)
  }
}

class Damage extends Error {}

/** A page header: page number u64, transaction u64, pad u16, flags u16, and two u16: ends of the offsets and of free space. */
const HEADER = 24
const BRANCH = 1
const LEAF = 2
/** A node: size or page u32, flags u16, key size u16; then the key and the data. */
const NODE = 8
/** The data is the number of the first of several pages. */
const BIG = 1
/** The data is a tree of its own. */
const TREE = 2
const NO_PAGE = 0xffff_ffff_ffff_ffffn
const MAX_DEPTH = 32

interface Meta {
  readonly pageSize: number
  readonly lastPage: number
  readonly transaction: bigint
  /** Of free pages, and of everything else. */
  readonly roots: readonly bigint[]
}

interface File {
  readonly fd: number
  readonly meta: Meta
  /** Pages seen: none may be met twice. */
  readonly seen: Set<number>
}

function walk(fd: number): void {
  const { size } = fstatSync(fd)
  const first = readMeta(fd, 0)
  if (!first) throw new Damage('it does not begin as an LMDB file does')
  const second = readMeta(fd, first.pageSize)
  if (second?.pageSize !== first.pageSize) throw new Damage('its second meta page is not readable')
  const meta = second.transaction > first.transaction ? second : first
  const needed = (meta.lastPage + 1) * meta.pageSize
  if (size < needed) throw new Damage(`it has ${size} bytes of ${needed}`)
  const file = { fd, meta, seen: new Set<number>() }
  for (const root of meta.roots) walkTree(file, root)
}

const MAGIC = 0xbeefc0de
const VERSION = 2

/** After the header: magic u32, version u32, address u64, map size u64, two trees, last page u64, transaction u64. */
function readMeta(fd: number, offset: number): Meta | undefined {
  const bytes = Buffer.alloc(HEADER + 136)
  if (readSync(fd, bytes, 0, bytes.length, offset) < bytes.length) return undefined
  if (bytes.readUInt32LE(HEADER) !== MAGIC || bytes.readUInt32LE(HEADER + 4) !== VERSION) return undefined
  const pageSize = bytes.readUInt32LE(HEADER + 24)
  if (pageSize < 512 || pageSize > 65_536 || (pageSize & (pageSize - 1)) !== 0) return undefined
  return {
    pageSize,
    lastPage: Number(bytes.readBigUInt64LE(HEADER + 120)),
    transaction: bytes.readBigUInt64LE(HEADER + 128),
    roots: [rootOf(bytes, HEADER + 24), rootOf(bytes, HEADER + 72)],
  }
}

const TREE_SIZE = 48
/** A tree: 40 bytes about it, then its root's page u64. */
const rootOf = (bytes: Buffer, offset: number): bigint => bytes.readBigUInt64LE(offset + 40)

function walkTree(file: File, root: bigint): void {
  if (root !== NO_PAGE) walkPage(file, Number(root), 0)
}

function walkPage(file: File, number: number, depth: number): void {
  const page = readPage(file, number)
  const flags = page.readUInt16LE(18) & 15
  if ((flags !== BRANCH && flags !== LEAF) || depth > MAX_DEPTH) throw new Damage(`page ${number} is of no known kind`)
  for (const node of nodesOf(file, page, number)) {
    if (flags === BRANCH) walkPage(file, childOf(node), depth + 1)
    else checkData(file, node, number)
  }
}

function readPage({ fd, meta, seen }: File, number: number): Buffer {
  if (number < 2 || number > meta.lastPage) throw new Damage(`it refers to page ${number} of ${meta.lastPage + 1}`)
  if (seen.has(number)) throw new Damage(`page ${number} is used twice`)
  seen.add(number)
  const page = Buffer.allocUnsafe(meta.pageSize)
  readSync(fd, page, 0, page.length, number * page.length)
  if (Number(page.readBigUInt64LE(0)) !== number) throw new Damage(`page ${number} has another number`)
  return page
}

/** Each node from its own start on, with room for what its sizes say. */
function* nodesOf({ meta }: File, page: Buffer, number: number): Generator<Buffer> {
  const lower = page.readUInt16LE(20)
  const upper = page.readUInt16LE(22)
  const room = meta.pageSize - HEADER
  if (lower > upper || upper > room || lower % 2 !== 0) throw new Damage(`page ${number} has impossible bounds`)
  for (let offset = HEADER; offset < HEADER + lower; offset += 2) {
    const at = page.readUInt16LE(offset)
    if (at < upper || at + NODE > room) throw new Damage(`page ${number} has a node outside`)
    const node = page.subarray(HEADER + at)
    if (NODE + keySize(node) > node.length) throw new Damage(`page ${number} has a key that leads outside`)
    yield node
  }
}

const keySize = (node: Buffer): number => node.readUInt16LE(6)
/** A page number takes the place of size and flags. */
const childOf = (node: Buffer): number => node.readUInt32LE(0) + node.readUInt16LE(4) * 2 ** 32

function checkData(file: File, node: Buffer, number: number): void {
  const size = node.readUInt32LE(0)
  const flags = node.readUInt16LE(4)
  const data = node.subarray(NODE + keySize(node))
  if ((flags & BIG) !== 0) {
    checkBig(file, data, size, number)
    return
  }
  if (size > data.length) throw new Damage(`page ${number} has a value that leads outside`)
  if ((flags & TREE) === 0) return
  if (size < TREE_SIZE) throw new Damage(`page ${number} has half a tree`)
  walkTree(file, rootOf(data, 0))
}

function checkBig({ meta }: File, data: Buffer, size: number, number: number): void {
  if (data.length < 8) throw new Damage(`page ${number} has half a reference`)
  const first = Number(data.readBigUInt64LE(0))
  const pages = Math.ceil((HEADER + size) / meta.pageSize)
  if (first < 2 || first + pages - 1 > meta.lastPage) throw new Damage(`page ${number} has a value beyond the end`)
}
