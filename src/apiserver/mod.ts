/** The embedded Kubernetes API: generic storage plus a table of kinds, behind one handler. */
import type { DialDriver } from '../host/dial/mod.ts'
import type { HttpsDriver } from '../host/https/mod.ts'
import type { Cidr } from '../lib/cidr.ts'
import { cidr } from '../lib/cidr.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/log.ts'
import type { Kind } from '../schema/kind.ts'
import type { Store } from '../store/mod.ts'
import { createAdmission } from './admission/mod.ts'
import { admissionOrder } from './admission/order.ts'
import { makeConstraints } from './admission/scc/bundled.ts'
import type { AccountsOptions } from './admission/service-account.ts'
import type { PortRange } from './admission/service-address/ledger.ts'
import type { Authorizer } from './auth/authorizer.ts'
import { groupAuthorizer } from './auth/authorizer.ts'
import { keepAggregated } from './auth/rbac/aggregate.ts'
import { rbacAuthorizer } from './auth/rbac/authorizer.ts'
import { defaultRoles } from './auth/rbac/default-roles.ts'
import type { RoleIndex } from './auth/rbac/index.ts'
import { createRoleIndex } from './auth/rbac/index.ts'
import type { RoleManifests } from './auth/rbac/manifest.ts'
import { openshiftRoles } from './auth/rbac/openshift-roles.ts'
import { reconcileRoles } from './auth/rbac/reconcile.ts'
import type { TokenOptions } from './auth/token/mod.ts'
import { createTokens } from './auth/token/mod.ts'
import type { AccountTokens } from './auth/token/service-account.ts'
import type { User } from './auth/user.ts'
import type { Kernel } from './context.ts'
import { serveDefinitions } from './crd/crds.ts'
import { openApiRoute } from './discovery/openapi.ts'
import { discoveryRoute } from './discovery/route.ts'
import { expireObjects } from './expiry.ts'
import type { Handle } from './handle.ts'
import { createHandle } from './handle.ts'
import { authenticateBy } from './http/identity.ts'
import type { Listener, TlsOptions } from './http/listener.ts'
import { createListener } from './http/listener.ts'
import { upgrades } from './http/upgrade.ts'
import type { Loopback } from './loopback.ts'
import { createLoopback } from './loopback.ts'
import { storedResource } from './resource/builtin.ts'
import type { Registry } from './resource/registry.ts'
import { createRegistry } from './resource/registry.ts'
import { builtinResource } from './resource/resource.ts'
import { REVIEWS } from './reviews/all.ts'
import { bookmarksRoute } from './routes/bookmarks.ts'
import type { HealthCheck } from './routes/health.ts'
import { healthRoute } from './routes/health.ts'
import type { Metrics } from './routes/metrics.ts'
import { metricsRoute } from './routes/metrics.ts'
import { createRoutes } from './routes/mod.ts'
import { openIdRoute } from './routes/openid.ts'
import { versionRoute } from './routes/version.ts'
import type { StreamRuntime } from './stream/runtime.ts'
import { BUILTIN_SUBRESOURCES } from './subresources/all.ts'
import { podStreams } from './subresources/log.ts'
import { createSubresources } from './subresources/mod.ts'
import { proxies } from './subresources/proxy.ts'
import { scale } from './subresources/scale.ts'
import { createWatches } from './watch/watches.ts'

export interface ApiServerDeps {
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
  /** Absent where no pods run: log, exec, attach and portforward are then refused. */
  readonly runtime?: StreamRuntime
  /** Absent where no webhook can be reached: then none is asked. */
  readonly https?: HttpsDriver
  /** Absent: nothing is reached through the server. */
  readonly dial?: DialDriver
}

export interface ApiServerOptions {
  /** Every stored kind, in discovery order. */
  readonly kinds: readonly Kind[]
  /** Kinds that are posted and answered. */
  readonly virtualKinds: readonly Kind[]
  /** Absent: members of these groups, and of system:masters, may do everything; everybody else what roles say. */
  readonly authorizer?: Authorizer
  readonly adminGroups?: readonly string[]
  readonly tokens?: TokenOptions
  /** Roles that this cluster has beside those of every cluster; absent: OpenShift's. */
  readonly roles?: readonly RoleManifests[]
  /** The service network, or one of each family, the first preferred. */
  readonly serviceNetworks?: readonly Cidr[]
  readonly nodePorts?: PortRange
  /** Routes without a host get one below it. */
  readonly routeDomain?: string
  /** As OpenShift: pods outside of the cluster's own namespaces run as a user of their namespace unless they may do more. */
  readonly securityConstraints?: boolean
  /** Pods need an account that is there, and get its token; absent where no controller makes accounts. */
  readonly accounts?: AccountsOptions
  readonly healthChecks?: readonly HealthCheck[]
  /** Served at /metrics. */
  readonly metrics?: Metrics
}

