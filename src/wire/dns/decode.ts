import { ipFromBytes } from '../../lib/ip.ts'
import type { Edns, EdnsOption, Message, Question, RecordData, ResourceRecord } from './message.ts'
import { CLASS, DnsFormatError, TYPE } from './message.ts'
import { readName } from './name.ts'

export const HEADER_BYTES = 12

/** Throws DnsFormatError unless the bytes are one whole message; what follows its last record is ignored. */
export function decode(message: Uint8Array): Message {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength)
  if (bytes.length < HEADER_BYTES) throw new DnsFormatError('shorter than a header')
  const [questionCount, answerCount, authorityCount, additionalCount] = [4, 6, 8, 10].map(at => bytes.readUInt16BE(at))
  const cursor = { at: HEADER_BYTES }
  const questions = Array.from({ length: fitting(bytes, questionCount!, 5) }, () => readQuestion(bytes, cursor))
  const section = (count: number): readonly RawRecord[] =>
    Array.from({ length: fitting(bytes, count, 11) }, () => readRecord(bytes, cursor))
  const answers = section(answerCount!)
  const authorities = section(authorityCount!)
  const additionals = section(additionalCount!)
  const opts = additionals.filter(isOpt)
  if (opts.length > 1) throw new DnsFormatError('more than one OPT record')
  const [opt] = opts
  return {
    ...readFlags(bytes, opt),
    questions,
    answers: answers.map(record => toRecord(bytes, record)),
    authorities: authorities.map(record => toRecord(bytes, record)),
    additionals: additionals.filter(record => !isOpt(record)).map(record => toRecord(bytes, record)),
    ...(opt ? { edns: readEdns(bytes, opt) } : {}),
  }
}

/** A count that the bytes cannot hold is refused before anything is made for it. */
function fitting(bytes: Buffer, count: number, least: number): number {
  if (count * least > bytes.length - HEADER_BYTES) throw new DnsFormatError('it counts more records than it can hold')
  return count
}

interface Cursor {
  at: number
}

interface RawRecord {
  readonly name: string
  readonly type: number
  readonly class: number
  readonly ttl: number
  readonly start: number
  readonly end: number
}

const isOpt = ({ type }: RawRecord): boolean => type === TYPE.OPT

function readQuestion(bytes: Buffer, cursor: Cursor): Question {
  const { name, next } = readName(bytes, cursor.at)
  need(bytes, next, 4)
  cursor.at = next + 4
  return { name, type: bytes.readUInt16BE(next), class: bytes.readUInt16BE(next + 2) }
}

function readRecord(bytes: Buffer, cursor: Cursor): RawRecord {
  const { name, next } = readName(bytes, cursor.at)
  need(bytes, next, 10)
  const start = next + 10
  const end = start + bytes.readUInt16BE(next + 8)
  need(bytes, start, end - start)
  cursor.at = end
  return {
    name,
    type: bytes.readUInt16BE(next),
    class: bytes.readUInt16BE(next + 2),
    ttl: bytes.readUInt32BE(next + 4),
    start,
    end,
  }
}

function need(bytes: Buffer, at: number, count: number): void {
  if (at + count > bytes.length) throw new DnsFormatError('a record runs beyond the message')
}

function readFlags(bytes: Buffer, opt: RawRecord | undefined) {
  const flags = bytes.readUInt16BE(2)
  const isSet = (bit: number): boolean => (flags & bit) !== 0
  return {
    id: bytes.readUInt16BE(0),
    isResponse: isSet(0x8000),
    opcode: (flags >> 11) & 15,
    isAuthoritative: isSet(0x0400),
    isTruncated: isSet(0x0200),
    isRecursionDesired: isSet(0x0100),
    isRecursionAvailable: isSet(0x0080),
    isAuthenticData: isSet(0x0020),
    isCheckingDisabled: isSet(0x0010),
    rcode: (flags & 15) | (opt ? (opt.ttl >>> 24) << 4 : 0),
  }
}

