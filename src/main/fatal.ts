import { messageOf, UserError } from '../lib/errors.ts'

/** The last word of a failed command: what, and what to do. Only a fault of ours shows its stack. */
export function fatal(error: unknown): void {
  if (error instanceof UserError) {
    process.stderr.write(`fairlead: ${error.message}\n${error.hint ? `  -> ${error.hint}\n` : ''}`)
    return
  }
  const stack = error instanceof Error ? error.stack : undefined
  process.stderr.write(
    `fairlead: ${messageOf(error)}\n${stack ? `${stack}\n` : ''}  -> this is a fault of Fairlead itself\n`,
  )
}
