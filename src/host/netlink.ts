/** Netlink messages as bytes: headers, attributes and their padding. Little-endian hosts only. */
import { C, check, libc } from './libc.ts'

/** Protocols of netlink, from <linux/netlink.h>. */
export const NETLINK = { ROUTE: 0, NETFILTER: 12 } as const
/** Flags of messages. */
export const NLM_F = {
  REQUEST: 1,
  ACK: 4,
  REPLACE: 0x100,
  EXCL: 0x200,
  DUMP: 0x300,
  CREATE: 0x400,
  APPEND: 0x800,
} as const
/** Types of messages that every protocol has. */
export const NLMSG = { ERROR: 2, DONE: 3 } as const
/** Subsystems of netfilter, as they stand in a message's type, from <linux/netfilter/nfnetlink.h>. */
export const NFNL = { CTNETLINK: 1 << 8, ULOG: 4 << 8, NFTABLES: 10 << 8 } as const

/** A socket in the namespace the calling thread is in. Throws the system's error, with `detail` in its text. */
export const netlinkSocket = (protocol: number, detail: string): number =>
  check(libc().socket(C.AF_NETLINK, C.SOCK_RAW | C.SOCK_CLOEXEC, protocol), 'socket', detail)

export type Attribute = readonly [type: number, value: Uint8Array | readonly Attribute[]]

const NESTED = 0x8000
/** Attributes, and what is like them, begin at multiples of four bytes. */
export const padded = (length: number): number => (length + 3) & ~3

export const u8 = (value: number): Buffer => Buffer.of(value)
export function u16be(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return bytes
}
export function u32be(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value >>> 0)
  return bytes
}
export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value >>> 0)
  return bytes
}
export const zeroText = (text: string): Buffer => Buffer.from(`${text}\0`)
export const macBytes = (mac: string): Buffer => Buffer.from(mac.replaceAll(':', ''), 'hex')

/** A message of the given type: netlink header (sequence number left 0), the family's own header, attributes. */
export function message(type: number, flags: number, header: Uint8Array, attributes: readonly Attribute[]): Buffer {
  const bytes = Buffer.alloc(16 + header.length + lengthOf(attributes))
  bytes.writeUInt32LE(bytes.length, 0)
  bytes.writeUInt16LE(type, 4)
  bytes.writeUInt16LE(flags, 6)
  bytes.set(header, 16)
  write(bytes, 16 + header.length, attributes)
  return bytes
}

/** In bytes. */
export const lengthOf = (attributes: readonly Attribute[]): number =>
  attributes.reduce((sum, [, value]) => sum + padded(4 + (isNested(value) ? lengthOf(value) : value.length)), 0)

const isNested = (value: Attribute[1]): value is readonly Attribute[] => !(value instanceof Uint8Array)

/** Answers where they end. */
function write(bytes: Buffer, from: number, attributes: readonly Attribute[]): number {
  let at = from
  for (const [type, value] of attributes) {
    const end = isNested(value) ? write(bytes, at + 4, value) : at + 4 + value.length
    if (!isNested(value)) bytes.set(value, at + 4)
    bytes.writeUInt16LE(end - at, at)
    bytes.writeUInt16LE(isNested(value) ? type | NESTED : type, at + 2)
    at = padded(end)
  }
  return at
}

/** The attributes between two offsets, by type; of a repeated type the last. */
export function attributes(bytes: Buffer, from: number, to = bytes.length): Map<number, Buffer> {
  const found = new Map<number, Buffer>()
  for (let at = from; at + 4 <= to; ) {
    const length = bytes.readUInt16LE(at)
    if (length < 4) break
    found.set(bytes.readUInt16LE(at + 2) & ~NESTED, bytes.subarray(at + 4, at + length))
    at += padded(length)
  }
  return found
}

export interface Reply {
  readonly type: number
  readonly sequence: number
  /** Of the socket that it is an answer to, or that made the change it tells of. */
  readonly port: number
  /** What follows the netlink header. */
  readonly body: Buffer
}

/** The messages of one datagram. */
export function* replies(bytes: Buffer): Iterable<Reply> {
  for (let at = 0; at + 16 <= bytes.length; ) {
    const length = bytes.readUInt32LE(at)
    if (length < 16) return
    yield {
      type: bytes.readUInt16LE(at + 4),
      sequence: bytes.readUInt32LE(at + 8),
      port: bytes.readUInt32LE(at + 12),
      body: bytes.subarray(at + 16, at + length),
    }
    at += padded(length)
  }
}

export const textOf = (bytes: Buffer | undefined): string =>
  bytes ? bytes.toString('latin1').replace(/\0.*$/s, '') : ''
export const macText = (bytes: Buffer | undefined): string =>
  bytes ? [...bytes].map(byte => byte.toString(16).padStart(2, '0')).join(':') : ''
