/** What calls take. Source: cel-go, checker/cost.go, and k8s.io/apiserver/pkg/cel/library/cost.go. */
import type { Expr } from '../ast.ts'
import type { Estimate } from './cost.ts'
import type { Entry, Size } from './size.ts'
import { MOST, part, plus, product, sum, times, UNKNOWN, unionEntry } from './size.ts'
import type { Type } from './type.ts'
import { isAnything } from './type.ts'

/** What is known of a part of an expression. */
export interface Part {
  readonly expr: Expr
  readonly type: Type
  readonly cost: number
  /** Where it stands in the object; empty for what does not. */
  readonly path: readonly string[]
  readonly size?: Size | undefined
  readonly entry?: Entry | undefined
}

interface Made {
  readonly cost: number
  readonly size?: Size | undefined
  readonly entry?: Entry | undefined
}

const READ = 0.1
const MATCH = 0.25

const sizeOf = ({ size = UNKNOWN }: Part): Size => size

/** Without what the target costs, with what the arguments cost. */
export function callCost(run: Estimate, name: string, on: Part | undefined, args: readonly Part[]): Made {
  const given = args.reduce((total, { cost }) => plus(total, cost), 0)
  if (name === 'dyn') return { cost: plus(given, 1), size: args[0]!.size, entry: args[0]!.entry }
  const made = ownCost(run, name, on, args) ?? { cost: 1 }
  return { ...made, cost: plus(made.cost, given) }
}

type Rule = (on: Part | undefined, args: readonly Part[], run: Estimate) => Made | undefined

const reads = (size: Size, factor = READ): number => part(size.max, factor)
const readsArgument: Rule = (_, [first]) => first && { cost: reads(sizeOf(first)) }
const readsTarget: Rule = on => on && { cost: reads(sizeOf(on)), size: sizeOf(on) }
const nominal: Rule = () => ({ cost: 1 })

/** Each item is looked at, and what it holds is read. */
const goesOver: Rule = (on, _, run) => {
  if (!on) return undefined
  if (on.type.is !== 'made') return { cost: reads(sizeOf(on)) }
  const [item] = on.type.of
  const isRead = item?.is === 'plain' && (item.name === 'string' || item.name === 'bytes')
  const each = isRead ? reads((on.path.length > 0 ? run.sizeAt([...on.path, '@items']) : undefined) ?? UNKNOWN) : 0
  return { cost: times(sizeOf(on).max, plus(each, 1)) }
}

const searches: Rule = (on, [pattern]) => {
  if (!on || !pattern) return undefined
  const text = part(plus(sizeOf(on).max, 1), READ)
  return { cost: times(text, part(sizeOf(pattern).max, MATCH)), size: { min: 0, max: sizeOf(on).max } }
}

const compares: Rule = (_, [a, b]) => ({ cost: part(Math.min(sizeOf(a!).max, sizeOf(b!).max), READ) })

const isText = ({ type }: Part): boolean => type.is === 'plain' && (type.name === 'string' || type.name === 'bytes')
const isOpen = ({ type }: Part): boolean => isAnything(type)

/** Of several functions that may be meant, the one that takes most. */
const orders: Rule = (on, args, run) => {
  if (args.some(isText)) return compares(on, args, run)
  return args.every(isOpen) ? atLeastOne(compares(on, args, run)) : undefined
}

const atLeastOne = (made: Made | undefined): Made | undefined => made && { ...made, cost: Math.max(made.cost, 1) }

const adds: Rule = (_, args) => {
  const [a, b] = args as [Part, Part]
  const size = sum(sizeOf(a), sizeOf(b))
  const made = { cost: reads(size), size, entry: unionEntry(a.entry, b.entry) }
  if (args.some(({ type }) => type.is === 'made' && type.name === 'list')) return { ...made, cost: 1 }
  if (args.some(isText)) return made
  return args.every(isOpen) ? atLeastOne(made) : undefined
}

const splits: Rule = (on, [, limit]) => {
  if (!on) return undefined
  const count =
    limit?.expr.is === 'literal' && typeof limit.expr.value === 'bigint' ? Number(limit.expr.value) : undefined
  const max = count === undefined ? sizeOf(on).max : count < 0 ? MOST : count
  return { cost: reads(sizeOf(on), 2 * READ), size: { min: 0, max } }
}

const joins: Rule = (on, [separator], run) => {
  if (!on) return undefined
  const list = sizeOf(on)
  const item = (on.path.length > 0 ? run.sizeAt([...on.path, '@items']) : undefined) ?? UNKNOWN
  const between = { min: Math.max(list.min - 1, 0), max: Math.max(list.max - 1, 0) }
  const items = product(list, item)
  const size = separator ? sum(items, product(sizeOf(separator), between)) : items
  return { cost: reads(size), size }
}

