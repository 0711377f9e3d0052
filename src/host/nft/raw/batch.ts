/** A transaction's text as one batch of nf_tables messages (linux/netfilter/nf_tables.h). */
import type { Attribute } from '../../netlink.ts'
import { lengthOf, message, NFNL, NLM_F, u32be, zeroText } from '../../netlink.ts'
import type { SetShape } from './elements.ts'
import { elementsOf, FLAG } from './elements.ts'
import { ANONYMOUS, compileRule } from './expressions.ts'
import { commentBytes, TYPE } from './fields.ts'
import { definedShape, setAttributes, setNote } from './sets.ts'
import { quotedText, wordsOf } from './tokens.ts'

export const GET_SET = NFNL.NFTABLES | 10
const BATCH_BEGIN = 16
const BATCH_END = 17
const MESSAGE = { table: 0, chain: 3, rule: 6, set: 9, element: 12 } as const
const DELETE = 2
const FAMILIES: Readonly<Record<string, number>> = { inet: 1, ip: 2, arp: 3, netdev: 5, bridge: 7, ip6: 10 }
/** In one list of elements: an attribute's length has sixteen bits. */
const LIST_BYTES = 32_000

export interface SetName {
  readonly family: number
  readonly table: string
  readonly set: string
}

/** Asks the kernel of what is there; undefined where it is not. */
export type ShapeOf = (name: SetName) => SetShape | undefined

/** The messages of a transaction, or undefined: something in it is not among what is written here. */
export function batchOf(text: string, shapeOf: ShapeOf): readonly Buffer[] | undefined {
  const batch: Batch = { messages: [], shapeOf, made: new Map(), known: new Map(), lastId: 0 }
  for (const line of text.split('\n')) if (line !== '' && !write(batch, wordsOf(line))) return undefined
  const { messages } = batch
  const frame = (type: number): Buffer => message(type, NLM_F.REQUEST, header(0, 10), [])
  return messages.length === 0 ? undefined : [frame(BATCH_BEGIN), ...messages, frame(BATCH_END)]
}

export const header = (family: number, resource = 0): Buffer => Buffer.of(family, 0, 0, resource)

interface Place {
  readonly family: number
  readonly table: string
  /** Of the object in the table. */
  readonly name: string
}

interface Batch {
  readonly messages: Buffer[]
  readonly shapeOf: ShapeOf
  /** Sets and maps that it makes itself. */
  readonly made: Map<string, { readonly shape: SetShape; isFilled: boolean }>
  /** Others that were asked for. */
  readonly known: Map<string, SetShape>
  /** Of the set that was made last. */
  lastId: number
}

type What = keyof typeof MESSAGE

function add(batch: Batch, what: What, family: number, attributes: readonly Attribute[], more = 0): true {
  batch.messages.push(
    message(NFNL.NFTABLES | MESSAGE[what], NLM_F.REQUEST | NLM_F.CREATE | more, header(family), attributes),
  )
  return true
}

function remove(batch: Batch, what: What, family: number, attributes: readonly Attribute[]): true {
  batch.messages.push(message(NFNL.NFTABLES | (MESSAGE[what] + DELETE), NLM_F.REQUEST, header(family), attributes))
  return true
}

/** False: the command is not understood. */
function write(batch: Batch, [verb = '', what = '', family = '', table = '', ...rest]: readonly string[]): boolean {
  const number = FAMILIES[family]
  if (number === undefined || table === '' || !['add', 'delete', 'flush'].includes(verb)) return false
  const [name = '', ...options] = rest
  const place: Place = { family: number, table, name }
  if (what === 'table') return writeTable(batch, verb, place, rest)
  if (!/^[\w-]+$/.test(name)) return false
  switch (what) {
    case 'chain':
      return writeChain(batch, verb, place, options)
    case 'rule':
      return verb === 'add' && addRule(batch, place, options)
    case 'map':
    case 'set':
      if (verb === 'add') return addSet(batch, place, options, what === 'map')
      return verb === 'delete' && deleteSet(batch, place, options)
    case 'element':
      return verb !== 'flush' && writeElements(batch, verb as 'add' | 'delete', place, options)
    default:
      return false
  }
}

