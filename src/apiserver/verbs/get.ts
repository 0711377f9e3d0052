import type { Context, Reply } from '../context.ts'
import { notFound } from '../errors.ts'
import { keyOf } from '../resource/resource.ts'
import { flag } from './list-options.ts'
import { watch } from './watch.ts'

/** One object, as it is stored. */
export function get(context: Context): Reply {
  const { kernel, resource, info, request } = context
  if (flag(request.query.get('watch'))) return watch(context)
  const stored = kernel.store.get(keyOf(resource, info.namespace, info.name!))
  if (!stored) throw notFound(resource, info.name!)
  return { is: 'stored', code: 200, stored }
}
