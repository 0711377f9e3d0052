import { CelError } from '../ast.ts'
import type { Value } from '../value.ts'
import { compare, equal, isList, numberOf } from '../value.ts'
import type { Body, Library } from './mod.ts'
import { operators } from './operators.ts'

const MAX_RANGE = 10_000n

const list =
  (body: (of: readonly Value[], ...args: Value[]) => Value | undefined): Body =>
  (of, ...args) =>
    isList(of!) ? body(of, ...args) : undefined

const lists2 =
  (body: (a: readonly Value[], b: readonly Value[]) => Value): Body =>
  (a, b) =>
    isList(a!) && isList(b!) ? body(a, b) : undefined

const holds = (of: readonly Value[], item: Value): boolean => of.some(other => equal(other, item))
const holdsAll = (of: readonly Value[], items: readonly Value[]): boolean => items.every(item => holds(of, item))

function extreme(of: readonly Value[], sign: number, name: string): Value {
  if (of.length === 0) throw new CelError(`${name} called on empty list`)
  return of.reduce((best, item) => (compare(item, best) * sign > 0 ? item : best))
}

const distinct = (of: readonly Value[]): readonly Value[] =>
  of.filter((item, index) => of.findIndex(other => equal(other, item)) === index)

const flat = (of: readonly Value[], depth: number): readonly Value[] =>
  of.flatMap(item => (isList(item) && depth > 0 ? flat(item, depth - 1) : [item]))

/** math.greatest and math.least take numbers, or one list of them. */
const among =
  (sign: number): Body =>
  (...args) => {
    const all = args.length === 1 && isList(args[0]!) ? args[0] : args
    return all.every(item => numberOf(item) !== undefined) ? extreme(all, sign, 'math.@max') : undefined
  }

export const lists: Library = {
  functions: {
    'math.greatest': among(1),
    'math.least': among(-1),
    'math.abs': of =>
      typeof of === 'bigint' ? (of < 0n ? -of : of) : typeof of === 'number' ? Math.abs(of) : undefined,
    'math.ceil': of => (typeof of === 'number' ? Math.ceil(of) : undefined),
    'math.floor': of => (typeof of === 'number' ? Math.floor(of) : undefined),
    'lists.range': of =>
      typeof of === 'bigint' && of <= MAX_RANGE
        ? Array.from({ length: Number(of) }, (_, index) => BigInt(index))
        : undefined,
    'sets.contains': lists2(holdsAll),
    'sets.equivalent': lists2((a, b) => holdsAll(a, b) && holdsAll(b, a)),
    'sets.intersects': lists2((a, b) => a.some(item => holds(b, item))),
  },
  methods: {
    isSorted: list(of => of.every((item, index) => index === 0 || compare(of[index - 1]!, item) <= 0)),
    sum: list(of =>
      of.reduce((sum, item) => operators.functions!['_+_']!(sum, item) ?? null, typeof of[0] === 'number' ? 0 : 0n),
    ),
    min: list(of => extreme(of, -1, 'min')),
    max: list(of => extreme(of, 1, 'max')),
    indexOf: list((of, item) => BigInt(of.findIndex(other => equal(other, item!)))),
    lastIndexOf: list((of, item) => BigInt(of.findLastIndex(other => equal(other, item!)))),
    reverse: list(of => of.toReversed()),
    sort: list(of => of.toSorted(compare)),
    distinct: list(distinct),
    flatten: list((of, depth = 1n) => (typeof depth === 'bigint' ? flat(of, Number(depth)) : undefined)),
    slice: list((of, from, to) => {
      if (typeof from !== 'bigint' || typeof to !== 'bigint') return undefined
      if (from < 0n || to > of.length || from > to)
        throw new CelError(`cannot slice(${from}, ${to}), list is length ${of.length}`)
      return of.slice(Number(from), Number(to))
    }),
  },
}