function readEdns(bytes: Buffer, opt: RawRecord): Edns {
  const options: EdnsOption[] = []
  for (let at = opt.start; at < opt.end; ) {
    if (at + 4 > opt.end) throw new DnsFormatError('an EDNS option runs beyond its record')
    const end = at + 4 + bytes.readUInt16BE(at + 2)
    if (end > opt.end) throw new DnsFormatError('an EDNS option runs beyond its record')
    options.push({ code: bytes.readUInt16BE(at), bytes: bytes.subarray(at + 4, end) })
    at = end
  }
  return {
    udpSize: opt.class,
    version: (opt.ttl >>> 16) & 0xff,
    isDnssecOk: (opt.ttl & 0x8000) !== 0,
    options,
  }
}

const toRecord = (bytes: Buffer, raw: RawRecord): ResourceRecord => ({
  name: raw.name,
  class: raw.class,
  // A TTL with the top bit set counts as zero (RFC 2181 8).
  ttl: raw.ttl > 0x7fffffff ? 0 : raw.ttl,
  data: readData(bytes, raw),
})

function readData(bytes: Buffer, { type, class: klass, start, end }: RawRecord): RecordData {
  // An update that speaks of all records of a type (RFC 2136 2.5).
  if (klass === CLASS.ANY && start === end) return { type: 'other', number: type, bytes: bytes.subarray(start, end) }
  switch (type) {
    case TYPE.A:
      return { type: 'A', address: ipFromBytes(sized(bytes, start, end, 4)) }
    case TYPE.AAAA:
      return { type: 'AAAA', address: ipFromBytes(sized(bytes, start, end, 16)) }
    case TYPE.NS:
      return { type: 'NS', target: lastName(bytes, start, end) }
    case TYPE.CNAME:
      return { type: 'CNAME', target: lastName(bytes, start, end) }
    case TYPE.PTR:
      return { type: 'PTR', target: lastName(bytes, start, end) }
    case TYPE.MX:
      need2(start + 2, end)
      return { type: 'MX', preference: bytes.readUInt16BE(start), exchange: lastName(bytes, start + 2, end) }
    case TYPE.SRV:
      return readSrv(bytes, start, end)
    case TYPE.SOA:
      return readSoa(bytes, start, end)
    case TYPE.TXT:
      return { type: 'TXT', texts: readTexts(bytes, start, end) }
    default:
      return { type: 'other', number: type, bytes: bytes.subarray(start, end) }
  }
}

function need2(at: number, end: number): void {
  if (at > end) throw new DnsFormatError('a record is shorter than its type')
}

function sized(bytes: Buffer, start: number, end: number, size: number): Uint8Array {
  if (end - start !== size) throw new DnsFormatError('an address of a wrong size')
  return bytes.subarray(start, end)
}

/** A name that must end where the record does. */
function lastName(bytes: Buffer, start: number, end: number): string {
  const { name, next } = readName(bytes, start)
  if (next !== end) throw new DnsFormatError('a name does not end with its record')
  return name
}

function readSrv(bytes: Buffer, start: number, end: number): RecordData {
  need2(start + 6, end)
  return {
    type: 'SRV',
    priority: bytes.readUInt16BE(start),
    weight: bytes.readUInt16BE(start + 2),
    port: bytes.readUInt16BE(start + 4),
    target: lastName(bytes, start + 6, end),
  }
}

function readSoa(bytes: Buffer, start: number, end: number): RecordData {
  const primary = readName(bytes, start)
  const mailbox = readName(bytes, primary.next)
  if (mailbox.next + 20 !== end) throw new DnsFormatError('an SOA record of a wrong size')
  const [serial, refresh, retry, expire, minimum] = [0, 4, 8, 12, 16].map(at => bytes.readUInt32BE(mailbox.next + at))
  return {
    type: 'SOA',
    primary: primary.name,
    mailbox: mailbox.name,
    serial: serial!,
    refresh: refresh!,
    retry: retry!,
    expire: expire!,
    minimum: minimum!,
  }
}

function readTexts(bytes: Buffer, start: number, end: number): readonly string[] {
  const texts: string[] = []
  for (let at = start; at < end; ) {
    const next = at + 1 + bytes[at]!
    need2(next, end)
    texts.push(bytes.toString('latin1', at + 1, next))
    at = next
  }
  return texts
}
