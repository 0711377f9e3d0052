import type { Namespace } from '../api/core/namespace.ts'
import { matchesSelector } from '../api/meta/matches.ts'
import type { ApiObject } from '../api/meta/meta.ts'
import type { Route } from '../api/route/route.ts'
import type { Informer } from '../client/mod.ts'
import type { RouterSettings } from '../model/routes/settings.ts'

/** Which Routes a router is for. */
export interface Shard {
  readonly settings: Pick<RouterSettings, 'namespaceSelector' | 'routeSelector'>
  /** Followed where namespaces are chosen by their labels. */
  readonly namespaces?: Informer<Namespace>
}

/** Both selectors must match; one that is absent matches everything. */
export function admits(shard: Shard, route: Route): boolean {
  const { routeSelector } = shard.settings
  if (routeSelector && !matchesSelector(routeSelector, route.metadata.labels ?? {})) return false
  return isInShard(shard, route)
}

/** Its namespace is one of the router's. */
export function isInShard({ settings, namespaces }: Shard, { metadata }: ApiObject): boolean {
  const { namespaceSelector } = settings
  if (!namespaceSelector) return true
  const namespace = namespaces?.get({ name: metadata.namespace ?? '' })
  return namespace !== undefined && matchesSelector(namespaceSelector, namespace.metadata.labels ?? {})
}
