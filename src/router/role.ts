import { createEventRecorder, OFTEN } from '../client/events.ts'
import { type Loop, runLoop } from '../client/loop.ts'
import type { Client, Informers, Role } from '../client/mod.ts'
import type { ProgressCollector } from '../client/progress.ts'
import type { Haproxy } from '../host/haproxy/mod.ts'
import type { Listenable } from '../host/socket/mod.ts'
import type { Clock } from '../lib/clock.ts'
import { messageOf } from '../lib/errors.ts'
import type { Logger } from '../lib/log.ts'
import { createTimers } from '../lib/timers.ts'
import type { Verdict } from '../model/routes/admission.ts'
import { serviceAt } from '../model/routes/endpoints.ts'
import { policyOf, type RouterOptions } from '../model/routes/options.ts'
import type { RouterSettings } from '../model/routes/settings.ts'
import type { RouterPolicy } from '../model/routes/types.ts'
import { graceMs, NEED_PODS } from '../model/services/idling.ts'
import { type Caches, feed, openCaches, sliceService, sourcesOf } from './caches.ts'
import { feedIngresses, publishedAt } from './ingress-caches.ts'
import { createIngressStatus, type IngressStatusWriter } from './ingress-status.ts'
import type { IngressVerdict } from './layout/ingresses.ts'
import { createPlanner, type Planner } from './layout/planner.ts'
import type { Layout, Listeners } from './layout/types.ts'
import type { Meter } from './meter.ts'
import { renderMetrics } from './metrics.ts'
import { accessOf } from './metrics-access.ts'
import { keyOf, splitKey } from './object-keys.ts'
import { createProbeServer } from './probes.ts'
import { findRefused } from './refused.ts'
import { createRevocations, type RevocationDeps } from './revocations.ts'
import { createServing, type Serving } from './serving/serve.ts'
import { createStatusWriter } from './status.ts'
import type { Teller } from './teller.ts'
import { createWaitingRoom, type Doors, type WaitingRoom } from './waiting-room.ts'

export interface RouterDeps {
  /** The one that writes through to the informers, where there is one. */
  readonly client: Client
  readonly informers: Informers
  readonly progress: ProgressCollector
  readonly haproxy: Haproxy
  readonly clock: Clock
  readonly log: Logger
  /** Requests as the access log tells of them. */
  readonly meter?: Pick<Meter, 'counts'>
  /** Listens on every address of the router's network. */
  readonly listen: (server: Listenable, port: number) => Promise<void>
  /** Where requests for idled Services wait; without it they are answered 503. */
  readonly doors?: Doors
  /** How long requests may take to end when the router is told to stop. */
  readonly graceMs?: number
  /** Reads lists of revoked certificates; without it they are not looked at. */
  readonly download?: RevocationDeps['download']
}

const GRACE_MS = 5000
/** A HAProxy that ends sooner than this after its start is started again with growing delays. */
const SHORT_LIFE_MS = 1000
/** Below the second after which a kubelet gives up. */
const PROBE_PATIENCE_MS = 700
const SECRET_PATIENCE_MS = 1000
const FIRST_SWEEP_MS = 500
const LAST_SWEEP_MS = 30_000

/** One router of an IngressController: follows Routes, keeps one HAProxy as they say, and tells their status. */
export async function startRouter(deps: RouterDeps, options: RouterOptions, signal: AbortSignal): Promise<Role> {
  const { haproxy, log } = deps
  const policy = policyOf(options)
  const { download } = deps
  const caches = openCaches(deps.informers, options, download && createRevocations({ ...deps, download }))
  const serving = createServing(haproxy, log, deps.clock, options.settings.reloadMs)
  const scrapes = { total: 0, failures: 0 }
  const probes = createProbeServer({
    isReady: async () =>
      !signal.aborted && (await serving.awaitServing(deps.clock, PROBE_PATIENCE_MS)) && !signal.aborted,
    access: async authorization => {
      const { stats } = caches
      return stats ? accessOf({ client: deps.client, secret: () => stats.list()[0] }, authorization) : 'allowed'
    },
    metrics: () =>
      renderMetrics({
        meter: deps.meter?.counts() ?? [],
        haproxy,
        counts: serving.counts,
        scrapes,
        isServing: () => serving.isServing,
        hosts: () => state.hosts,
        owner: backend => {
          const service = state.layout?.backends.get(backend)?.service
          return service === undefined ? undefined : { service, routes: planner.usersOf(backend) }
        },
      }),
  })
  const state: RouterState = { hosts: 0, sweepMs: FIRST_SWEEP_MS, ...nothingUntold() }
  await deps.listen(probes, options.statsPort)
  await deps.informers.sync(signal)
  const room = openWaitingRoom(deps, caches, policy, service => {
    planner.touch(service)
    loop.trigger()
  })
  const planner = createPlanner(policy, listenersOf(options, haproxy), {
    ...caches.view,
    now: () => deps.clock.now(),
    ...(room ? { door: room.door } : {}),
  })
  const unfeed = feed(caches, planner, route => {
    if (route.status?.ingress?.some(({ routerName }) => routerName === policy.name)) state.left.add(keyOf(route))
  })
  const unfeedIngresses = caches.ingress
    ? feedIngresses({
        caches: caches.ingress,
        shard: caches.shard,
        planner,
        router: policy.name,
        leave: ingress => void state.leftIngresses.add(keyOf(ingress)),
      })
    : undefined
  const loop = startLoop({ deps, options, policy, caches, planner, serving, state }, signal)
  const ended = async (): Promise<void> => {
    await loop.done
    unfeed()
    unfeedIngresses?.()
    room?.close()
    probes.close()
    await haproxy.stop(deps.graceMs ?? GRACE_MS)
  }
  return { progress: () => deps.progress.progress(), done: ended() }
}

