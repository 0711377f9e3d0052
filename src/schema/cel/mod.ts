/**
 * The Common Expression Language with the libraries that Kubernetes gives it. Types are those of the values: an
 * expression is checked for syntax, names and functions when it is compiled, and for types as it runs.
 */
import { CelError } from './ast.ts'
import { compile } from './compile.ts'
import { parse } from './parse.ts'
import type { Budget } from './scope.ts'
import { CelBudgetError, scopeOf } from './scope.ts'
import type { Value } from './value.ts'

export type { Budget } from './scope.ts'
export type { Decide, Value } from './value.ts'
export { CelBudgetError, CelError }

export interface Program {
  /** Throws CelError, and CelBudgetError when the steps are used up. */
  run(values: Readonly<Record<string, Value>>, budget: Budget): Value
}

/** Throws CelError. */
export function celProgram(source: string, names: readonly string[]): Program {
  const run = compile(parse(source), new Set(names))
  return {
    run(values, budget) {
      try {
        return run(scopeOf(values, budget))
      } catch (error) {
        if (error instanceof RangeError) throw new CelError('the evaluation is nested too deeply')
        throw error
      }
    },
  }
}