const replaces: Rule = (on, [old, by]) => {
  if (!on || !old || !by) return undefined
  const [text, from, to] = [sizeOf(on), sizeOf(old), sizeOf(by)]
  const most =
    from.min === 0
      ? plus(times(plus(text.max, 1), to.max), text.max)
      : to.max <= from.min
        ? text.max
        : times(Math.ceil(text.max / from.min), to.max)
  const least =
    from.max === 0
      ? plus(times(plus(text.min, 1), to.min), text.min)
      : from.max <= to.min
        ? text.min
        : times(Math.ceil(text.min / from.max), to.min)
  return { cost: reads(text, 2 * READ), size: { min: least, max: most } }
}

/** Two addresses of 16 bytes are compared; one that is text is read before. */
const contains =
  (more: number): Rule =>
  (_, [other]) => {
    const isRead = other !== undefined && (isText(other) || isOpen(other))
    return { cost: plus(part(32, READ) + more, isRead ? reads(sizeOf(other)) : 0) }
  }

/** Bytes are read, and become so many characters at least and at most; other values cost little. */
const converts =
  (from: string, least: number, most: number): Rule =>
  (on, args, run) => {
    const [arg] = args as [Part]
    if (!isOpen(arg) && arg.type.name !== from) return undefined
    const { min, max } = sizeOf(arg)
    const size = { min: Math.floor(min * least), max: times(max, most) }
    return { cost: Math.max(readsArgument(on, args, run)!.cost, isOpen(arg) ? 1 : 0), size }
  }

/** Each item of one list may be compared with each of the other. */
const compareSets =
  (rounds: number): Rule =>
  (_, [a, b]) => ({ cost: plus(times(times(sizeOf(a!).max, sizeOf(b!).max), rounds), 1) })

const quotes: Rule = (on, args, run) => {
  const size = sizeOf(args[0]!)
  return { ...readsArgument(on, args, run)!, size: { min: plus(size.min, 2), max: plus(times(size.max, 2), 2) } }
}

const isIn: Rule = (_, [, of]) => {
  if (isOpen(of!)) return { cost: Math.max(sizeOf(of!).max, 1) }
  return of!.type.name === 'list' ? { cost: sizeOf(of!).max } : undefined
}

const EQUAL_AT_ONCE = /^(net\.|kubernetes\.(Quantity|Semver|authorization))/

const equals: Rule = (on, args, run) => {
  const [a, b] = args as [Part, Part]
  return EQUAL_AT_ONCE.test(a.type.name) && a.type.name === b.type.name
    ? nominal(on, args, run)
    : compares(on, args, run)
}

const RULES: Readonly<Record<string, Rule>> = {
  '_==_': equals,
  '_!=_': compares,
  '_<_': orders,
  '_<=_': orders,
  '_>_': orders,
  '_>=_': orders,
  '_+_': adds,
  _in_: isIn,
  isSorted: goesOver,
  sum: goesOver,
  max: goesOver,
  min: goesOver,
  indexOf: goesOver,
  lastIndexOf: goesOver,
  url: (_, [first]) => first && { cost: reads(sizeOf(first)), size: sizeOf(first) },
  lowerAscii: readsTarget,
  upperAscii: readsTarget,
  substring: readsTarget,
  trim: readsTarget,
  replace: replaces,
  split: splits,
  join: joins,
  find: searches,
  findAll: searches,
  matches: (on, args, run) => {
    const made = on && searches(on, args, run)
    return made && { cost: made.cost }
  },
  contains: (on, [text]) => on && text && { cost: times(reads(sizeOf(on)), reads(sizeOf(text))) },
  startsWith: readsArgument,
  endsWith: readsArgument,
  format: on => on && { cost: reads(sizeOf(on)) },
  'strings.quote': quotes,
  string: converts('bytes', 0.25, 1),
  bytes: converts('string', 1, 4),
  'sets.contains': compareSets(1),
  'sets.intersects': compareSets(1),
  'sets.equivalent': compareSets(2),
  cidr: readsArgument,
  isIP: readsArgument,
  isCIDR: readsArgument,
  ip: (on, args, run) => (args.length === 0 ? nominal(on, args, run) : readsArgument(on, args, run)),
  'ip.isCanonical': (_, [first]) => first && { cost: reads(sizeOf(first), 2 * READ) },
  containsIP: contains(0),
  containsCIDR: contains(part(16, READ) + 1),
  quantity: readsArgument,
  isQuantity: readsArgument,
  semver: readsArgument,
  isSemver: readsArgument,
  validate: (_, [text]) => text && { cost: part(reads(sizeOf(text)), 128 * MATCH) },
  check: () => ({ cost: 350_000 }),
}

const ownCost = (run: Estimate, name: string, on: Part | undefined, args: readonly Part[]): Made | undefined =>
  Object.hasOwn(RULES, name) ? RULES[name]!(on, args, run) : undefined
