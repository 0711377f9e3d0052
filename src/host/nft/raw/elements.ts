/** Elements of sets and maps as attributes. */
import type { Attribute } from '../../netlink.ts'
import { u32be } from '../../netlink.ts'
import { commentBytes, numberIn, TYPE, valueBytes, valueData, verdictData } from './fields.ts'
import { itemsOf, quotedText } from './tokens.ts'

/** Of a set or map, what bytes of its elements depend on. */
export interface SetShape {
  readonly flags: number
  readonly keyType: number
  readonly keyLength: number
  /** Of maps. */
  readonly dataType?: number
  readonly dataLength?: number
}

export const FLAG = { anonymous: 1, constant: 2, interval: 4, map: 8, timeout: 16, evaluated: 32 } as const

const LIST_ELEMENT = 1
const KEY = 1
const DATA = 2
const FLAGS = 3
const TIMEOUT = 4
const USERDATA = 6
const INTERVAL_END = 1
/** The library's note that an interval goes to the end of what there is. */
const OPEN_NOTE = Buffer.of(1, 4, 1, 0, 0, 0)

interface ElementText {
  readonly key: readonly string[]
  readonly data?: readonly string[]
  readonly comment?: string
  readonly timeoutMs?: number
}

/** The attributes of each element that the words between the braces say. Undefined: something is not understood. */
export function elementsOf(
  words: readonly string[],
  shape: SetShape,
  verb: 'add' | 'delete',
): readonly Attribute[] | undefined {
  const items = itemsOf(words).map(readElement)
  const isInterval = (shape.flags & FLAG.interval) !== 0
  const found = isInterval ? intervals(items, shape) : items.map(item => item && plain(item, shape, verb))
  return found?.every(each => each !== undefined) ? found : undefined
}

function readElement(words: readonly string[]): ElementText | undefined {
  const colon = words.indexOf(':')
  const [left, data] = colon < 0 ? [words] : [words.slice(0, colon), words.slice(colon + 1)]
  const end = left.findIndex(word => word === 'comment' || word === 'timeout')
  const options = end < 0 ? [] : left.slice(end)
  let comment: string | undefined
  let timeoutMs: number | undefined
  for (let i = 0; i < options.length; i += 2) {
    const value = options[i + 1]
    if (options[i] === 'comment') comment = quotedText(value)
    else timeoutMs = value?.endsWith('s') ? 1000 * (numberIn(value.slice(0, -1), 1e9) ?? Number.NaN) : Number.NaN
    if (options[i] === 'comment' ? comment === undefined : !(timeoutMs! >= 0)) return undefined
  }
  return {
    key: end < 0 ? left : left.slice(0, end),
    ...(data ? { data } : {}),
    ...(comment === undefined ? {} : { comment }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  }
}

/** Undefined where the words are not what the set holds. */
function dataOf(
  { data }: ElementText,
  { flags, dataType = 0, dataLength = 0 }: SetShape,
): readonly Attribute[] | undefined {
  const isMap = (flags & FLAG.map) !== 0
  if (!data || !isMap) return undefined
  if (dataType === TYPE.verdict) return verdictData(data)
  const bytes = valueBytes(data, dataType, dataLength)
  return bytes && valueData(bytes)
}

function plain(item: ElementText, shape: SetShape, verb: 'add' | 'delete'): Attribute | undefined {
  const key = valueBytes(item.key, shape.keyType, shape.keyLength)
  const data = dataOf(item, shape)
  const hasData = verb === 'add' && (shape.flags & FLAG.map) !== 0
  if (!key || (item.data !== undefined || hasData ? data === undefined : false)) return undefined
  return element(key, [
    ...(data ? [[DATA, data] as const] : []),
    ...(item.timeoutMs === undefined ? [] : [[TIMEOUT, u64be(item.timeoutMs)] as const]),
    ...(item.comment === undefined ? [] : [[USERDATA, commentBytes(item.comment)] as const]),
  ])
}

const element = (key: Uint8Array, more: readonly Attribute[]): Attribute => [
  LIST_ELEMENT,
  [[KEY, valueData(key)], ...more],
]

function u64be(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(value))
  return bytes
}

/** An interval is where it begins and the end behind it; a set whose first does not begin at nothing begins with an end. */
function intervals(
  items: readonly (ElementText | undefined)[],
  shape: SetShape,
): readonly (Attribute | undefined)[] | undefined {
  const isMap = (shape.flags & FLAG.map) !== 0
  const read = items.map(item => {
    const [word, ...rest] = item?.key ?? []
    if (!item || word === undefined || rest.length > 0 || item.comment !== undefined || item.timeoutMs !== undefined)
      return undefined
    const [first = '', last = first, more] = word.split('-')
    const [from, to] = [first, last].map(text => valueBytes([text], shape.keyType, shape.keyLength))
    const data = dataOf(item, shape)
    if (!from || !to || more !== undefined || Buffer.compare(from, to) > 0 || isMap !== (data !== undefined))
      return undefined
    return { from, to, data }
  })
  const all = read.flatMap(one => one ?? [])
  if (all.length < read.length) return undefined
  all.sort((a, b) => Buffer.compare(a.from, b.from))
  const zero = Buffer.alloc(shape.keyLength)
  const end = (key: Buffer): Attribute => element(key, [[FLAGS, u32be(INTERVAL_END)]])
  const found: Attribute[] = all[0]?.from.equals(zero) ? [] : [end(zero)]
  for (const [i, { from, to, data }] of all.entries()) {
    const next = all[i + 1]
    if (next && Buffer.compare(to, next.from) >= 0) return undefined
    const behind = after(to)
    // Alike and side by side, the library would make one of them.
    if (next && !isMap && behind?.equals(next.from)) return undefined
    found.push(
      element(from, [...(data ? [[DATA, data] as const] : []), ...(behind ? [] : [[USERDATA, OPEN_NOTE] as const])]),
    )
    if (behind) found.push(end(behind))
  }
  return found
}

/** The next number; undefined after the last. */
function after(key: Buffer): Buffer | undefined {
  const next = Buffer.from(key)
  for (let i = next.length - 1; i >= 0; i--) {
    next[i] = (next[i]! + 1) & 0xff
    if (next[i] !== 0) return next
  }
  return undefined
}
