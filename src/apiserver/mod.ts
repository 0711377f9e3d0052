/** The embedded Kubernetes API: generic storage plus a table of kinds, behind one handler. */
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/log.ts'
import type { Kind } from '../schema/kind.ts'
import type { Store } from '../store/mod.ts'
import { createAdmission } from './admission/mod.ts'
import { admissionOrder } from './admission/order.ts'
import type { Authorizer } from './auth/authorizer.ts'
import { groupAuthorizer } from './auth/authorizer.ts'
import type { User } from './auth/user.ts'
import type { Kernel } from './context.ts'
import { discoveryRoute } from './discovery/route.ts'
import type { Handle } from './handle.ts'
import { createHandle } from './handle.ts'
import type { Loopback } from './loopback.ts'
import { createLoopback } from './loopback.ts'
import { createRegistry } from './resource/registry.ts'
import { builtinResource } from './resource/resource.ts'
import { bookmarksRoute } from './routes/bookmarks.ts'
import { healthRoute } from './routes/health.ts'
import { createRoutes } from './routes/mod.ts'
import { versionRoute } from './routes/version.ts'
import { BUILTIN_SUBRESOURCES } from './subresources/all.ts'
import { createSubresources } from './subresources/mod.ts'
import { scale } from './subresources/scale.ts'
import { createWatches } from './watch/watches.ts'

export interface ApiServerDeps {
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
}

export interface ApiServerOptions {
  /** Every stored kind, in discovery order. */
  readonly kinds: readonly Kind[]
  /** Kinds that are posted and answered. */
  readonly virtualKinds: readonly Kind[]
  /** Absent: members of these groups, and of system:masters, may do everything; nobody else anything. */
  readonly authorizer?: Authorizer
  readonly adminGroups?: readonly string[]
}

export interface ApiServer {
  readonly handle: Handle
  /** For `loopbackTransport`: requests of the given user, without TLS. */
  loopback(user: User): Loopback
  /** Ends every watch. The store is the caller's to close. */
  close(): void
}

export function createApiServer(deps: ApiServerDeps, options: ApiServerOptions): ApiServer {
  const { store, clock, log } = deps
  const registry = createRegistry([
    ...options.kinds.map(kind => builtinResource(kind)),
    ...options.virtualKinds.map(kind => builtinResource(kind, true)),
  ])
  const watches = createWatches(clock)
  const kernel: Kernel = {
    store,
    clock,
    log,
    registry,
    admission: createAdmission(admissionOrder({ store, registry })),
    authorizer: options.authorizer ?? groupAuthorizer(options.adminGroups ?? []),
    watches,
  }
  const subresources = createSubresources(BUILTIN_SUBRESOURCES, scale)
  const handle = createHandle({
    kernel,
    subresources,
    virtual: {},
    routes: createRoutes([
      discoveryRoute(registry, subresources.of),
      healthRoute([['ping', () => undefined]]),
      versionRoute,
      bookmarksRoute(kernel),
    ]),
  })
  return {
    handle,
    loopback: user => createLoopback(handle, user),
    close: () => watches.close(),
  }
}
