/** What expressions over lists, maps and optionals give. Source: cel-go, parser/macro.go and ext/comprehensions.go. */
import type { Expr } from '../ast.ts'
import { overloadType, refuse } from './calls.ts'
import { fieldType, mustBe } from './fields.ts'
import type { Check, Variables } from './scope.ts'
import type { Type } from './type.ts'
import { BOOL, DYN, ERROR, INT, isAnything, listOf, mapOf, optionalOf, typeText } from './type.ts'

type Call = Expr & { readonly is: 'call' }

const ONE: Readonly<Record<string, readonly number[]>> = {
  all: [2],
  exists: [2],
  exists_one: [2],
  existsOne: [2],
  filter: [2],
  map: [2, 3],
  optMap: [2],
  optFlatMap: [2],
}
/** With a variable for the index or key, and one for the value. */
const TWO: Readonly<Record<string, readonly number[]>> = {
  all: [3],
  exists: [3],
  exists_one: [3],
  existsOne: [3],
  transformList: [3, 4],
  transformMap: [3, 4],
}

const takes = (sizes: Readonly<Record<string, readonly number[]>>, { name, args }: Call): boolean =>
  Object.hasOwn(sizes, name) && sizes[name]!.includes(args.length)

/** How many variables the macro names; 0 where the call is none. */
export const macroVariables = (call: Call): 0 | 1 | 2 => (takes(TWO, call) ? 2 : takes(ONE, call) ? 1 : 0)

/** Undefined where the call is no macro. */
export function macroType(run: Check, call: Call, names: Variables): Type | undefined {
  const { name, target, args, at } = call
  if (!target) return name === 'has' && args.length === 1 ? hasType(run, at, args[0]!, names) : undefined
  const count = macroVariables(call)
  if (count === 0) return undefined
  const variables = args.slice(0, count)
  for (const variable of variables)
    if (variable.is !== 'name') {
      run.say(variable.at, name === 'map' || name === 'filter' ? 'argument is not an identifier' : NO_NAME)
      return ERROR
    }
  const own = (types: readonly Type[]): Variables =>
    new Map([...names, ...variables.map((one, index) => [(one as Expr & { is: 'name' }).name, types[index]!] as const)])
  const of = run.typeOf(target, names)
  if (name.startsWith('opt')) return throughOptional(run, call, of, own)
  const [key, value] = steps(run, target.at, run.resolved(of))
  return gathered(run, call, count, own(count === 2 ? [key, value] : [isList(run.resolved(of)) ? value : key]))
}

const NO_NAME = 'argument must be a simple name'
const isList = (type: Type): boolean => type.is === 'made' && type.name === 'list'

function hasType(run: Check, at: number, arg: Expr, names: Variables): Type {
  if (arg.is !== 'select' || arg.optional) {
    run.say(arg.at, 'invalid argument to has() macro')
    return ERROR
  }
  fieldType(run, at, run.typeOf(arg.of, names), arg.field)
  return BOOL
}

/** Index or key, and value, of what can be gone over. */
function steps(run: Check, at: number, of: Type): readonly [Type, Type] {
  if (of.is === 'made' && of.name === 'list') return [INT, of.of[0]!]
  if (of.is === 'made' && of.name === 'map') return [of.of[0]!, of.of[1]!]
  if (of.is === 'param') run.fits([DYN], [of])
  if (of.is === 'param' || isAnything(of)) return [DYN, DYN]
  run.say(at, `expression of type '${typeText(of)}' cannot be range of a comprehension (must be list, map, or dynamic)`)
  return [ERROR, ERROR]
}

function gathered(run: Check, { name, args, at }: Call, count: number, names: Variables): Type {
  const bodies = args.slice(count)
  if (name === 'all' || name === 'exists') return mustBe(run, bodies[0]!, BOOL, names) ? BOOL : ERROR
  const types = bodies.map(body => run.typeOf(body, names))
  const [keep, made] = types.length === 2 ? types : [undefined, types[0]!]
  const first = names.get((args[0] as Expr & { is: 'name' }).name)!
  if (name.startsWith('exists')) return run.resolved(keptBy(run, at, made!, INT) ? BOOL : ERROR)
  const result = name === 'filter' ? listOf(first) : name === 'transformMap' ? mapOf(first, made!) : listOf(made!)
  const predicate = name === 'filter' ? made : keep
  return predicate === undefined || keptBy(run, at, predicate, result) ? run.resolved(result) : ERROR
}

/** What a predicate chooses between is the result as it was, and with one more. */
function keptBy(run: Check, at: number, predicate: Type, result: Type): boolean {
  if (run.fits([predicate], [BOOL])) return true
  refuse(run, at, '_?_:_', [predicate, result, result], false)
  return false
}

function throughOptional(
  run: Check,
  { name, args, at }: Call,
  of: Type,
  own: (types: readonly Type[]) => Variables,
): Type {
  overloadType(run, at, 'hasValue', [of], true)
  const held = overloadType(run, at, 'value', [of], true)
  const made = run.typeOf(args[1]!, own([held]))
  const result = name === 'optMap' ? optionalOf(made) : made
  return overloadType(run, at, '_?_:_', [BOOL, result, optionalOf(run.fresh())], false)
}
