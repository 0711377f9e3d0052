import type { Context } from '../context.ts'
import type { Obj } from '../object.ts'

/** Where an update of the object or of its status keeps out of the other's part. */
export function separateStatus({ resource, info }: Context, current: Obj, asked: Obj): Obj {
  if (info.subresource === 'status') return statusOnly(current, asked, resource.custom)
  if (info.subresource !== undefined || !resource.subresources.status) return asked
  const { status: _, ...rest } = asked
  return current.status === undefined ? (rest as Obj) : ({ ...rest, status: current.status } as Obj)
}

/** The new status on everything else as it was; built-in types let labels and annotations change too. */
function statusOnly(current: Obj, asked: Obj, custom: boolean): Obj {
  const { status: _, ...rest } = current
  const { labels, annotations, finalizers, resourceVersion, uid, managedFields } = asked.metadata
  const metadata = {
    ...current.metadata,
    resourceVersion,
    uid,
    managedFields,
    ...(custom ? {} : { labels, annotations, finalizers }),
  } as Obj['metadata']
  return { ...rest, metadata, ...(asked.status === undefined ? {} : { status: asked.status }) } as Obj
}
