/** Rules of the forms that change often, as the kernel's expressions. */
import { PROTOCOLS } from '../../libc.ts'
import type { Attribute } from '../../netlink.ts'
import { u8, u16be, u32, u32be, zeroText } from '../../netlink.ts'
import { elementsOf, FLAG } from './elements.ts'
import { numberIn, TYPE, valueData, verdictData } from './fields.ts'

/** A set without a name, which belongs to its rule. */
export interface AnonymousSet {
  readonly flags: number
  /** How many elements the library says that it will have. */
  readonly size: number
  readonly userdata: Buffer
  readonly elements: readonly Attribute[]
}

export interface CompiledRule {
  readonly expressions: readonly Attribute[]
  /** Filled before the rule; lookups name them by their place in this list. */
  readonly sets: readonly AnonymousSet[]
}

const REGISTER = 1
const EQUAL = 0
const UNEQUAL = 1
const AT_MOST = 3
const AT_LEAST = 5
const META = { mark: 3, family: 15, protocol: 16 } as const
const CT = { mark: 3, source4: 19, source6: 21 } as const
const NETWORK = 1
const TRANSPORT = 2
/** What the library calls a header, in its notes about types. */
const HEADERS: Readonly<Record<string, number>> = { udp: 6, tcp: 8, sctp: 10 }
const FIELDS: Readonly<Record<string, { readonly family: number; readonly offset: number; readonly length: number }>> =
  {
    'ip saddr': { family: 2, offset: 12, length: 4 },
    'ip daddr': { family: 2, offset: 16, length: 4 },
    'ip6 saddr': { family: 10, offset: 8, length: 16 },
    'ip6 daddr': { family: 10, offset: 24, length: 16 },
  }

const expression = (name: string, ...attributes: readonly Attribute[]): Attribute => [
  1,
  [
    [1, zeroText(name)],
    [2, attributes],
  ],
]
const register = (attribute: number): Attribute => [attribute, u32be(REGISTER)]
const loadMeta = (key: number): Attribute => expression('meta', [2, u32be(key)], register(1))
const setMark = (): Attribute => expression('meta', [2, u32be(META.mark)], register(3))
const compare = (how: number, bytes: Uint8Array): Attribute =>
  expression('cmp', register(1), [2, u32be(how)], [3, valueData(bytes)])
const loadPayload = (base: number, offset: number, length: number): Attribute =>
  expression('payload', register(1), [2, u32be(base)], [3, u32be(offset)], [4, u32be(length)])
const loadCt = (key: number, ...more: readonly Attribute[]): Attribute =>
  expression('ct', register(1), [2, u32be(key)], ...more)
const lookup = (set: string, ...more: readonly Attribute[]): Attribute =>
  expression('lookup', [1, zeroText(set)], register(2), ...more)
const immediate = (to: number, data: readonly Attribute[]): Attribute =>
  expression('immediate', [1, u32be(to)], [2, data])
const andMask = (mask: number): Attribute =>
  expression('bitwise', register(1), register(2), [3, u32be(4)], [4, valueData(u32(mask))], [5, valueData(u32(0))])
/** The set of the rule that has this place among its own: the name is given by the kernel. */
export const ANONYMOUS = '__set%d'

/** Undefined: the rule has some other form. */
export function compileRule(words: readonly string[], idOf: (place: number) => number): CompiledRule | undefined {
  const sets: AnonymousSet[] = []
  const expressions: Attribute[] = []
  let rest = words
  while (rest.length > 0) {
    const found = formOf(rest)(rest)
    if (!found) return undefined
    const [length, made, set] = found
    expressions.push(...made(set ? idOf(sets.length) : 0))
    if (set) sets.push(set)
    rest = rest.slice(length)
  }
  return { expressions, sets }
}

type Found = readonly [words: number, expressions: (set: number) => readonly Attribute[], set?: AnonymousSet]
type Form = (words: readonly string[]) => Found | undefined

const mapName = (word: string | undefined): string | undefined => /^@([\w-]+)$/.exec(word ?? '')?.[1]

const ctMark: Form = words => {
  if (words.slice(0, 3).join(' ') !== 'ct mark and') return undefined
  const mask = numberIn(words[3], 0xffff_ffff)
  const value = numberIn(words[5], 0xffff_ffff)
  const how = words[4] === '==' ? EQUAL : words[4] === '!=' ? UNEQUAL : undefined
  if (mask === undefined || value === undefined || how === undefined) return undefined
  return [6, () => [loadCt(CT.mark), andMask(mask), compare(how, u32(value))]]
}

const protocol: Form = ([meta, l4proto, name]) => {
  const number = PROTOCOLS.get(name ?? '')
  return meta === 'meta' && l4proto === 'l4proto' && number !== undefined ? [3, () => isProtocol(number)] : undefined
}
const isProtocol = (number: number): readonly Attribute[] => [loadMeta(META.protocol), compare(EQUAL, u8(number))]

