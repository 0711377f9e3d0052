import { Route } from '../api/route/route.ts'
import type { RouteIngress } from '../api/route/route-status.ts'
import type { Informer } from '../client/mod.ts'
import { rfc3339 } from '../lib/clock.ts'
import { ingressOf, transition, type Verdict } from '../model/routes/admission.ts'
import type { RouterPolicy } from '../model/routes/types.ts'
import { createContest } from './contest.ts'
import { splitKey } from './object-keys.ts'
import { createTeller, createWarner, type StatusDeps, type Teller } from './teller.ts'

/** Routers of one IngressController write the same, so whoever comes second has nothing left to write. */
export function createStatusWriter(
  deps: StatusDeps,
  routes: Informer<Route>,
  policy: RouterPolicy,
  signal: AbortSignal,
): Teller<Verdict> {
  const contest = createContest(deps.clock)
  const warner = createWarner(deps, 'AnnotationIgnored')
  const write = async (key: string, verdict: Verdict | undefined): Promise<number | undefined> => {
    const route = routes.get(splitKey(key))
    if (!route) {
      warner.forget(key)
      return undefined
    }
    const entry = verdict && ingressOf(route, policy, verdict)
    const ingress = entry ? transition(route, entry, rfc3339(deps.clock.now())) : without(route, policy.name)
    if (verdict) warner.warn(key, route, verdict.warnings ?? [])
    if (!ingress) return undefined
    const said = [`${key} ${route.metadata.uid}`, JSON.stringify(entry ?? '')] as const
    const waitMs = contest.waitMs(...said)
    if (waitMs > 0) return waitMs
    await put(deps, route, ingress, entry)
    contest.said(...said)
    return undefined
  }
  return createTeller(deps, 'route-status', write, signal)
}

/** status.ingress without the router's entry; undefined when it has none. */
function without({ status }: Route, routerName: string): readonly RouteIngress[] | undefined {
  const entries = status?.ingress ?? []
  const left = entries.filter(entry => entry.routerName !== routerName)
  return left.length === entries.length ? undefined : left
}

/** A conflict rejects, and is tried again with what the cache has by then. */
async function put(
  { client, events }: StatusDeps,
  route: Route,
  ingress: readonly RouteIngress[],
  entry: RouteIngress | undefined,
): Promise<void> {
  await client.updateStatus(Route, { ...route, status: { ...route.status, ingress } })
  for (const { status, reason = '', message = '' } of entry?.conditions ?? [])
    if (status === 'False') events.record(route, 'Warning', reason, message)
}
