import { Route } from '../api/route/route.ts'
import type { RouteIngress } from '../api/route/route-status.ts'
import type { EventRecorder } from '../client/events.ts'
import type { Client, Informer } from '../client/mod.ts'
import type { ProgressCollector } from '../client/progress.ts'
import { createQueue, type Queue } from '../client/queue.ts'
import { type Clock, rfc3339 } from '../lib/clock.ts'
import type { Logger } from '../lib/log.ts'
import { ingressOf, transition, type Verdict } from '../model/routes/admission.ts'
import type { RouterPolicy } from '../model/routes/types.ts'
import { createContest } from './contest.ts'
import { keyOf, splitKey } from './object-keys.ts'

export interface StatusDeps {
  readonly client: Client
  readonly clock: Clock
  readonly log: Logger
  readonly progress: ProgressCollector
  readonly events: EventRecorder
}

/** Writes what became of Routes into their status, each at most once a change, a few at a time. */
export interface StatusWriter {
  /** HAProxy has acknowledged all of this. */
  tell(verdicts: ReadonlyMap<string, Verdict>): void
  /** HAProxy serves these Routes no more, and others may: our entry goes. */
  withdraw(keys: Iterable<string>): void
  readonly done: Promise<void>
}

/** Routers of one IngressController write the same, so whoever comes second has nothing left to write. */
export function createStatusWriter(
  deps: StatusDeps,
  routes: Informer<Route>,
  policy: RouterPolicy,
  signal: AbortSignal,
): StatusWriter {
  const wanted = new Map<string, Verdict | undefined>()
  const contest = createContest(deps.clock)
  /** What was said of a Route last, so that it is said once. */
  const warned = new Map<string, string>()
  const warn = (route: Route, warnings: readonly string[]): void => {
    const key = keyOf(route)
    const text = warnings.join('; ')
    if (text === (warned.get(key) ?? '')) return
    if (text === '') warned.delete(key)
    else {
      warned.set(key, text)
      deps.events.record(route, 'Warning', 'AnnotationIgnored', text.slice(0, 1000))
    }
  }
  const handle = async (key: string): Promise<void> => {
    if (!wanted.has(key)) return
    const verdict = wanted.get(key)
    const route = routes.get(splitKey(key))
    const entry = verdict && route ? ingressOf(route, policy, verdict) : undefined
    const ingress = route && (entry ? transition(route, entry, rfc3339(deps.clock.now())) : without(route, policy.name))
    if (verdict && route) warn(route, verdict.warnings ?? [])
    if (ingress) {
      const waitMs = contest.enter(key, JSON.stringify(entry ?? ''))
      if (waitMs > 0) return queue.addAfter(key, waitMs)
      await write(deps, route, ingress, entry)
    }
    if (wanted.get(key) === verdict) wanted.delete(key)
  }
  const queue: Queue = createQueue(deps, { name: 'route-status', handle, workers: 8 }, signal)
  return {
    tell(verdicts) {
      for (const [key, verdict] of verdicts) {
        wanted.set(key, verdict)
        queue.add(key)
      }
    },
    withdraw(keys) {
      for (const key of keys) {
        wanted.set(key, undefined)
        queue.add(key)
      }
    },
    done: queue.done,
  }
}

/** status.ingress without the router's entry; undefined when it has none. */
function without({ status }: Route, routerName: string): readonly RouteIngress[] | undefined {
  const entries = status?.ingress ?? []
  const left = entries.filter(entry => entry.routerName !== routerName)
  return left.length === entries.length ? undefined : left
}

/** A conflict rejects, and is tried again with what the cache has by then. */
async function write(
  { client, events }: StatusDeps,
  route: Route,
  ingress: readonly RouteIngress[],
  entry: RouteIngress | undefined,
): Promise<void> {
  await client.updateStatus(Route, { ...route, status: { ...route.status, ingress } })
  for (const { status, reason = '', message = '' } of entry?.conditions ?? [])
    if (status === 'False') events.record(route, 'Warning', reason, message)
}
