import type { Expr } from '../ast.ts'
import { CelError } from '../ast.ts'
import type { Type } from './type.ts'
import { isLarger, resolved, unify } from './unify.ts'

/** Something wrong with an expression, and where: how many characters before it. */
export interface Problem {
  readonly at: number
  readonly message: string
}

/** Parts of one type: some expressions double it at each step. */
const MAX_PARTS = 1000

/** What one check knows and finds. */
export class Check {
  readonly problems: Problem[] = []
  /** Variables that the expression uses. */
  readonly used = new Set<string>()
  private readonly bindings = new Map<string, Type>()
  private params = 0
  private readonly find: TypeOf
  private readonly types = new Map<Expr, Type>()

  constructor(find: TypeOf) {
    this.find = find
  }

  /** What is looked at once the types are right. */
  readonly later: (() => readonly Problem[])[] = []
  /** In the arguments of functions that take lists of anything. */
  mixing = 0

  /** The type of a part of the expression, which says what is wrong with it. */
  typeOf(expr: Expr, names: Variables): Type {
    const type = this.find(this, expr, names)
    if (isLarger(this.bindings, type, MAX_PARTS)) throw new CelError('the type is too large', expr.at)
    this.types.set(expr, type)
    return type
  }

  /** What has been found of a part. */
  typed(expr: Expr): Type {
    return this.resolved(this.types.get(expr)!, true)
  }

  say(at: number, message: string): void {
    this.problems.push({ at, message })
  }

  /** A type that is still to be found. */
  fresh(): Type {
    return { is: 'param', name: `_var${this.params++}` }
  }

  /** Whether types can be used where others are wanted; what parameters come to stand for is kept. */
  fits(given: readonly Type[], wanted: readonly Type[]): boolean {
    return unify(this.bindings, given, wanted)
  }

  resolved(type: Type, last = false): Type {
    return resolved(this.bindings, type, last)
  }
}

type TypeOf = (check: Check, expr: Expr, names: Variables) => Type

export type Variables = ReadonlyMap<string, Type>
