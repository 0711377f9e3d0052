import type { Expr } from '../ast.ts'
import { dotted } from '../ast.ts'
import type { Overload } from './declarations.ts'
import { FUNCTIONS, METHODS } from './declarations.ts'
import { formatProblems } from './format.ts'
import { literalProblems } from './literals.ts'
import type { Check, Variables } from './scope.ts'
import type { Type } from './type.ts'
import { DYN, ERROR, isSame, typeText } from './type.ts'
import { resolved } from './unify.ts'

export function callType(run: Check, expr: Expr & { is: 'call' }, names: Variables): Type {
  const { name, target, args, at } = expr
  const isMixing = name === 'format'
  if (isMixing) run.mixing++
  const own = args.map(arg => run.typeOf(arg, names))
  if (isMixing) run.mixing--
  run.later.push(() => (isMixing ? formatProblems(run, expr) : literalProblems(name, args)))
  if (!target) return overloadType(run, at, name, own, false)
  const prefix = dotted(target, names)
  if (prefix !== undefined && FUNCTIONS.has(`${prefix}.${name}`))
    return overloadType(run, at, `${prefix}.${name}`, own, false)
  return overloadType(run, at, name, [run.typeOf(target, names), ...own], true)
}

/** What a function gives for arguments of these types, the first of which is what a method is called on. */
export function overloadType(run: Check, at: number, name: string, args: readonly Type[], isMethod: boolean): Type {
  if (!FUNCTIONS.has(name) && !METHODS.has(name)) {
    run.say(at, `undeclared reference to '${name}' (in container '')`)
    return ERROR
  }
  const overloads = (isMethod ? METHODS : FUNCTIONS).get(name) ?? []
  let result: Type | undefined
  for (const overload of overloads) {
    const { args: wanted, result: gives } = fresh(run, overload)
    if (!run.fits(args, wanted)) continue
    const type = run.resolved(gives)
    if (result === undefined) result = type
    else if (!isSame(result, type) && !(result.is === 'plain' && result.name === 'dyn')) result = DYN
  }
  if (result !== undefined) return result
  refuse(run, at, name, args, isMethod)
  return ERROR
}

export function refuse(run: Check, at: number, name: string, args: readonly Type[], isMethod: boolean): void {
  const shown = name === '_in_' ? '@in' : name
  const texts = args.map(arg => typeText(run.resolved(arg, true)))
  const [on, ...rest] = texts
  const signature = isMethod ? `${on}.(${rest.join(', ')})` : `(${texts.join(', ')})`
  run.say(at, `found no matching overload for '${shown}' applied to '${signature}'`)
}

/** With parameters of its own. */
function fresh(run: Check, overload: Overload): Pick<Overload, 'args' | 'result'> {
  if (!overload.isGeneric) return overload
  const own = new Map(['A', 'B'].map(name => [name, run.fresh()]))
  return { args: overload.args.map(arg => resolved(own, arg)), result: resolved(own, overload.result) }
}
