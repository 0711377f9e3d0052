/** The Common Expression Language as a tree. Macros are calls. `at`: how many characters are before what messages about it point to. */
export type Expr = Shape & { readonly at: number }

type Shape =
  | { readonly is: 'literal'; readonly value: null | boolean | bigint | number | string | Uint8Array }
  | { readonly is: 'uint'; readonly value: bigint }
  | { readonly is: 'name'; readonly name: string }
  | { readonly is: 'select'; readonly of: Expr; readonly field: string; readonly optional: boolean }
  | { readonly is: 'index'; readonly of: Expr; readonly index: Expr; readonly optional: boolean }
  | { readonly is: 'call'; readonly name: string; readonly target?: Expr; readonly args: readonly Expr[] }
  | { readonly is: 'list'; readonly items: readonly Entry[] }
  | { readonly is: 'map'; readonly entries: readonly (Entry & { readonly key: Expr })[] }
  | { readonly is: 'if'; readonly condition: Expr; readonly then: Expr; readonly otherwise: Expr }
  | { readonly is: 'and' | 'or'; readonly left: Expr; readonly right: Expr }

export interface Entry {
  readonly value: Expr
  /** Written with a ?: left out where its value is none. */
  readonly optional: boolean
}

/** What is wrong with an expression or its evaluation. */
export class CelError extends Error {
  override readonly name = 'CelError'
  /** How many characters of the expression are before what is wrong, where that is known. */
  readonly at: number | undefined

  constructor(message: string, at?: number) {
    super(message)
    this.at = at
  }
}

/** Names with dots between them, where the first is no variable. */
export function dotted(expr: Expr, names: { has(name: string): boolean }): string | undefined {
  if (expr.is === 'name') return names.has(expr.name) ? undefined : expr.name
  if (expr.is !== 'select' || expr.optional) return undefined
  const before = dotted(expr.of, names)
  return before === undefined ? undefined : `${before}.${expr.field}`
}
