import type { Context } from '../context.ts'
import type { JsonObject, Obj } from '../object.ts'
import { at } from '../object.ts'

/** Where an update of the object or of its status keeps out of the other's part. */
export function separateStatus({ resource, info }: Context, current: Obj, asked: Obj): Obj {
  if (info.subresource === 'status') return statusOnly(current, asked, resource.custom)
  if (info.subresource === 'approval') return conditionsOnly(current, asked)
  if (info.subresource === 'ephemeralcontainers') return ephemeralOnly(current, asked)
  if (info.subresource === 'resize') return resized(current, asked)
  if (info.subresource !== undefined || !resource.subresources.status) return asked
  const { status: _, ...rest } = asked
  return current.status === undefined ? (rest as Obj) : ({ ...rest, status: current.status } as Obj)
}

/** Decisions about what is asked for, and nothing else of it. */
function conditionsOnly(current: Obj, asked: Obj): Obj {
  const { resourceVersion, uid, managedFields } = asked.metadata
  const metadata = { ...current.metadata, resourceVersion, uid, managedFields }
  const { conditions: _, ...status } = (current.status ?? {}) as JsonObject
  const conditions = at(asked, 'status', 'conditions')
  return { ...current, metadata, status: { ...status, ...(conditions === undefined ? {} : { conditions }) } } as Obj
}

interface Spec {
  readonly ephemeralContainers?: readonly { readonly name?: unknown }[]
}

/** Further ephemeral containers on the pod as it was; those that it has stay as they are. */
function ephemeralOnly(current: Obj, asked: Obj): Obj {
  const spec = current.spec as Spec
  const had = spec.ephemeralContainers ?? []
  const wanted = (asked.spec as Spec | undefined)?.ephemeralContainers ?? []
  const more = wanted.filter(({ name }) => !had.some(other => other.name === name))
  const { resourceVersion, uid, managedFields } = asked.metadata
  const metadata = { ...current.metadata, resourceVersion, uid, managedFields }
  return { ...current, metadata, spec: { ...spec, ephemeralContainers: [...had, ...more] } } as Obj
}

/** What the containers of a running pod ask for, and nothing else of it. */
function resized(current: Obj, asked: Obj): Obj {
  const { resourceVersion = '', uid = '', managedFields } = asked.metadata
  const metadata = { ...current.metadata, resourceVersion, uid, managedFields } as Obj['metadata']
  const wanted = new Map(containersOf(asked).map(({ name, resources }) => [name, resources]))
  const containers = containersOf(current).map(container => {
    const resources = wanted.get(container.name)
    return resources === undefined ? container : { ...container, resources }
  })
  return { ...current, metadata, spec: { ...(current.spec as object), containers } }
}

const containersOf = (pod: Obj): readonly JsonObject[] => (at(pod, 'spec', 'containers') ?? []) as readonly JsonObject[]

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
