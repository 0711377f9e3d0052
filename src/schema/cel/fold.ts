import type { Expr } from './ast.ts'
import { CelError } from './ast.ts'
import type { Run, Scope } from './scope.ts'
import type { Value } from './value.ts'
import { isList, isMap, isSpecial, NONE, noOverload, some } from './value.ts'

type Compile = (expr: Expr, names: ReadonlySet<string>) => Run
type Call = Expr & { readonly is: 'call' }

/** One element: its value, or its index or key and its value. */
type Step = readonly Value[]
type Body = (step: Step) => Value

const SIZES: Readonly<Record<string, readonly number[]>> = {
  all: [2, 3],
  exists: [2, 3],
  exists_one: [2, 3],
  existsOne: [2, 3],
  filter: [2],
  map: [2, 3],
  transformList: [3, 4],
  transformMap: [3, 4],
  optMap: [2],
  optFlatMap: [2],
}

/** The macros that go over lists, maps and optionals; undefined where the call is none of them. */
export function foldOf(expr: Call, names: ReadonlySet<string>, compile: Compile): Run | undefined {
  const { name, args } = expr
  if (!Object.hasOwn(SIZES, name) || !SIZES[name]!.includes(args.length)) return undefined
  const pairs = name.startsWith('transform') || (args.length === 3 && name !== 'map')
  const variables = args.slice(0, pairs ? 2 : 1).map(arg => {
    if (arg.is !== 'name') throw new CelError('argument must be a simple name')
    return arg.name
  })
  const inner = new Set([...names, ...variables])
  const target = compile(expr.target!, names)
  const bodies = args.slice(variables.length).map(body => compile(body, inner))
  return scope => {
    const of = target(scope)
    const [first, last] = [bodies[0]!, bodies.at(-1)!].map(
      body => (step: Step) => body(within(scope, variables, step)),
    ) as [Body, Body]
    if (name.startsWith('opt')) return mapOptional(name, of, last)
    const steps = stepsOf(of, pairs, name)
    return fold(name, steps, last, bodies.length === 2 ? first : undefined)
  }
}

function within(scope: Scope, names: readonly string[], step: Step): Scope {
  let made = scope
  for (const [index, name] of names.entries()) made = { name, value: step[index]!, parent: made, budget: scope.budget }
  return made
}

function* stepsOf(of: Value, pairs: boolean, name: string): Generator<Step> {
  if (isList(of)) for (const [index, item] of of.entries()) yield pairs ? [BigInt(index), item] : [item]
  else if (isMap(of)) for (const [key, value] of of) yield pairs ? [key, value] : [key]
  else throw noOverload(name, [of])
}

function mapOptional(name: string, of: Value, body: Body): Value {
  if (!isSpecial(of) || of.cel !== 'optional') throw noOverload(name, [of])
  if (of.value === undefined) return NONE
  const value = body([of.value])
  return name === 'optMap' ? some(value) : value
}

function fold(name: string, steps: Iterable<Step>, body: Body, keep: Body | undefined): Value {
  switch (name) {
    case 'all':
      return quantified(steps, body, false)
    case 'exists':
      return quantified(steps, body, true)
    case 'exists_one':
    case 'existsOne':
      return [...steps].filter(step => truth(body(step))).length === 1
    case 'filter':
      return [...steps].filter(step => truth(body(step))).map(([value]) => value!)
    case 'transformMap':
      return new Map(kept(steps, keep).map(step => [step[0]!, body(step)]))
    default:
      return kept(steps, keep).map(body)
  }
}

const kept = (steps: Iterable<Step>, keep: Body | undefined): readonly Step[] =>
  keep ? [...steps].filter(step => truth(keep(step))) : [...steps]

function truth(value: Value): boolean {
  if (typeof value !== 'boolean') throw noOverload('a predicate', [value])
  return value
}

/** One element that decides is enough, whatever is wrong with others. */
function quantified(steps: Iterable<Step>, body: Body, decisive: boolean): boolean {
  let failure: unknown
  for (const step of steps) {
    try {
      if (truth(body(step)) === decisive) return decisive
    } catch (error) {
      if (!(error instanceof CelError)) throw error
      failure ??= error
    }
  }
  if (failure !== undefined) throw failure
  return !decisive
}
