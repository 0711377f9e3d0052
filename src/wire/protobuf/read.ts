/** Reading the protobuf wire format. Every function moves the cursor and throws ProtobufError, never anything else. */
import { Buffer } from 'node:buffer'

export class ProtobufError extends Error {
  override readonly name = 'ProtobufError'
}

export interface Cursor {
  readonly bytes: Uint8Array
  at: number
  readonly end: number
}

export const VARINT = 0
export const FIXED64 = 1
export const BYTES = 2
export const FIXED32 = 5

export interface Tag {
  readonly field: number
  readonly wire: number
}

export const cursorOf = (bytes: Uint8Array): Cursor => ({ bytes, at: 0, end: bytes.length })

export function readTag(cursor: Cursor): Tag {
  const value = readUint(cursor)
  const tag = { field: Math.floor(value / 8), wire: value % 8 }
  if (tag.field === 0) throw new ProtobufError('field number 0')
  return tag
}

/** An unsigned varint; beyond 2^53 it is inexact. */
export function readUint(cursor: Cursor): number {
  let result = 0
  let factor = 1
  for (let count = 0; count < 10; count++) {
    const byte = readByte(cursor)
    result += (byte & 0x7f) * factor
    if (byte < 0x80) return result
    factor *= 128
  }
  throw new ProtobufError('varint too long')
}

/** A signed 64-bit varint: negative numbers take ten bytes. Beyond 2^53 it is inexact. */
export function readInt64(cursor: Cursor): number {
  const start = cursor.at
  const value = readUint(cursor)
  if (cursor.at - start < 10) return value
  let exact = 0n
  for (let at = start, shift = 0n; at < cursor.at; at++, shift += 7n) {
    exact |= BigInt(cursor.bytes[at]! & 0x7f) << shift
  }
  return Number(BigInt.asIntN(64, exact))
}

/** The cursor over the next length-delimited value, which is passed. */
export function readBytes(cursor: Cursor): Cursor {
  const length = readUint(cursor)
  if (length > cursor.end - cursor.at) throw new ProtobufError('unexpected end')
  const inner = { bytes: cursor.bytes, at: cursor.at, end: cursor.at + length }
  cursor.at += length
  return inner
}

export const restOf = ({ bytes, at, end }: Cursor): Uint8Array => bytes.subarray(at, end)

const utf8 = new TextDecoder()
export const readText = (cursor: Cursor): string => utf8.decode(restOf(readBytes(cursor)))

export const readBase64 = (cursor: Cursor): string => {
  const { buffer, byteOffset, length } = restOf(readBytes(cursor))
  return Buffer.from(buffer, byteOffset, length).toString('base64')
}

export function readDouble(cursor: Cursor): number {
  const at = advance(cursor, 8)
  return new DataView(cursor.bytes.buffer, cursor.bytes.byteOffset + at, 8).getFloat64(0, true)
}

/** Passes a value that nobody asked for. Groups are refused: Kubernetes has none. */
export function skip(cursor: Cursor, wire: number): void {
  switch (wire) {
    case VARINT:
      readUint(cursor)
      return
    case FIXED64:
      advance(cursor, 8)
      return
    case BYTES:
      readBytes(cursor)
      return
    case FIXED32:
      advance(cursor, 4)
      return
    default:
      throw new ProtobufError(`wire type ${wire}`)
  }
}

function advance(cursor: Cursor, length: number): number {
  if (length > cursor.end - cursor.at) throw new ProtobufError('unexpected end')
  const { at } = cursor
  cursor.at += length
  return at
}

function readByte(cursor: Cursor): number {
  if (cursor.at >= cursor.end) throw new ProtobufError('unexpected end')
  return cursor.bytes[cursor.at++]!
}
