import type { ListOptions, ObjectKey, WatchOptions } from './mod.ts'

/** What of a kind a path needs. */
export interface Resource {
  readonly group: string
  readonly version: string
  readonly plural: string
  readonly namespaced: boolean
}

const rootOf = (kind: Resource): string =>
  kind.group === '' ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`

/** /api/v1/namespaces/shop/pods; without a namespace, all of them. */
export function collectionPath(kind: Resource, namespace?: string): string {
  const scope = kind.namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : ''
  return `${rootOf(kind)}${scope}/${kind.plural}`
}

export function objectPath(kind: Resource, key: ObjectKey, subresource?: string): string {
  if (key.name === '') throw new Error(`${kind.plural}: a name is needed`)
  const tail = subresource === undefined ? '' : `/${subresource}`
  return `${collectionPath(kind, key.namespace)}/${encodeURIComponent(key.name)}${tail}`
}

export function withQuery(
  path: string,
  query: Readonly<Record<string, string | number | boolean | undefined>>,
): string {
  const parts: string[] = []
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) parts.push(`${name}=${encodeURIComponent(value)}`)
  return parts.length === 0 ? path : `${path}?${parts.join('&')}`
}

export const listPath = (kind: Resource, options: ListOptions): string =>
  withQuery(collectionPath(kind, options.namespace), {
    labelSelector: options.labelSelector,
    fieldSelector: options.fieldSelector,
    limit: options.limit,
    continue: options.continue,
    resourceVersion: options.resourceVersion,
  })

/** Bookmarks are always asked for: they are how an idle cache knows how far it is. */
export const watchPath = (kind: Resource, options: WatchOptions): string =>
  withQuery(collectionPath(kind, options.namespace), {
    watch: 1,
    allowWatchBookmarks: true,
    labelSelector: options.labelSelector,
    fieldSelector: options.fieldSelector,
    resourceVersion: options.resourceVersion,
    timeoutSeconds: options.timeoutSeconds,
    sendInitialEvents: options.sendInitialEvents,
    resourceVersionMatch: options.sendInitialEvents ? 'NotOlderThan' : undefined,
  })
