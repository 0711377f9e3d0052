import { unreachable } from '../../lib/errors.ts'
import { ipBytes } from '../../lib/ip.ts'
import type { Edns, Message, Name, RecordData, ResourceRecord } from './message.ts'
import { DnsFormatError, TYPE, typeOf } from './message.ts'
import { labelsOf } from './name.ts'

/** A message over TCP has a length of 16 bits. */
export const MAX_MESSAGE = 65_535
const HEADER_BYTES = 12
/** Compression pointers reach this far. */
const POINTER_REACH = 0x4000

/**
 * The message in at most `limit` bytes. Answers and authorities that do not fit are left out and the message is marked as
 * truncated; additional records that do not fit are just left out; the question and the OPT record always stand. Throws
 * DnsFormatError for names and texts that cannot be written.
 */
export function encode(message: Message, limit = MAX_MESSAGE): Buffer {
  const writer = createWriter(Math.min(limit, MAX_MESSAGE) - (message.edns ? ednsBytes(message.edns) : 0))
  writer.skip(HEADER_BYTES)
  for (const { name, type, class: qclass } of message.questions) {
    writer.name(name, true)
    writer.u16(type)
    writer.u16(qclass)
  }
  let isTruncated = message.isTruncated
  const section = (records: readonly ResourceRecord[]): number => {
    for (const [count, record] of records.entries())
      if (!writer.attempt(() => writeRecord(writer, record))) return count
    return records.length
  }
  const answers = section(message.answers)
  isTruncated ||= answers < message.answers.length
  const authorities = isTruncated ? 0 : section(message.authorities)
  isTruncated ||= authorities < message.authorities.length
  const additionals = isTruncated ? 0 : section(message.additionals)
  if (message.edns) writer.unbounded(() => writeEdns(writer, message.edns!, message.rcode))
  const counts = [message.questions.length, answers, authorities, additionals + (message.edns ? 1 : 0)]
  return writer.finish(message.id, flagsOf(message, isTruncated), counts)
}

interface Writer {
  skip(count: number): void
  u8(value: number): void
  u16(value: number): void
  u32(value: number): void
  bytes(value: Uint8Array): void
  name(name: Name, compress: boolean): void
  /** Sixteen bits that say how long what f writes is. */
  sized(f: () => void): void
  /** Takes back what f wrote when it goes beyond the limit; false then. */
  attempt(f: () => void): boolean
  unbounded(f: () => void): void
  finish(id: number, flags: number, counts: readonly number[]): Buffer
}

function createWriter(limit: number): Writer {
  let buffer = Buffer.allocUnsafe(Math.min(Math.max(limit + 64, 512), 2048))
  let at = 0
  const known = new Map<string, number>()
  const room = (count: number): void => {
    if (at + count <= buffer.length) return
    const larger = Buffer.allocUnsafe(Math.max(buffer.length * 2, at + count))
    buffer.copy(larger, 0, 0, at)
    buffer = larger
  }
  const u16 = (value: number): void => {
    room(2)
    at = buffer.writeUInt16BE(value & 0xffff, at)
  }
  const label = (text: string): void => {
    room(text.length + 1)
    buffer[at] = text.length
    at += 1 + buffer.write(text, at + 1, 'latin1')
  }
  const writer: Writer = {
    skip(count) {
      room(count)
      at += count
    },
    u8(value) {
      room(1)
      at = buffer.writeUInt8(value, at)
    },
    u16,
    u32(value) {
      room(4)
      at = buffer.writeUInt32BE(value >>> 0, at)
    },
    bytes(value) {
      room(value.length)
      buffer.set(value, at)
      at += value.length
    },
    name(name, compress) {
      const labels = labelsOf(name)
      // The length stands before each label, since a label may contain a dot.
      let rest = labels.map(text => `${text.length}.${lower(text)}`).join('')
      for (const text of labels) {
        const seen = known.get(rest)
        if (seen !== undefined && compress) {
          u16(0xc000 | seen)
          return
        }
        if (seen === undefined && at < POINTER_REACH) known.set(rest, at)
        label(text)
        rest = rest.slice(`${text.length}.`.length + text.length)
      }
      writer.u8(0)
    },
    sized(f) {
      const start = at
      u16(0)
      f()
      buffer.writeUInt16BE(at - start - 2, start)
    },
    attempt(f) {
      const start = at
      f()
      if (at <= limit) return true
      at = start
      for (const [name, where] of known) if (where >= start) known.delete(name)
      return false
    },
    unbounded: f => f(),
    finish(id, flags, counts) {
      for (const [i, value] of [id, flags, ...counts].entries()) buffer.writeUInt16BE(value & 0xffff, i * 2)
      return buffer.subarray(0, at)
    },
  }
  return writer
}