/** The others of them are bodies of subresources alone, and no paths of their own. */
const isServed = ({ group, plural }: Kind): boolean => Object.hasOwn(REVIEWS, `${group}/${plural}`)

export interface ApiServer {
  readonly handle: Handle
  /** A token of a service account, to be kept in a Secret; see AccountTokens. */
  readonly tokenForSecret: AccountTokens['issueForSecret']
  /** The roles that every cluster has are there. Rejects when the disk fails. */
  readonly ready: Promise<void>
  /** For `loopbackTransport`: requests of the given user, without TLS. */
  loopback(user: User): Loopback
  /** A TLS server that does not listen yet; one for each address. */
  listener(tls: TlsOptions): Listener
  /** Ends every watch and every listener. The store is the caller's to close. */
  close(): void
}

export function createApiServer(deps: ApiServerDeps, options: ApiServerOptions): ApiServer {
  const { store, clock, log } = deps
  const registry = createRegistry([
    ...options.kinds.map(kind => storedResource(kind)),
    ...options.virtualKinds.filter(isServed).map(kind => builtinResource(kind, true)),
  ])
  const roles = createRoleIndex(store)
  const kernel = createKernel(deps, options, registry, roles)
  const streams = deps.runtime && { runtime: deps.runtime, clock, log }
  const subresources = createSubresources(
    { ...BUILTIN_SUBRESOURCES, ...podStreams(streams), ...proxies(deps.dial) },
    scale,
  )
  const handle = createHandle({
    kernel,
    subresources,
    virtual: REVIEWS,
    routes: createRoutes([
      discoveryRoute(registry, subresources.of),
      openApiRoute(registry),
      healthRoute([['ping', () => undefined], ...(options.healthChecks ?? [])]),
      versionRoute,
      openIdRoute(kernel.tokens.accounts),
      bookmarksRoute(kernel),
      ...(options.metrics ? [metricsRoute(options.metrics)] : []),
    ]),
  })
  const stopDefinitions = serveDefinitions(kernel)
  const stopAggregation = keepAggregated(kernel)
  const ready = Promise.all([
    reconcileRoles(kernel, [defaultRoles, ...(options.roles ?? [openshiftRoles])]),
    options.securityConstraints ? makeConstraints(kernel) : undefined,
  ]).then(() => {})
  // Whoever awaits it hears of it all the same.
  ready.catch(() => {})
  const events = registry.find('', 'v1', 'events')
  const stopExpiry = events && expireObjects(store, clock, events)
  const listeners: Listener[] = []
  return {
    handle,
    ready,
    tokenForSecret: kernel.tokens.accounts.issueForSecret,
    loopback: user => createLoopback(handle, user),
    listener(tls) {
      const upgrade = upgrades({ kernel, streams, dial: deps.dial })
      const made = createListener(tls, handle, authenticateBy(kernel.tokens), upgrade, clock)
      listeners.push(made)
      return made
    },
    close() {
      stopExpiry?.()
      stopDefinitions()
      stopAggregation()
      roles.stop()
      kernel.watches.close()
      for (const listener of listeners) listener.close()
    },
  }
}

function createKernel(deps: ApiServerDeps, options: ApiServerOptions, registry: Registry, roles: RoleIndex): Kernel {
  const { store, clock, log, https } = deps
  const authorizer = options.authorizer ?? groupAuthorizer([...(options.adminGroups ?? [])], rbacAuthorizer(roles))
  const order = admissionOrder({
    authorizer,
    roles,
    ...(https ? { https } : {}),
    store,
    clock,
    registry,
    serviceNetworks: options.serviceNetworks ?? [cidr('172.30.0.0/16')],
    nodePorts: options.nodePorts ?? { first: 30000, last: 32767 },
    routeDomain: options.routeDomain ?? 'apps.fairlead.test',
    securityConstraints: options.securityConstraints ?? false,
    ...(options.accounts ? { accounts: options.accounts } : {}),
  })
  const admission = createAdmission(order)
  const tokens = createTokens(store, clock, options.tokens ?? {})
  const watches = createWatches(clock)
  return { store, clock, log, registry, admission, authorizer, tokens, watches, ...(https ? { https } : {}) }
}
