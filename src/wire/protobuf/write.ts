/** Writing the protobuf wire format: pieces that are joined once, at the end. */
import { Buffer } from 'node:buffer'
import { BYTES, FIXED64, VARINT } from './read.ts'

export type Piece = Uint8Array

export const join = (pieces: readonly Piece[]): Uint8Array => Buffer.concat(pieces)

export function uintBytes(value: number): Piece {
  const bytes: number[] = []
  let rest = value
  while (rest >= 0x80) {
    bytes.push((rest % 128) | 0x80)
    rest = Math.floor(rest / 128)
  }
  bytes.push(rest)
  return Uint8Array.from(bytes)
}

export const tagBytes = (field: number, wire: number): Piece => uintBytes(field * 8 + wire)

export const varintField = (field: number, value: number): Piece =>
  join([tagBytes(field, VARINT), value < 0 ? negativeBytes(value) : uintBytes(value)])

function negativeBytes(value: number): Piece {
  let rest = BigInt.asUintN(64, BigInt(value))
  const bytes: number[] = []
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80)
    rest >>= 7n
  }
  bytes.push(Number(rest))
  return Uint8Array.from(bytes)
}

export const bytesField = (field: number, value: Uint8Array): Piece =>
  join([tagBytes(field, BYTES), uintBytes(value.length), value])

export const textField = (field: number, value: string): Piece => bytesField(field, Buffer.from(value))

export const base64Field = (field: number, base64: string): Piece => bytesField(field, Buffer.from(base64, 'base64'))

export function doubleField(field: number, value: number): Piece {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleLE(value)
  return join([tagBytes(field, FIXED64), bytes])
}
