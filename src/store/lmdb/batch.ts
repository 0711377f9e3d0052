import type { Version } from '../versions.ts'

/** createRevision f64, revision f64, crc32 of the value u32; then the value. */
export const VALUE_HEADER = 20
/** Key bytes u32, value bytes u32 (or DELETED); then the key and the value with its header. */
const ENTRY = 8
const DELETED = 0xffff_ffff

/** How many bytes the packed batch will take. */
export const packedSize = (batch: readonly Version[]): number =>
  batch.reduce((sum, version) => sum + ENTRY + Buffer.byteLength(version.key) + valueSize(version), 0)

/** Writes a batch into memory that may belong to another thread. The checksums are still to be made. */
export function pack(batch: readonly Version[], bytes: Buffer): void {
  let at = 0
  for (const version of batch) {
    const keyBytes = bytes.write(version.key, at + ENTRY, 'utf8')
    bytes.writeUInt32LE(keyBytes, at)
    bytes.writeUInt32LE(version.deleted ? DELETED : valueSize(version), at + 4)
    at += ENTRY + keyBytes
    if (version.deleted) continue
    bytes.writeDoubleLE(version.createRevision, at)
    bytes.writeDoubleLE(version.revision, at + 8)
    bytes.set(version.value!, at + VALUE_HEADER)
    at += valueSize(version)
  }
}

const valueSize = ({ deleted, value }: Version): number => (deleted ? 0 : VALUE_HEADER + value!.length)

export interface Entry {
  readonly key: string
  /** With its header. Absent: the key is deleted. */
  readonly value?: Buffer
}

export function* unpack(bytes: Buffer): Generator<Entry> {
  for (let at = 0; at < bytes.length; ) {
    const keyEnd = at + ENTRY + bytes.readUInt32LE(at)
    const valueBytes = bytes.readUInt32LE(at + 4)
    const key = bytes.toString('utf8', at + ENTRY, keyEnd)
    at = keyEnd + (valueBytes === DELETED ? 0 : valueBytes)
    yield valueBytes === DELETED ? { key } : { key, value: bytes.subarray(keyEnd, at) }
  }
}
