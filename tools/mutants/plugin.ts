import { join } from 'node:path'
import type { Plugin } from 'vitest/config'
import type { Mutant } from '../../test/sig-network/mutants.ts'

export const ROOT = join(import.meta.dirname, '..', '..')

/** Runs tests on sources with one fault in them: nothing is written to disk. Throws where the fault has no place any more. */
export const mutating = ({ file, from, to }: Mutant): Plugin => ({
  name: 'mutant',
  enforce: 'pre',
  transform(code, id) {
    if (id.split('?')[0] !== join(ROOT, file)) return undefined
    if (code.split(from).length !== 2) throw new Error(`${file} does not hold once: ${from}`)
    // Not by a pattern: `to` may hold dollars.
    return code.split(from).join(to)
  },
})