/** Requests for idled Services wait here, and are told of by an event, as OKD's data plane does. `look`: a Service is another than it was. */
function openWaitingRoom(
  deps: RouterDeps,
  caches: Caches,
  { name }: RouterPolicy,
  look: (service: string) => void,
): WaitingRoom | undefined {
  if (!deps.doors) return undefined
  const events = createEventRecorder(deps, { component: `router-${name}`, ...OFTEN })
  const room = createWaitingRoom({
    doors: deps.doors,
    clock: deps.clock,
    endpoints: (service, port) => serviceAt({ service, weight: 1 }, port, caches.view).endpoints,
    need: key => {
      const { namespace, name: service } = splitKey(key)
      const object = { apiVersion: 'v1', kind: 'Service', namespace, name: service }
      events.record(object, 'Normal', NEED_PODS, `The service ${key} needs pods`)
    },
    opened: look,
    failed: error => deps.log.warn({ error: messageOf(error) }, 'no port for requests of an idled Service'),
  })
  caches.slices.onChange(({ object }) => {
    for (const key of sliceService(object)) room.changed(key)
  })
  /** Nobody is let in any more when the pods of a Service that was woken have not come. */
  const timers = createTimers(deps.clock)
  const shutLater = (key: string): void => {
    const service = caches.view.service(key)
    timers.set(key, service ? graceMs(service, deps.clock.now()) : 0, () => {
      look(key)
      shutLater(key)
    })
  }
  for (const service of caches.services.list()) shutLater(keyOf(service))
  caches.services.onChange(({ type, object }) => {
    shutLater(keyOf(object))
    if (type === 'deleted') room.gone(keyOf(object))
  })
  return room
}

const listenersOf = (options: RouterOptions, { openFiles, cpus }: Haproxy): Listeners => ({
  httpPort: options.httpPort,
  httpsPort: options.httpsPort,
  threads: Math.min(options.threads, cpus),
  maxConnections: options.maxConnections,
  openFiles,
  domain: options.domain,
  accessLog: options.accessLog,
  ...(options.ingress ? { ingress: true } : {}),
  ...(options.notFound ? { notFound: true } : {}),
  forwarded: options.forwarded,
  settings: listenerSettings(options.settings),
  ...(options.http2Always ? { http2Always: true } : {}),
  ...(options.alias === undefined ? {} : { alias: options.alias }),
})

/** Which Routes are served, and when, is no matter of listeners. */
function listenerSettings({
  namespaceSelector: _n,
  routeSelector: _r,
  reloadMs: _ms,
  ...settings
}: RouterSettings): Listeners['settings'] {
  return settings
}

interface RouterState {
  hosts: number
  layout?: Layout
  sweepMs: number
  /** What is planned but not acknowledged yet. */
  untold: Map<string, Verdict>
  /** Routes that were another's matter when they were seen last, with an entry of ours. */
  left: Set<string>
  untoldIngresses: Map<string, IngressVerdict>
  leftIngresses: Set<string>
}

const nothingUntold = (): Omit<RouterState, 'hosts' | 'sweepMs' | 'layout'> => ({
  untold: new Map(),
  left: new Set(),
  untoldIngresses: new Map(),
  leftIngresses: new Set(),
})

interface Tellers {
  readonly routes: Teller<Verdict>
  readonly ingresses?: IngressStatusWriter
}

interface Parts {
  readonly deps: RouterDeps
  readonly options: RouterOptions
  readonly policy: RouterPolicy
  readonly caches: Caches
  readonly planner: Planner
  readonly serving: Serving
  readonly state: RouterState
}

