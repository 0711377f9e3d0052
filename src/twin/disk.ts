import { codeOf, messageOf, UserError } from '../lib/errors.ts'

const FULL = new Set(['ENOSPC', 'EDQUOT'])
const REFUSED = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOENT', 'ENOTDIR', 'EISDIR'])

/** What a disk refuses, as an error for users; anything else as it is. `folder`: where the twin keeps its state. */
export function diskError(error: unknown, folder: string): unknown {
  const code = codeOf(error) ?? ''
  const refuse = (hint: string): UserError =>
    new UserError('StateFolder', `${folder} cannot be used: ${messageOf(error)}`, { hint, cause: error })
  if (FULL.has(code)) return refuse('make room on the disk')
  // Other system calls are refused too; those on files name one.
  const isOfFiles = error instanceof Error && 'path' in error && !('spawnargs' in error)
  return isOfFiles && REFUSED.has(code) ? refuse('set XDG_DATA_HOME to a folder that you may write') : error
}
