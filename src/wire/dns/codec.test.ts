import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ip, ipFromBytes } from '../../lib/ip.ts'
import { decode } from './decode.ts'
import { encode } from './encode.ts'
import type { Message, RecordData, ResourceRecord } from './message.ts'
import { CLASS, DnsFormatError, TYPE } from './message.ts'
import { escapeLabel, labelsOf } from './name.ts'

const EMPTY: Message = {
  id: 0,
  isResponse: false,
  opcode: 0,
  isAuthoritative: false,
  isTruncated: false,
  isRecursionDesired: false,
  isRecursionAvailable: false,
  isAuthenticData: false,
  isCheckingDisabled: false,
  rcode: 0,
  questions: [],
  answers: [],
  authorities: [],
  additionals: [],
}
const question = { name: 'api.shop.svc.cluster.local.', type: TYPE.A, class: CLASS.IN }
const record = (data: RecordData, name = question.name): ResourceRecord => ({ name, class: CLASS.IN, ttl: 5, data })
const addresses = (count: number): readonly ResourceRecord[] =>
  Array.from({ length: count }, (_, i) => record({ type: 'A', address: ip(`10.128.${i >> 8}.${i & 255}`) }))

const number = (max: number) => fc.nat({ max })
const label = fc
  .uint8Array({ minLength: 1, maxLength: 20 })
  .map(bytes => escapeLabel(Buffer.from(bytes).toString('latin1')))
const name = fc.array(label, { maxLength: 5 }).map(labels => (labels.length === 0 ? '.' : `${labels.join('.')}.`))
const four = fc.uint8Array({ minLength: 4, maxLength: 4 }).map(ipFromBytes)
const six = fc.uint8Array({ minLength: 16, maxLength: 16 }).map(ipFromBytes)
const u16 = number(0xffff)
const u32 = number(0x7fffffff)
const data: fc.Arbitrary<RecordData> = fc.oneof(
  fc.record({ type: fc.constant('A' as const), address: four }),
  fc.record({ type: fc.constant('AAAA' as const), address: six }),
  fc.record({ type: fc.constantFrom('NS' as const, 'CNAME' as const, 'PTR' as const), target: name }),
  fc.record({ type: fc.constant('MX' as const), preference: u16, exchange: name }),
  fc.record({ type: fc.constant('SRV' as const), priority: u16, weight: u16, port: u16, target: name }),
  fc.record({
    type: fc.constant('SOA' as const),
    primary: name,
    mailbox: name,
    serial: u32,
    refresh: u32,
    retry: u32,
    expire: u32,
    minimum: u32,
  }),
  fc.record({
    type: fc.constant('TXT' as const),
    texts: fc.array(
      fc.uint8Array({ maxLength: 255 }).map(bytes => Buffer.from(bytes).toString('latin1')),
      {
        minLength: 1,
        maxLength: 3,
      },
    ),
  }),
)
const records = fc.array(fc.record({ name, class: u16, ttl: u32, data }), { maxLength: 4 })
const message: fc.Arbitrary<Message> = fc.record(
  {
    id: u16,
    isResponse: fc.boolean(),
    opcode: number(15),
    isAuthoritative: fc.boolean(),
    isTruncated: fc.constant(false),
    isRecursionDesired: fc.boolean(),
    isRecursionAvailable: fc.boolean(),
    isAuthenticData: fc.boolean(),
    isCheckingDisabled: fc.boolean(),
    rcode: number(15),
    questions: fc.array(fc.record({ name, type: u16, class: u16 }), { maxLength: 2 }),
    answers: records,
    authorities: records,
    additionals: records,
    edns: fc.record({
      udpSize: u16,
      version: number(3),
      isDnssecOk: fc.boolean(),
      options: fc.array(
        fc.record({ code: u16, bytes: fc.uint8Array({ maxLength: 9 }).map(bytes => Buffer.from(bytes)) }),
        { maxLength: 2 },
      ),
    }),
  },
  { requiredKeys: Object.keys(EMPTY) as (keyof Message)[] as never },
)

/** Names compare without case; compression may lend one name the case of another. */
const lowered = (value: Message): unknown =>
  JSON.parse(
    JSON.stringify(value, (key, inner) =>
      ['name', 'target', 'exchange', 'primary', 'mailbox'].includes(key) && typeof inner === 'string'
        ? inner.toLowerCase()
        : inner,
    ),
  )

