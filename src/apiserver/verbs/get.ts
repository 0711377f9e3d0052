import type { Context, Reply } from '../context.ts'
import { notFound, tooLargeResourceVersion } from '../errors.ts'
import { keyOf } from '../resource/resource.ts'
import { flag, parseRevision } from './list-options.ts'
import { watch } from './watch.ts'

/** One object, as it is stored: not older than the revision that is asked for. */
export function get(context: Context): Reply {
  const { kernel, resource, info, request } = context
  if (flag(request.query.get('watch'))) return watch(context)
  const asked = request.query.get('resourceVersion') ?? ''
  const { revision } = kernel.store
  if (asked !== '' && parseRevision(asked) > revision) throw tooLargeResourceVersion(parseRevision(asked), revision)
  const stored = kernel.store.get(keyOf(resource, info.namespace, info.name!))
  if (!stored) throw notFound(resource, info.name!)
  return { is: 'stored', code: 200, stored }
}
