import type { Context, Reply } from '../context.ts'
import { parseDeleteOptions } from '../write/delete-options.ts'
import { removeObject } from '../write/remove.ts'

/** DELETE of one object. */
export const remove = (context: Context): Promise<Reply> =>
  removeObject(context, context.info.name!, parseDeleteOptions(context))
