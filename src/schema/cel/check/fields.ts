import type { Expr } from '../ast.ts'
import type { Check, Variables } from './scope.ts'
import type { Type } from './type.ts'
import { DYN, ERROR, isAnything, optionalOf, typeText } from './type.ts'

export const isOptional = (type: Type): type is Type & { is: 'made' } =>
  type.is === 'made' && type.name === 'optional_type'

/** Says so where it is not. */
export function mustBe(run: Check, expr: Expr, wanted: Type, names: Variables): boolean {
  const type = run.typeOf(expr, names)
  const holds = run.fits([type], [wanted])
  if (!holds) run.say(expr.at, `expected type '${typeText(wanted)}' but found '${typeText(run.resolved(type))}'`)
  return holds
}

/** What stands in a field. What an optional holds is reached through it, and stays optional. */
export function fieldType(run: Check, at: number, type: Type, field: string): Type {
  const of = run.resolved(type)
  if (isOptional(of)) return optionalOf(fieldType(run, at, of.of[0]!, field))
  if (of.is === 'object') {
    const found = of.field(field)
    if (!found) run.say(at, `undefined field '${field}'`)
    return found ?? ERROR
  }
  if (of.is === 'made' && of.name === 'map') return of.of[1]!
  if (of.is === 'param') run.fits([DYN], [of])
  else if (!isAnything(of)) run.say(at, `type '${typeText(of)}' does not support field selection`)
  return DYN
}
