/** What expressions over lists, maps and optionals take: a step is what the macro makes of each element. Source: cel-go, parser/macro.go. */
import type { Expr } from '../ast.ts'
import type { Part } from './call-cost.ts'
import type { Estimate, Local } from './cost.ts'
import { macroVariables } from './macros.ts'
import type { Size } from './size.ts'
import { exactly, plus, times, UNKNOWN, union } from './size.ts'
import { isScalar } from './type.ts'

type Call = Expr & { readonly is: 'call' }
type Locals = ReadonlyMap<string, Local>

/** What each element takes beside its bodies, and all of it once. */
interface Frame {
  readonly each: number
  readonly once: number
}

const LIST: Frame = { each: 12, once: 11 }
const FRAMES: Readonly<Record<string, Frame>> = {
  all: { each: 3, once: 1 },
  exists: { each: 4, once: 1 },
  exists_one: { each: 2, once: 2 },
  existsOne: { each: 2, once: 2 },
  filter: { each: 13, once: 11 },
  map: LIST,
  transformList: LIST,
  transformMap: { each: 3, once: 31 },
}

/** Undefined where the call is no macro. */
export function macroCost(run: Estimate, call: Call, locals: Locals): (Pick<Part, 'cost'> & Partial<Part>) | undefined {
  const { name, target, args } = call
  if (!target) {
    const [arg] = args
    // Whether something is there costs what leads to it.
    return name === 'has' && arg?.is === 'select' ? { cost: run.of(arg.of, locals).cost } : undefined
  }
  const count = macroVariables(call)
  if (count === 0) return undefined
  const of = run.of(target, locals)
  if (name.startsWith('opt')) return throughOptional(run, call, of, locals)
  const bodies = args.slice(count)
  const inner = new Map([...locals, ...variables(of, args.slice(0, count))])
  const parts = bodies.map(body => run.of(body, inner))
  const frame = FRAMES[name]!
  const each = parts.reduce((total, { cost }) => plus(total, cost), frame.each)
  const cost = plus(plus(of.cost, frame.once), times((of.size ?? UNKNOWN).max, each))
  if (frame.once < 11) return { cost, size: exactly(1) }
  const size = of.size ?? UNKNOWN
  if (name === 'transformMap') return { cost, size }
  const made = name === 'filter' ? itemSize(run, of) : parts.at(-1)!.size
  return { cost, size, entry: { key: exactly(1), value: union(exactly(0), made ?? UNKNOWN) } }
}

const isList = ({ type }: Part): boolean => type.is === 'made' && type.name === 'list'

function itemSize(run: Estimate, of: Part): Size | undefined {
  const type = of.type.is === 'made' ? of.type.of[0] : undefined
  const known = run.sizeAt([...of.path, isList(of) ? '@items' : '@keys'])
  if (known) return known
  if (type && isScalar(type)) return exactly(1)
  return isList(of) ? of.entry?.value : of.entry?.key
}

function variables(of: Part, names: readonly Expr[]): readonly (readonly [string, Local])[] {
  const local = (name: Expr, step: string, size?: Size): readonly [string, Local] => [
    (name as Expr & { is: 'name' }).name,
    { path: [...of.path, step], size },
  ]
  const [first, second] = names
  if (!second) return [local(first!, isList(of) ? '@items' : '@keys', isList(of) ? of.entry?.value : of.entry?.key)]
  return [
    local(first!, isList(of) ? '@indices' : '@keys', of.entry?.key),
    local(second, isList(of) ? '@items' : '@values', of.entry?.value),
  ]
}

function throughOptional(run: Estimate, { name: macro, args }: Call, of: Part, locals: Locals): Pick<Part, 'cost'> {
  const held = plus(of.cost, 1)
  const name = (args[0] as Expr & { is: 'name' }).name
  const body = run.of(args[1]!, new Map([...locals, [name, { path: [] }]]))
  return { cost: plus(held, plus(plus(held, macro === 'optMap' ? 11 : 10), body.cost)) }
}
