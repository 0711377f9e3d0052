import type { Value } from './value.ts'
import { isList, isMap } from './value.ts'

/** The work that evaluation may still do, in steps. */
export interface Budget {
  left: number
}

/** Names in reach, the innermost first. */
export interface Scope {
  readonly name?: string
  readonly value?: Value
  readonly parent?: Scope
  readonly budget: Budget
}

export type Run = (scope: Scope) => Value

/** Thrown through everything: no part of an expression may catch it. */
export class CelBudgetError extends Error {
  override readonly name = 'CelBudgetError'
}

export function charge({ budget }: Scope, steps: number): void {
  budget.left -= steps
  if (budget.left < 0) throw new CelBudgetError('operation cancelled: actual cost limit exceeded')
}

/** A step for ten characters or items. */
export function chargeFor(scope: Scope, values: readonly Value[]): void {
  for (const value of values) {
    if (typeof value === 'string' || isList(value)) charge(scope, value.length / 10)
    else if (isMap(value)) charge(scope, value.size / 10)
  }
}

export function scopeOf(values: Readonly<Record<string, Value>>, budget: Budget): Scope {
  let scope: Scope = { budget }
  for (const [name, value] of Object.entries(values)) scope = { name, value, parent: scope, budget }
  return scope
}
