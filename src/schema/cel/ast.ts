/** The Common Expression Language as a tree. Macros are nodes of their own. */
export type Expr =
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
}
