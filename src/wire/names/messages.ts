import type { Ip } from '../../lib/ip.ts'
import { parseIp } from '../../lib/ip.ts'

/**
 * What nodes and DNS servers tell each other of the names that policy speaks of: JSON, a line each. The node connects; what it
 * says replaces what it said before. Over a network its first line is not JSON but a token that says who it is.
 */
export type FromNode =
  | {
      readonly is: 'hello'
      /** Answered by `heard` with the same number. */
      readonly number: number
      readonly node: string
      /** Keys of patterns of names. */
      readonly patterns: readonly string[]
    }
  /** The kernel admits what was told under this number; or it could not be made to. */
  | { readonly is: 'admitted' | 'failed'; readonly number: number }

export interface NamedAddress {
  readonly address: Ip
  readonly ttlSeconds: number
}

export type FromServer =
  | { readonly is: 'heard'; readonly number: number }
  /** A pod of the node is about to be told that the name leads there. */
  | {
      readonly is: 'learn'
      readonly number: number
      readonly name: string
      readonly addresses: readonly NamedAddress[]
    }

/** Whom the token must be for that a node shows to a DNS server. */
export const AUDIENCE = 'names.fairlead.dev'

/** Tens of thousands of names fit. */
const MAX_LINE = 1 << 24
/** As many as a DNS message has room for. */
const MAX_ADDRESSES = 1 << 13
/** 255 bytes, each of which may be written as \DDD. */
const MAX_NAME = 1020

export const lineOf = (message: FromNode | FromServer): string => `${JSON.stringify(message)}\n`

/** Undefined when a node does not say such things. */
export function fromNode(value: unknown): FromNode | undefined {
  const { is, number, node, patterns } = fieldsOf(value)
  if (!isCount(number)) return undefined
  if (is === 'admitted' || is === 'failed') return { is, number }
  if (is !== 'hello' || typeof node !== 'string' || !areTexts(patterns)) return undefined
  return { is, number, node, patterns }
}

/** Undefined when a DNS server does not say such things. */
export function fromServer(value: unknown): FromServer | undefined {
  const { is, number, name, addresses } = fieldsOf(value)
  if (!isCount(number)) return undefined
  if (is === 'heard') return { is, number }
  if (is !== 'learn' || typeof name !== 'string' || name.length > MAX_NAME) return undefined
  if (!Array.isArray(addresses) || addresses.length > MAX_ADDRESSES || !addresses.every(isNamedAddress))
    return undefined
  return { is, number, name, addresses }
}

/** Cuts a stream into messages. `onWrong`: what came is not one, or never ends; nothing is read after it. */
export function createLines<M>(
  read: (value: unknown) => M | undefined,
  onMessage: (message: M) => void,
  onWrong: () => void,
): (chunk: Buffer) => void {
  let parts: Buffer[] = []
  let held = 0
  let isWrong = false
  const refuse = (): void => {
    isWrong = true
    parts = []
    onWrong()
  }
  const take = (line: string): void => {
    const message = read(parsed(line))
    if (message === undefined) refuse()
    else onMessage(message)
  }
  return chunk => {
    let rest = chunk
    for (let end = rest.indexOf(NEWLINE); end >= 0 && !isWrong; end = rest.indexOf(NEWLINE)) {
      const line = Buffer.concat([...parts, rest.subarray(0, end)]).toString('utf8')
      parts = []
      held = 0
      rest = rest.subarray(end + 1)
      take(line)
    }
    if (rest.length === 0 || isWrong) return
    parts.push(rest)
    held += rest.length
    if (held > MAX_LINE) refuse()
  }
}

const NEWLINE = 10

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
const areTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every(item => typeof item === 'string')

/** An address in its one form: as it is, it is an element of the kernel's sets. */
function isNamedAddress(value: unknown): value is NamedAddress {
  const { address, ttlSeconds } = fieldsOf(value)
  return typeof address === 'string' && parseIp(address) === address && isCount(ttlSeconds)
}
