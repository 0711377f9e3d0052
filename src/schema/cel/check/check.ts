/** Types of expressions before they run. Source, also of the texts: cel-go, checker. */
import type { Entry, Expr } from '../ast.ts'
import { dotted } from '../ast.ts'
import { callType, overloadType } from './calls.ts'
import { Estimate } from './cost.ts'
import { TYPE_NAMES } from './declarations.ts'
import { fieldType, isOptional, mustBe } from './fields.ts'
import { macroType } from './macros.ts'
import type { Problem, Variables } from './scope.ts'
import { Check } from './scope.ts'
import type { Room } from './size.ts'
import type { Type } from './type.ts'
import {
  BOOL,
  BYTES,
  DOUBLE,
  DYN,
  ERROR,
  INT,
  isAnything,
  isSame,
  listOf,
  mapOf,
  NULL,
  optionalOf,
  STRING,
  typeText,
  UINT,
} from './type.ts'
import { moreGeneral } from './unify.ts'

export interface Checked {
  readonly type: Type
  readonly problems: readonly Problem[]
  readonly used: ReadonlySet<string>
  /** The most steps that it can take; `room`: of what its variables hold. Only where there are no problems. */
  readonly cost: (room: Room) => number
}

/** The type of what an expression gives, and what is wrong with it, in the order of its text. */
export function check(expr: Expr, variables: Variables): Checked {
  const run = new Check(typeIn)
  const type = run.resolved(run.typeOf(expr, variables), true)
  const problems = run.problems.length > 0 ? run.problems : run.later.flatMap(look => look())
  const cost = (room: Room): number => new Estimate(run, room).of(expr, new Map()).cost
  return { type, problems: problems.toSorted((a, b) => a.at - b.at), used: run.used, cost }
}

function typeIn(run: Check, expr: Expr, names: Variables): Type {
  switch (expr.is) {
    case 'literal':
      return literalType(expr.value)
    case 'uint':
      return UINT
    case 'name':
      return nameType(run, expr, names)
    case 'select':
      return selectType(run, expr, names)
    case 'index': {
      const args = [run.typeOf(expr.of, names), run.typeOf(expr.index, names)]
      return overloadType(run, expr.at, expr.optional ? '_[?_]' : '_[_]', args, false)
    }
    case 'call':
      return macroType(run, expr, names) ?? callType(run, expr, names)
    case 'list':
      return listOf(joined(run, expr.items, names, 'first'))
    case 'map':
      return mapOf(keys(run, expr.entries, names), joined(run, expr.entries, names))
    case 'if': {
      const args = [expr.condition, expr.then, expr.otherwise].map(part => run.typeOf(part, names))
      return overloadType(run, expr.at, '_?_:_', args, false)
    }
    case 'and':
    case 'or': {
      const held = [expr.left, expr.right].map(side => mustBe(run, side, BOOL, names))
      return held.every(Boolean) ? BOOL : ERROR
    }
  }
}

function literalType(value: (Expr & { is: 'literal' })['value']): Type {
  if (value === null) return NULL
  if (value instanceof Uint8Array) return BYTES
  if (typeof value === 'bigint') return INT
  if (typeof value === 'number') return DOUBLE
  return typeof value === 'boolean' ? BOOL : STRING
}

function nameType(run: Check, { name, at }: Expr & { is: 'name' }, names: Variables): Type {
  const type = names.get(name)
  if (type) {
    run.used.add(name)
    return type
  }
  const named = TYPE_NAMES.get(name)
  if (named) return named
  run.say(at, `undeclared reference to '${name}' (in container '')`)
  return ERROR
}

function selectType(run: Check, expr: Expr & { is: 'select' }, names: Variables): Type {
  const named = qualified(expr, names)
  if (named) return named
  const field = fieldType(run, expr.at, run.typeOf(expr.of, names), expr.field)
  return run.resolved(expr.optional && !isOptional(field) ? optionalOf(field) : field)
}

/** What a name with dots in it stands for: a variable, or a type. */
function qualified(expr: Expr & { is: 'select' }, names: Variables): Type | undefined {
  const name = dotted(expr, new Set())
  if (name === undefined) return undefined
  return names.get(name) ?? (dotted(expr, names) === undefined ? undefined : TYPE_NAMES.get(name))
}

const keys = (run: Check, entries: readonly { readonly key: Expr }[], names: Variables): Type =>
  joined(
    run,
    entries.map(({ key }) => ({ value: key, optional: false })),
    names,
  )

/** The one type of all; of several dyn, which is told of later. */
function joined(run: Check, entries: readonly Entry[], names: Variables, tells: 'first' | 'all' = 'all'): Type {
  const typed = entries.map(({ value, optional }) => ({
    at: value.at,
    type: heldType(run, value, optional, run.typeOf(value, names)),
  }))
  let all: Type | undefined
  for (const { type } of typed) all = all === undefined ? type : run.fits([all], [type]) ? moreGeneral(all, type) : DYN
  if (run.mixing === 0) run.later.push(() => (tells === 'all' ? mixed(run, typed) : mixed(run, typed).slice(0, 1)))
  return all ?? run.fresh()
}

/** Items that are not of the type of the first. Source: cel-go, cel/validator.go. */
function mixed(run: Check, typed: readonly { readonly at: number; readonly type: Type }[]): readonly Problem[] {
  const [first, ...others] = typed.map(({ at, type }) => ({ at, type: run.resolved(type, true) }))
  return others
    .filter(({ type }) => !isSame(type, first!.type))
    .map(({ at, type }) => ({ at, message: `expected type '${typeText(first!.type)}' but found '${typeText(type)}'` }))
}

function heldType(run: Check, { at }: Expr, optional: boolean, type: Type): Type {
  if (!optional) return type
  const of = run.resolved(type)
  if (isOptional(of)) return of.of[0]!
  if (!isAnything(of)) run.say(at, `expected type '${typeText(optionalOf(of))}' but found '${typeText(of)}'`)
  return of
}
