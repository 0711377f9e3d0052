import type { Namespace } from '../api/core/namespace.ts'
import { matchesSelector } from '../api/meta/matches.ts'
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
export function admits({ settings, namespaces }: Shard, { metadata }: Route): boolean {
  const { namespaceSelector, routeSelector } = settings
  if (routeSelector && !matchesSelector(routeSelector, metadata.labels ?? {})) return false
  if (!namespaceSelector) return true
  const namespace = namespaces?.get({ name: metadata.namespace ?? '' })
  return namespace !== undefined && matchesSelector(namespaceSelector, namespace.metadata.labels ?? {})
}
