/** Keys and data of elements as bytes. Undefined wherever text and type do not go together. */
import { familyOf, ipBytes, parseIp } from '../../../lib/ip.ts'
import { PROTOCOLS } from '../../libc.ts'
import type { Attribute } from '../../netlink.ts'
import { macBytes, padded, u16be, u32, u32be, zeroText } from '../../netlink.ts'
import { quotedText } from './tokens.ts'

/** The library's numbers of types (nft's include/datatype.h); the kernel keeps them for whoever lists. */
export const TYPE = {
  verdict: 0xffff_ff00,
  integer: 4,
  ipv4: 7,
  ipv6: 8,
  mac: 9,
  protocol: 12,
  port: 13,
  mark: 19,
  ifname: 41,
} as const

const LENGTH: Readonly<Record<number, number>> = {
  [TYPE.ipv4]: 4,
  [TYPE.ipv6]: 16,
  [TYPE.mac]: 6,
  [TYPE.protocol]: 1,
  [TYPE.port]: 2,
  [TYPE.mark]: 4,
  [TYPE.ifname]: 16,
}
const BITS = 6

/** A whole number within bounds. */
export function numberIn(text: string | undefined, most: number): number | undefined {
  if (text === undefined || !/^\d{1,10}$/.test(text)) return undefined
  const value = Number(text)
  return value <= most ? value : undefined
}

const PORT_MOST = 0xffff
const MARK_MOST = 0xffff_ffff

/** Words joined by dots, as one value of a type: one field, or several of them, each padded to four bytes. */
export function valueBytes(words: readonly string[], type: number, length: number): Buffer | undefined {
  const types = partsOf(type)
  if (words.length !== types.length * 2 - 1) return undefined
  const unknown = types.reduce((rest, each) => rest - padded(LENGTH[each] ?? 0), length)
  const fields: Buffer[] = []
  for (const [i, each] of types.entries()) {
    if (i > 0 && words[2 * i - 1] !== '.') return undefined
    const bytes = each === TYPE.integer ? integerBytes(words[2 * i]!, unknown) : fieldBytes(words[2 * i]!, each)
    if (!bytes) return undefined
    fields.push(types.length === 1 ? bytes : Buffer.concat([bytes], padded(bytes.length)))
  }
  const all = Buffer.concat(fields)
  return all.length === length ? all : undefined
}

/** The types of a concatenation, which has their numbers one after the other. */
function partsOf(type: number): readonly number[] {
  const parts: number[] = []
  for (let rest = type; rest > 0; rest >>>= BITS) parts.unshift(rest & ((1 << BITS) - 1))
  return parts
}

function fieldBytes(word: string, type: number): Buffer | undefined {
  switch (type) {
    case TYPE.ipv4:
    case TYPE.ipv6: {
      const address = parseIp(word)
      if (address === undefined || (familyOf(address) === 4) !== (type === TYPE.ipv4)) return undefined
      return Buffer.from(ipBytes(address))
    }
    case TYPE.mac:
      return /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(word) ? macBytes(word) : undefined
    case TYPE.protocol: {
      const number = PROTOCOLS.get(word)
      return number === undefined ? undefined : Buffer.of(number)
    }
    case TYPE.port: {
      const port = numberIn(word, PORT_MOST)
      return port === undefined ? undefined : u16be(port)
    }
    case TYPE.mark: {
      const mark = numberIn(word, MARK_MOST)
      return mark === undefined ? undefined : u32(mark)
    }
    case TYPE.ifname: {
      const name = quotedText(word)
      return name === undefined || !/^[^*\\]{1,15}$/.test(name) ? undefined : Buffer.concat([Buffer.from(name)], 16)
    }
    default:
      return undefined
  }
}

/** What only an expression declares: the kernel's own numbers as it has them, bytes of packets as they come. */
function integerBytes(word: string, length: number): Buffer | undefined {
  if (length === 4) {
    const value = numberIn(word, MARK_MOST)
    return value === undefined ? undefined : u32(value)
  }
  return new RegExp(`^0x[0-9a-f]{${2 * length}}$`).test(word) ? Buffer.from(word.slice(2), 'hex') : undefined
}

const VERDICTS: Readonly<Record<string, number>> = { accept: 1, drop: 0, continue: -1, return: -5 }
const LEADS: Readonly<Record<string, number>> = { jump: -3, goto: -4 }
const VALUE = 1
const VERDICT = 2
const CODE = 1
const CHAIN = 2

/** A verdict as data: an attribute of registers and elements. */
export function verdictData([word = '', chain, ...rest]: readonly string[]): readonly Attribute[] | undefined {
  if (rest.length > 0) return undefined
  if (chain === undefined) {
    const code = VERDICTS[word]
    return code === undefined ? undefined : [[VERDICT, [[CODE, u32be(code)]]]]
  }
  const code = LEADS[word]
  if (code === undefined || !/^[\w-]+$/.test(chain)) return undefined
  return [
    [
      VERDICT,
      [
        [CODE, u32be(code)],
        [CHAIN, zeroText(chain)],
      ],
    ],
  ]
}

export const valueData = (bytes: Uint8Array): readonly Attribute[] => [[VALUE, bytes]]

/** A comment, as the library notes it. */
export const commentBytes = (text: string): Buffer => Buffer.concat([Buffer.of(0, text.length + 1), zeroText(text)])