describe('what is encoded', () => {
  test('is read back the same', () => {
    fc.assert(
      fc.property(message, value => {
        expect(lowered(decode(encode(value)))).toEqual(lowered(value))
      }),
    )
  })

  test('repeats no name that stands already', () => {
    const bytes = encode({ ...EMPTY, questions: [question], answers: addresses(3) })
    expect(bytes.length).toBe(12 + 28 + 4 + 3 * 16)
    const srv = record({ type: 'SRV', priority: 0, weight: 100, port: 80, target: question.name })
    expect(encode({ ...EMPTY, questions: [question], answers: [srv] }).length).toBe(12 + 28 + 4 + 12 + 6 + 28)
  })

  test('keeps to the limit: answers are cut and say so, additional records just go', () => {
    const full = { ...EMPTY, questions: [question], answers: addresses(100) }
    const cut = decode(encode(full, 512))
    expect(encode(full, 512).length).toBeLessThanOrEqual(512)
    expect([cut.isTruncated, cut.answers.length]).toEqual([true, 29])
    const extra = decode(encode({ ...EMPTY, questions: [question], additionals: addresses(100) }, 512))
    expect([extra.isTruncated, extra.additionals.length]).toEqual([false, 29])
    const edns = { udpSize: 1232, version: 0, isDnssecOk: false, options: [] }
    const withEdns = encode({ ...full, edns }, 512)
    expect(withEdns.length).toBeLessThanOrEqual(512)
    expect(decode(withEdns).edns?.udpSize).toBe(1232)
    expect(decode(encode(full)).answers.length).toBe(100)
  })

  test('carries the upper bits of the response code in EDNS', () => {
    const edns = { udpSize: 1232, version: 0, isDnssecOk: true, options: [] }
    expect(decode(encode({ ...EMPTY, rcode: 16, edns })).rcode).toBe(16)
  })

  test('is refused when a name or text cannot be written', () => {
    const refused = (value: Message): void => expect(() => encode(value)).toThrow(DnsFormatError)
    refused({ ...EMPTY, questions: [{ ...question, name: `${'a'.repeat(64)}.` }] })
    refused({ ...EMPTY, questions: [{ ...question, name: 'a..b.' }] })
    refused({ ...EMPTY, questions: [{ ...question, name: `${'abcdefg.'.repeat(32)}` }] })
    refused({ ...EMPTY, answers: [record({ type: 'TXT', texts: ['x'.repeat(256)] })] })
    encode({ ...EMPTY, questions: [{ ...question, name: `${'a'.repeat(63)}.` }] })
    encode({ ...EMPTY, answers: [record({ type: 'TXT', texts: ['x'.repeat(255)] })] })
  })
})

describe('what is decoded', () => {
  const valid = encode({ ...EMPTY, questions: [question], answers: addresses(2) })
  const readable = (bytes: Uint8Array): boolean => {
    try {
      decode(bytes)
      return true
    } catch (error) {
      if (error instanceof DnsFormatError) return false
      throw error
    }
  }

  test('may be anything at all: a message or a DnsFormatError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), bytes => {
        readable(bytes)
      }),
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(number(valid.length - 1), number(255)), { maxLength: 6 }), changes => {
        const bytes = Buffer.from(valid)
        for (const [at, value] of changes) bytes[at] = value
        readable(bytes)
      }),
    )
    for (let end = 0; end < valid.length; end++) expect(readable(valid.subarray(0, end))).toBe(false)
    expect(readable(valid)).toBe(true)
  })

  test('has no name that leads in a circle, or forward', () => {
    const header = Buffer.from([0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0])
    const withName = (...bytes: number[]): Buffer => Buffer.concat([header, Buffer.from([...bytes, 0, 1, 0, 1])])
    expect(readable(withName(0xc0, 12))).toBe(false)
    expect(readable(withName(1, 0x61, 0xc0, 12))).toBe(false)
    expect(readable(withName(0xc0, 14, 0))).toBe(false)
    expect(readable(withName(0x41, 0x61, 0))).toBe(false)
    expect(readable(withName(1, 0x61, 0))).toBe(true)
  })

  test('claims no more records than it can hold', () => {
    const bytes = Buffer.from(valid)
    bytes.writeUInt16BE(0xffff, 6)
    expect(() => decode(bytes)).toThrow('more records than it can hold')
  })
})

test('names: dots and unprintable bytes inside a label survive', () => {
  const odd = `${escapeLabel('a.b')}.${escapeLabel('\\')}.${escapeLabel('\x00é')}.`
  expect(odd).toBe('a\\.b.\\\\.\\000\\233.')
  expect(labelsOf(odd)).toEqual(['a.b', '\\', '\x00é'])
  expect(labelsOf('.')).toEqual([])
})