/** Where a value is looked up, as it gets into the register. */
function source(words: readonly string[]): readonly [words: number, load: readonly Attribute[]] | undefined {
  const [first, second, third, fourth] = words
  if (first === 'meta' && second === 'mark') return [2, [loadMeta(META.mark)]]
  if (first === 'ct' && second === 'original' && fourth === 'saddr') {
    const key = third === 'ip' ? CT.source4 : third === 'ip6' ? CT.source6 : undefined
    return key === undefined ? undefined : [4, [loadCt(key, [3, u8(0)])]]
  }
  const field = FIELDS[`${first} ${second}`]
  if (!field) return undefined
  const { family, offset, length } = field
  return [2, [loadMeta(META.family), compare(EQUAL, u8(family)), loadPayload(NETWORK, offset, length)]]
}

const markSet: Form = words => {
  if (words.slice(0, 3).join(' ') !== 'meta mark set') return undefined
  const value = numberIn(words[3], 0xffff_ffff)
  if (value !== undefined) return [4, () => [immediate(REGISTER, valueData(u32(value))), setMark()]]
  const from = source(words.slice(3))
  if (!from || words[3 + from[0]] !== 'map') return undefined
  const map = mapName(words[4 + from[0]])
  if (map === undefined) return undefined
  return [5 + from[0], () => [...from[1], lookup(map, register(3)), setMark()]]
}

const verdictMap: Form = words => {
  const from = source(words)
  if (!from || words[from[0]] !== 'vmap') return undefined
  const map = mapName(words[from[0] + 1])
  return map === undefined ? undefined : [from[0] + 2, () => [...from[1], lookup(map, [3, u32be(0)])]]
}

const ports: Form = words => {
  const [name = '', dport, open] = words
  const number = PROTOCOLS.get(name)
  const close = words.indexOf('}')
  if (number === undefined || dport !== 'dport' || open !== '{' || close < 0) return undefined
  const inside = words.slice(3, close)
  const load = [...isProtocol(number), loadPayload(TRANSPORT, 2, 2)]
  if (inside.length === 1) {
    const [from, to = from, more] = inside[0]!.split('-').map(text => numberIn(text, 0xffff))
    if (from === undefined || to === undefined || more !== undefined || from > to) return undefined
    const isOne = !inside[0]!.includes('-')
    // The library writes a range of one port otherwise.
    if (!isOne && from === to) return undefined
    const bounds = isOne ? [compare(EQUAL, u16be(from))] : [compare(AT_LEAST, u16be(from)), compare(AT_MOST, u16be(to))]
    return [close + 1, () => [...load, ...bounds]]
  }
  const set = portsSet(name, inside)
  if (!set) return undefined
  return [close + 1, id => [...load, lookup(ANONYMOUS, [4, u32be(id)])], set]
}

function portsSet(protocolName: string, inside: readonly string[]): AnonymousSet | undefined {
  const isInterval = inside.some(word => word.includes('-'))
  const flags = FLAG.anonymous | FLAG.constant | (isInterval ? FLAG.interval : 0)
  const elements = elementsOf(inside, { flags, keyType: TYPE.port, keyLength: 2 }, 'add')
  if (!elements) return undefined
  const count = (inside.length + 1) / 2
  const beginsAtNothing = inside.some(word => /^0+(-|$)/.test(word))
  const size = isInterval ? 2 * count + (beginsAtNothing ? 0 : 1) : count
  return { flags, size, userdata: portNote(HEADERS[protocolName]!, isInterval), elements }
}

/** As the library notes a set of ports of a header: its byte order, whether it is of intervals, and which field it is of. */
const portNote = (header: number, isInterval: boolean): Buffer =>
  Buffer.from(
    `000402000000${isInterval ? '020401000000' : ''}0314000407000000010c0004${header.toString(16).padStart(2, '0')}000000010402000000`,
    'hex',
  )

const verdict: Form = words => {
  const length = ['goto', 'jump'].includes(words[0]!) ? 2 : 1
  const data = verdictData(words.slice(0, length))
  return data && words.length === length ? [length, () => [immediate(0, data)]] : undefined
}

/** The one form that such words may begin. */
function formOf([first = '', second, third]: readonly string[]): Form {
  switch (first) {
    case 'ct':
      return second === 'mark' ? ctMark : verdictMap
    case 'meta':
      if (second === 'l4proto') return protocol
      return third === 'set' ? markSet : verdictMap
    case 'ip':
    case 'ip6':
      return verdictMap
    default:
      return PROTOCOLS.has(first) ? ports : verdict
  }
}