/** The loop: a change of what is followed, the end of HAProxy, a server whose last request may have ended. */
function startLoop(parts: Parts, signal: AbortSignal): Loop {
  const { deps, caches, serving, state, options, policy } = parts
  const events = createEventRecorder(deps, { component: `router-${parts.policy.name}` })
  const routes = createStatusWriter({ ...deps, events }, caches.routes, policy, signal)
  const addresses = () => publishedAt(options, policy.canonicalHostname, caches.services)
  const ingresses = caches.ingress
    ? createIngressStatus({ ...deps, events }, caches.ingress.ingresses, addresses, signal)
    : undefined
  caches.services.onChange(({ object }) => {
    if (keyOf(object) === options.publishService) ingresses?.again()
  })
  const tellers: Tellers = { routes, ...(ingresses ? { ingresses } : {}) }
  const reload = createReloadTimer(deps, () => loop.trigger())
  const loop: Loop = runLoop(
    deps,
    {
      name: 'router',
      informers: sourcesOf(caches),
      step: async () => {
        await followSecrets(parts, signal)
        // A new router refuses no client that the one before it took.
        await caches.revocations?.tried()
        reload.at(await commit(parts, tellers))
        const waiting = await serving.sweep()
        if (waiting > 0) deps.clock.after(state.sweepMs, loop.trigger)
        state.sweepMs = waiting > 0 ? Math.min(LAST_SWEEP_MS, state.sweepMs * 2) : FIRST_SWEEP_MS
      },
    },
    signal,
  )
  restartWhenGone(parts, loop, signal)
  return {
    trigger: loop.trigger,
    done: Promise.all([loop.done, routes.done, ingresses?.done]).then(() => events.flush()),
  }
}

/** Routes are not told of a missing Secret before it was looked for; one that cannot be read does not hold up the others. */
async function followSecrets({ caches, planner, deps }: Parts, signal: AbortSignal): Promise<void> {
  const patience = new AbortController()
  const cancel = deps.clock.after(SECRET_PATIENCE_MS, () => patience.abort(new Error('a Secret was not read in time')))
  try {
    await caches.external.follow(planner.secrets(), AbortSignal.any([signal, patience.signal]))
  } catch (error) {
    if (signal.aborted) throw error
    deps.log.warn({ error: messageOf(error) }, 'serving without some external certificates')
  } finally {
    cancel()
  }
}

/** Until something that waits for a reload is served, the router has not done what it was told. */
function createReloadTimer({ clock, progress }: RouterDeps, trigger: () => void) {
  const worker = progress.worker('router-reload')
  let cancel = (): void => {}
  return {
    /** In so many ms; undefined: nothing waits. */
    at(ms: number | undefined) {
      cancel()
      worker.busy(ms !== undefined)
      if (ms !== undefined) cancel = clock.after(ms, trigger)
    },
  }
}

/**
 * Plans and makes it so. What HAProxy refuses is taken from the Routes that brought it, and the rest goes on. Resolves to when what
 * needs a reload that may not be yet can be tried again.
 */
async function commit({ planner, serving, state, deps }: Parts, tellers: Tellers): Promise<number | undefined> {
  for (;;) {
    const waitMs = serving.reloadWaitMs()
    const { layout, verdicts, ingresses, waits, ...differences } = planner.plan(waitMs === 0)
    state.hosts = layout.parts.size
    state.layout = layout
    for (const [key, verdict] of verdicts) state.untold.set(key, verdict)
    for (const [key, verdict] of ingresses) state.untoldIngresses.set(key, verdict)
    try {
      await serving.commit(layout, differences)
      tellAll(state, tellers)
      return waits ? waitMs : undefined
    } catch (error) {
      const refused = await findRefused(deps.haproxy, layout, error)
      const known = [...refused.files.map(planner.refuseFile), ...refused.classes.map(planner.refuseClass)]
      if (!known.includes(true)) throw error
      deps.log.warn(refused, 'HAProxy refused what some Routes bring; serving without them')
    }
  }
}

/** HAProxy has it all: whose it is may know. */
function tellAll(state: RouterState, { routes, ingresses }: Tellers): void {
  routes.withdraw(state.left)
  routes.tell(state.untold)
  ingresses?.withdraw(state.leftIngresses)
  ingresses?.tell(state.untoldIngresses)
  Object.assign(state, nothingUntold())
}

function restartWhenGone({ deps, serving }: Parts, loop: Loop, signal: AbortSignal): void {
  const { haproxy, clock } = deps
  let startedMs = clock.monotonic()
  let delayMs = 0
  const stop = haproxy.onGone(() => {
    if (signal.aborted) return
    const lifeMs = clock.monotonic() - startedMs
    serving.forget()
    delayMs = lifeMs > SHORT_LIFE_MS ? 0 : Math.min(5000, Math.max(100, delayMs * 2))
    startedMs = clock.monotonic() + delayMs
    if (delayMs === 0) loop.trigger()
    else clock.after(delayMs, loop.trigger)
  })
  signal.addEventListener('abort', stop, { once: true })
}
