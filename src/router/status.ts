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
  readonly done: Promise<void>
}

/** Routers of one IngressController write the same, so whoever comes second has nothing left to write. */
export function createStatusWriter(
  deps: StatusDeps,
  routes: Informer<Route>,
  policy: RouterPolicy,
  signal: AbortSignal,
): StatusWriter {
  const wanted = new Map<string, Verdict>()
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
    const verdict = wanted.get(key)
    const route = routes.get(splitKey(key))
    if (verdict && route) {
      warn(route, verdict.warnings ?? [])
      await write(deps, route, ingressOf(route, policy, verdict))
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
    done: queue.done,
  }
}

/** A conflict rejects, and is tried again with what the cache has by then. */
async function write({ client, clock, events }: StatusDeps, route: Route, wanted: RouteIngress): Promise<void> {
  const ingress = transition(route, wanted, rfc3339(clock.now()))
  if (!ingress) return
  await client.updateStatus(Route, { ...route, status: { ...route.status, ingress } })
  for (const { status, reason = '', message = '' } of wanted.conditions ?? [])
    if (status === 'False') events.record(route, 'Warning', reason, message)
}
