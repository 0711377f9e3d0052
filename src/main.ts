import { UserError } from './lib/errors.ts'
import { fatal } from './main/fatal.ts'

/** Runs on the arguments after the role's name; never rejects. */
export type Start = (args: readonly string[]) => Promise<void>

/**
 * Where every process begins. Each file of main/start/ calls this once and exports the outcome as `start`: a role of a twin or of a
 * cluster, or the command line. Each is a bundle of its own (tools/build.mjs), so that a process pays for its own rooms alone.
 */
export const begin =
  (start: Start): Start =>
  async args => {
    try {
      await start(args)
    } catch (error) {
      fatal(error)
      process.exit(error instanceof UserError ? 1 : 70)
    }
  }
