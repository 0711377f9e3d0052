import type { Context, Reply } from '../context.ts'
import { keyParts } from '../resource/resource.ts'
import { StatusError } from '../status-error.ts'
import type { RemoveOptions } from '../write/delete-options.ts'
import { parseDeleteOptions } from '../write/delete-options.ts'
import { removeObject } from '../write/remove.ts'
import { list } from './list.ts'

/** DELETE of a collection: everything that the selectors choose, as it was when asked. Answers with that list. */
export async function removeCollection(context: Context): Promise<Reply> {
  const options = parseDeleteOptions(context)
  const reply = await list(context)
  if (reply.is !== 'list') return reply
  await Promise.all(reply.page.items.map(item => removeOne(context, item.key, options)))
  return reply
}

async function removeOne(context: Context, key: string, options: RemoveOptions): Promise<void> {
  const { namespace, name } = keyParts(context.resource, key)
  const info = { ...context.info, ...(namespace === undefined ? {} : { namespace }), name }
  try {
    await removeObject({ ...context, info }, name, options)
  } catch (error) {
    // Somebody else was faster.
    if (!(error instanceof StatusError) || error.status.code !== 404) throw error
  }
}
