import { CelError } from '../ast.ts'
import { parse } from '../parse.ts'
import { check } from './check.ts'
import { problemsText } from './report.ts'
import type { Variables } from './scope.ts'
import type { Type } from './type.ts'
import { ERROR } from './type.ts'

export interface SourceCheck {
  readonly type: Type
  /** Variables that it uses. */
  readonly used: ReadonlySet<string>
  /** Why it cannot be compiled. */
  readonly problem?: string
}

/** What an expression gives, and what is wrong with it, as an API server says it. Never throws. */
export function checkSource(source: string, names: Variables): SourceCheck {
  try {
    const { type, problems, used } = check(parse(source), names)
    return problems.length === 0 ? { type, used } : { type, used, problem: said(problemsText(source, problems)) }
  } catch (error) {
    return { type: ERROR, used: new Set(), problem: said(failureText(source, error)) }
  }
}

const said = (text: string): string => `compilation failed: ${text}`

function failureText(source: string, error: unknown): string {
  if (error instanceof RangeError) return 'the expression is nested too deeply'
  if (!(error instanceof CelError)) throw error
  return error.at === undefined ? error.message : problemsText(source, [{ at: error.at, message: error.message }])
}
