/**
 * An error a user can act on: what is wrong, where, and what to do. Printed at the edge without a stack.
 * `code` is stable and listed in docs/reference/errors.md.
 */
export class UserError extends Error {
  override readonly name = 'UserError'
  readonly code: string
  readonly hint: string | undefined
  constructor(code: string, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.hint = options.hint
  }
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** The errno name of a system error (ENOENT, EADDRINUSE ...), if it has one. */
export const codeOf = (error: unknown): string | undefined =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined

/** Fails to compile where a union has a case nobody handles. */
export function unreachable(value: never): never {
  throw new Error(`unhandled case: ${JSON.stringify(value)}`)
}
