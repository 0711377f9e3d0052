/** Sets and maps: how they are defined, and what the library notes of them. */
import type { Attribute } from '../../netlink.ts'
import { u32, u32be } from '../../netlink.ts'
import type { SetShape } from './elements.ts'
import { FLAG } from './elements.ts'
import { TYPE } from './fields.ts'

export const setAttributes = (shape: SetShape, id: number): readonly Attribute[] => [
  [3, u32be(shape.flags)],
  [4, u32be(shape.keyType)],
  [5, u32be(shape.keyLength)],
  ...(shape.dataType === undefined
    ? []
    : [[6, u32be(shape.dataType)] as const, [7, u32be(shape.dataLength ?? 0)] as const]),
  [10, u32be(id)],
]

const KEYS: Readonly<Record<string, readonly [type: number, length: number]>> = {
  ipv4_addr: [TYPE.ipv4, 4],
  ipv6_addr: [TYPE.ipv6, 16],
  mark: [TYPE.mark, 4],
}
const FLAG_WORDS: Readonly<Record<string, number>> = { interval: FLAG.interval, timeout: FLAG.timeout }

/** `{ type KEY : DATA; flags FLAG; }` of the types that policy's maps have. */
export function definedShape(words: readonly string[], isMap: boolean): SetShape | undefined {
  const match = /^\{ type (\w+)(?: : (\w+))? ;(?: flags (\w+) ;)? \}$/.exec(words.join(' '))
  const key = KEYS[match?.[1] ?? '']
  const flag = match?.[3] === undefined ? 0 : FLAG_WORDS[match[3]]
  if (!match || !key || flag === undefined || isMap !== (match[2] !== undefined)) return undefined
  const [keyType, keyLength] = key
  if (!isMap) return { flags: flag, keyType, keyLength }
  const data = match[2] === 'verdict' ? ([TYPE.verdict, 16] as const) : match[2] === 'mark' ? KEYS.mark : undefined
  return data && { flags: flag | FLAG.map, keyType, keyLength, dataType: data[0], dataLength: data[1] }
}

const HOST_ORDER = 1
const NETWORK_ORDER = 2

/** What the library notes of a set for whoever lists it: byte orders, and that it puts no intervals together. */
export function setNote({ keyType, dataType }: SetShape): Buffer {
  const note = (type: number, value: number): Buffer => Buffer.concat([Buffer.of(type, 4), u32(value)])
  const key = note(0, keyType === TYPE.mark ? HOST_ORDER : NETWORK_ORDER)
  if (dataType === undefined) return key
  return Buffer.concat([key, note(1, dataType === TYPE.verdict ? 0 : HOST_ORDER), note(6, 0)])
}
