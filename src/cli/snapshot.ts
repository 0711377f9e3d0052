import { UserError } from '../lib/errors.ts'
import type { CliDeps, NamedOption } from './deps.ts'

/** Keeps every object of a twin in a file, or puts those of a file in their place. */
export async function snapshot(deps: CliDeps, action: string, file: string, options: NamedOption): Promise<number> {
  if (action === 'save') {
    const { count, revision } = await deps.snapshots.save(options.name, file)
    deps.out(`${count} objects of the twin "${options.name}" are in ${file}, as they were at revision ${revision}.\n`)
    return 0
  }
  if (action !== 'restore')
    throw new UserError('Usage', `snapshot ${action}: unknown action`, { hint: 'fairlead snapshot save|restore FILE' })
  const { count, before } = await deps.snapshots.restore(options.name, file)
  deps.out(`The twin "${options.name}" has ${count} objects of ${file}. Start it: ./fairlead up\n`)
  if (before) deps.out(`What it had before is in ${before}.\n`)
  return 0
}
