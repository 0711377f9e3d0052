/**
 * The Common Expression Language with the libraries that Kubernetes gives it. A program is checked for syntax, names and functions
 * when it is made, and for types as it runs; `check/` finds types before.
 */
import { CelError } from './ast.ts'
import { problemsText } from './check/report.ts'
import { compile } from './compile.ts'
import { parse } from './parse.ts'
import type { Budget, Run } from './scope.ts'
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
  const run = compiled(source, new Set(names))
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

function compiled(source: string, names: ReadonlySet<string>): Run {
  try {
    return compile(parse(source), names)
  } catch (error) {
    if (error instanceof RangeError) throw new CelError('the expression is nested too deeply')
    if (!(error instanceof CelError) || error.at === undefined) throw error
    throw new CelError(problemsText(source, [{ at: error.at, message: error.message }]))
  }
}
