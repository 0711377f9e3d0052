/** Literals that no evaluation could take. Source: cel-go, cel/validator.go. */
import { patternOf } from '../../validate/regexp.ts'
import type { Expr } from '../ast.ts'
import { durationOf, timestampOf } from '../library/times.ts'
import type { Problem } from './scope.ts'

const READS: Readonly<Record<string, (text: string) => boolean>> = {
  duration: text => durationOf(text) !== undefined,
  timestamp: text => timestampOf(text) !== undefined,
  matches: text => typeof patternOf(text) !== 'string',
}

/** `args`: of a function or method by this name. */
export function literalProblems(name: string, args: readonly Expr[]): readonly Problem[] {
  const [arg] = args
  if (arg?.is !== 'literal' || typeof arg.value !== 'string' || !Object.hasOwn(READS, name)) return []
  return READS[name]!(arg.value) ? [] : [{ at: arg.at, message: `invalid ${name} argument` }]
}
