import { CelError } from '../ast.ts'
import { parse } from '../parse.ts'
import { check } from './check.ts'
import { problemsText } from './report.ts'
import type { Variables } from './scope.ts'
import type { Room } from './size.ts'
import { MOST } from './size.ts'
import type { Type } from './type.ts'
import { ERROR } from './type.ts'

export interface SourceCheck {
  readonly type: Type
  /** Variables that it uses. */
  readonly used: ReadonlySet<string>
  /** The most steps that it can take, where it can be compiled. */
  readonly cost: (room: Room) => number
  /** Why it cannot be compiled. */
  readonly problem?: string
}

/** What an expression gives, and what is wrong with it, as an API server says it. Never throws. */
export function checkSource(source: string, names: Variables): SourceCheck {
  try {
    const { problems, ...found } = check(parse(source), names)
    if (problems.length > 0) return { ...found, problem: said(problemsText(source, problems)) }
    return { ...found, cost: room => bounded(() => found.cost(room)) }
  } catch (error) {
    return { type: ERROR, used: new Set(), cost: () => MOST, problem: said(failureText(source, error)) }
  }
}

function bounded(estimate: () => number): number {
  try {
    return estimate()
  } catch (error) {
    if (error instanceof RangeError) return MOST
    throw error
  }
}

const said = (text: string): string => `compilation failed: ${text}`

function failureText(source: string, error: unknown): string {
  if (error instanceof RangeError) return 'the expression is nested too deeply'
  if (!(error instanceof CelError)) throw error
  return error.at === undefined ? error.message : problemsText(source, [{ at: error.at, message: error.message }])
}