function writeTable(batch: Batch, verb: string, { family, table }: Place, options: readonly string[]): boolean {
  if (verb === 'delete') return options.length === 0 && remove(batch, 'table', family, [[1, zeroText(table)]])
  const isPlain = options.length === 0 || /^\{ comment "[^"]*" ; \}$/.test(options.join(' '))
  if (verb !== 'add' || !isPlain) return false
  const comment = quotedText(options[2])
  const note: readonly Attribute[] = comment === undefined ? [] : [[6, commentBytes(comment)]]
  return add(batch, 'table', family, [[1, zeroText(table)], [2, u32be(0)], ...note])
}

function writeChain(batch: Batch, verb: string, { family, table, name }: Place, options: readonly string[]): boolean {
  if (options.length > 0) return false
  const at = (attribute: number): readonly Attribute[] => [
    [1, zeroText(table)],
    [attribute, zeroText(name)],
  ]
  if (verb === 'add') return add(batch, 'chain', family, at(3))
  return verb === 'flush' ? remove(batch, 'rule', family, at(2)) : remove(batch, 'chain', family, at(3))
}

const inTable = ({ table, name }: Place): readonly Attribute[] => [
  [1, zeroText(table)],
  [2, zeroText(name)],
]
const keyOf = ({ family, table, name }: Place): string => `${family} ${table} ${name}`

function addSet(batch: Batch, place: Place, options: readonly string[], isMap: boolean): boolean {
  const shape = definedShape(options, isMap)
  if (!shape) return false
  batch.made.set(keyOf(place), { shape, isFilled: false })
  const attributes = [...inTable(place), ...setAttributes(shape, ++batch.lastId)]
  return add(batch, 'set', place.family, [...attributes, [13, setNote(shape)]])
}

function deleteSet(batch: Batch, place: Place, options: readonly string[]): boolean {
  batch.made.delete(keyOf(place))
  batch.known.delete(keyOf(place))
  return options.length === 0 && remove(batch, 'set', place.family, inTable(place))
}

function addRule(batch: Batch, place: Place, words: readonly string[]): boolean {
  const { family, table } = place
  const first = batch.lastId + 1
  const compiled = compileRule(words, index => first + index)
  if (!compiled) return false
  for (const { flags, size, userdata, elements } of compiled.sets) {
    const id = ++batch.lastId
    const shape = { flags, keyType: TYPE.port, keyLength: 2 }
    const own: Place = { family, table, name: ANONYMOUS }
    const more: readonly Attribute[] = [
      [9, [[1, u32be(size)]]],
      [13, userdata],
    ]
    add(batch, 'set', family, [...inTable(own), ...setAttributes(shape, id), ...more])
    addElements(batch, own, elements, [4, u32be(id)])
  }
  return add(batch, 'rule', family, [...inTable(place), [4, compiled.expressions]], NLM_F.APPEND)
}

function writeElements(batch: Batch, verb: 'add' | 'delete', place: Place, words: readonly string[]): boolean {
  if (words[0] !== '{' || words.at(-1) !== '}') return false
  const { family, table, name } = place
  const key = keyOf(place)
  const own = batch.made.get(key)
  const shape = own?.shape ?? batch.known.get(key) ?? batch.shapeOf({ family, table, set: name })
  if (!shape) return false
  // Of intervals that are there the library has to know first, so that none overlap.
  if ((shape.flags & FLAG.interval) !== 0 && (!own || own.isFilled || verb === 'delete')) return false
  if (own) own.isFilled = true
  else batch.known.set(key, shape)
  const elements = elementsOf(words.slice(1, -1), shape, verb)
  if (!elements) return false
  if (verb === 'add') return addElements(batch, place, elements)
  for (const part of lists(elements)) remove(batch, 'element', family, [...inTable(place), [3, part]])
  return true
}

function addElements(batch: Batch, place: Place, elements: readonly Attribute[], ...more: readonly Attribute[]): true {
  for (const part of lists(elements)) add(batch, 'element', place.family, [...inTable(place), [3, part], ...more])
  return true
}

function lists(elements: readonly Attribute[]): readonly (readonly Attribute[])[] {
  const found: Attribute[][] = []
  let room = 0
  for (const each of elements) {
    const length = lengthOf([each])
    if (room < length) {
      found.push([])
      room = LIST_BYTES
    }
    found.at(-1)!.push(each)
    room -= length
  }
  return found
}
