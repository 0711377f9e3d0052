/** Literal texts of format() and what they are given. Source, also of the words: cel-go, ext/formatting.go. */
import type { Expr } from '../ast.ts'
import type { Check, Problem } from './scope.ts'
import type { Type } from './type.ts'
import { runtimeName } from './type.ts'

interface Clause {
  readonly takes: readonly string[]
  readonly says: string
}

const NUMBERS = ['int', 'uint']
const SHOWN =
  'list map int uint double bool string google.protobuf.Timestamp google.protobuf.Duration bytes type null_type'.split(
    ' ',
  )
const CLAUSES: Readonly<Record<string, Clause>> = {
  s: {
    takes: SHOWN,
    says: 'string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps',
  },
  d: { takes: NUMBERS, says: 'decimal clause can only be used on integers' },
  f: { takes: ['double', 'string'], says: 'fixed-point clause can only be used on doubles' },
  e: { takes: ['double', 'string'], says: 'scientific clause can only be used on doubles' },
  b: { takes: [...NUMBERS, 'bool'], says: 'only integers and bools can be formatted as binary' },
  x: {
    takes: [...NUMBERS, 'string', 'bytes'],
    says: 'only integers, byte buffers, and strings can be formatted as hex',
  },
  o: { takes: NUMBERS, says: 'octal clause can only be used on integers' },
}

/** `call`: a call of format(). */
export function formatProblems(run: Check, { target, args, at }: Expr & { readonly is: 'call' }): readonly Problem[] {
  const [list] = args
  if (target?.is !== 'literal' || typeof target.value !== 'string' || list?.is !== 'list') return []
  const items = list.items.map(({ value }) => value)
  const found = [...target.value.matchAll(/%%|%(?:\.\d+)?(.?)/gs)].filter(([text]) => text !== '%%')
  for (const [index, [, letter = '']] of found.entries()) {
    if (letter === '') return [{ at, message: 'unexpected end of string' }]
    if (index >= items.length) return [{ at, message: `index ${index} out of range` }]
    const clause = CLAUSES[letter.toLowerCase() === 'x' ? 'x' : letter]
    if (!clause)
      return [
        { at, message: `could not parse formatting clause: unrecognized formatting clause ${JSON.stringify(letter)}` },
      ]
    const wrong = refused(run, items[index]!, clause)
    if (wrong)
      return [
        {
          at: wrong.at,
          message: `error during formatting: ${clause.says}, was given ${nameOf(run.typed(wrong))}`,
        },
      ]
  }
  if (items.length <= found.length) return []
  const message = `too many arguments supplied to string.format (expected ${found.length}, got ${items.length})`
  return [{ at, message }]
}

/** What the clause does not take: the argument, or something in it. */
function refused(run: Check, expr: Expr, clause: Clause): Expr | undefined {
  const name = nameOf(run.typed(expr))
  if (name !== 'dyn' && !clause.takes.includes(name)) return expr
  if (clause !== CLAUSES.s) return undefined
  const parts =
    expr.is === 'list'
      ? expr.items.map(({ value }) => value)
      : expr.is === 'map'
        ? expr.entries.flatMap(({ key, value }) => [key, value])
        : []
  for (const part of parts) {
    const wrong = refused(run, part, clause)
    if (wrong) return wrong
  }
  return undefined
}

const nameOf = (type: Type): string => runtimeName(type) ?? type.name