/** Names are equal whatever the case of their ASCII letters, and of those alone (RFC 4343). */
const lower = (text: string): string => text.replace(/[A-Z]+/g, letters => letters.toLowerCase())

const flagsOf = (message: Message, isTruncated: boolean): number =>
  (message.isResponse ? 0x8000 : 0) |
  ((message.opcode & 15) << 11) |
  (message.isAuthoritative ? 0x0400 : 0) |
  (isTruncated ? 0x0200 : 0) |
  (message.isRecursionDesired ? 0x0100 : 0) |
  (message.isRecursionAvailable ? 0x0080 : 0) |
  (message.isAuthenticData ? 0x0020 : 0) |
  (message.isCheckingDisabled ? 0x0010 : 0) |
  (message.rcode & 15)

function writeRecord(writer: Writer, { name, class: rclass, ttl, data }: ResourceRecord): void {
  writer.name(name, true)
  writer.u16(typeOf(data))
  writer.u16(rclass)
  writer.u32(ttl)
  writer.sized(() => writeData(writer, data))
}

/** Names inside data are compressed only for the types of RFC 1035: others may not know how to read them (RFC 3597 4). */
function writeData(writer: Writer, data: RecordData): void {
  switch (data.type) {
    case 'A':
    case 'AAAA':
      writer.bytes(ipBytes(data.address))
      break
    case 'NS':
    case 'CNAME':
    case 'PTR':
      writer.name(data.target, true)
      break
    case 'MX':
      writer.u16(data.preference)
      writer.name(data.exchange, true)
      break
    case 'SRV':
      for (const value of [data.priority, data.weight, data.port]) writer.u16(value)
      writer.name(data.target, false)
      break
    case 'SOA':
      writer.name(data.primary, true)
      writer.name(data.mailbox, true)
      for (const value of [data.serial, data.refresh, data.retry, data.expire, data.minimum]) writer.u32(value)
      break
    case 'TXT':
      writeTexts(writer, data.texts)
      break
    case 'other':
      writer.bytes(data.bytes)
      break
    default:
      unreachable(data)
  }
}

function writeTexts(writer: Writer, texts: readonly string[]): void {
  for (const text of texts.length === 0 ? [''] : texts) {
    const bytes = Buffer.from(text, 'latin1')
    if (bytes.length > 255) throw new DnsFormatError('a text of more than 255 bytes')
    writer.u8(bytes.length)
    writer.bytes(bytes)
  }
}

const ednsBytes = ({ options }: Edns): number => 11 + options.reduce((sum, { bytes }) => sum + 4 + bytes.length, 0)

function writeEdns(writer: Writer, { udpSize, version, isDnssecOk, options }: Edns, rcode: number): void {
  writer.u8(0)
  writer.u16(TYPE.OPT)
  writer.u16(udpSize)
  writer.u8(rcode >> 4)
  writer.u8(version)
  writer.u16(isDnssecOk ? 0x8000 : 0)
  writer.sized(() => {
    for (const { code, bytes } of options) {
      writer.u16(code)
      writer.u16(bytes.length)
      writer.bytes(bytes)
    }
  })
}
