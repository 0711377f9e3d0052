import type { Ip } from '../../lib/ip.ts'

/** Record types by name; others are numbers alone. */
export const TYPE = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  OPT: 41,
  IXFR: 251,
  AXFR: 252,
  ANY: 255,
} as const

export const CLASS = { IN: 1, CH: 3, ANY: 255 } as const

export const RCODE = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  BADVERS: 16,
} as const

const typeNames = new Map<number, string>(Object.entries(TYPE).map(([name, number]) => [number, name]))
const rcodeNames = new Map<number, string>(Object.entries(RCODE).map(([name, number]) => [number, name]))
export const typeName = (type: number): string => typeNames.get(type) ?? `TYPE${type}`
export const rcodeName = (rcode: number): string => rcodeNames.get(rcode) ?? `RCODE${rcode}`

/**
 * A domain name in presentation form (RFC 1035 5.1) with its final dot: "a.b.". Dots and backslashes inside a label are
 * escaped by a backslash, what is not printable as \DDD.
 */
export type Name = string

export interface Question {
  readonly name: Name
  readonly type: number
  readonly class: number
}

export type RecordData =
  | { readonly type: 'A' | 'AAAA'; readonly address: Ip }
  | { readonly type: 'NS' | 'CNAME' | 'PTR'; readonly target: Name }
  | { readonly type: 'MX'; readonly preference: number; readonly exchange: Name }
  | {
      readonly type: 'SRV'
      readonly priority: number
      readonly weight: number
      readonly port: number
      readonly target: Name
    }
  | {
      readonly type: 'SOA'
      readonly primary: Name
      readonly mailbox: Name
      readonly serial: number
      readonly refresh: number
      readonly retry: number
      readonly expire: number
      readonly minimum: number
    }
  /** Each text is Latin-1, at most 255 bytes. */
  | { readonly type: 'TXT'; readonly texts: readonly string[] }
  | { readonly type: 'other'; readonly number: number; readonly bytes: Uint8Array }

export interface ResourceRecord {
  readonly name: Name
  readonly class: number
  /** Seconds. */
  readonly ttl: number
  readonly data: RecordData
}

export interface EdnsOption {
  readonly code: number
  readonly bytes: Uint8Array
}

/** What the OPT pseudo-record says (RFC 6891). */
export interface Edns {
  readonly udpSize: number
  readonly version: number
  readonly isDnssecOk: boolean
  readonly options: readonly EdnsOption[]
}

export interface Message {
  readonly id: number
  readonly isResponse: boolean
  readonly opcode: number
  readonly isAuthoritative: boolean
  readonly isTruncated: boolean
  readonly isRecursionDesired: boolean
  readonly isRecursionAvailable: boolean
  readonly isAuthenticData: boolean
  readonly isCheckingDisabled: boolean
  /** With the upper bits that EDNS adds. */
  readonly rcode: number
  readonly questions: readonly Question[]
  readonly answers: readonly ResourceRecord[]
  readonly authorities: readonly ResourceRecord[]
  /** Without the OPT record. */
  readonly additionals: readonly ResourceRecord[]
  readonly edns?: Edns
}

/** Bytes that are no DNS message, or a message that cannot be bytes. */
export class DnsFormatError extends Error {
  override readonly name = 'DnsFormatError'
}

const typeNumbers: Readonly<Record<string, number>> = TYPE
export const typeOf = (data: RecordData): number => (data.type === 'other' ? data.number : typeNumbers[data.type]!)
