import type { Clock } from '../lib/clock.ts'
import { messageOf } from '../lib/errors.ts'
import type { Logger } from '../lib/log.ts'
import type { ApiObject, Kind } from '../schema/kind.ts'
import { type BackoffLimits, createBackoff } from './backoff.ts'
import type { Cache } from './cache.ts'
import { ApiError, type Client, isNotFound, type Selection, type StatusLike, type WatchEvent } from './mod.ts'

export interface ReflectorOptions {
  /** Objects of one list page. */
  readonly pageSize: number
  readonly backoff: BackoffLimits
  /** A watch that says nothing for so long, bookmarks included, is taken for dead. */
  readonly idleMs: number
  /** How long one watch may last before the server ends it. */
  readonly watchSeconds: number
  /** Ask for the first list as a watch (sendInitialEvents); a server that refuses is asked for a list. */
  readonly watchList: boolean
  /** How long until a kind that the API did not know is asked for again. */
  readonly absentMs: number
}

export const REFLECTOR_DEFAULTS: ReflectorOptions = {
  pageSize: 500,
  backoff: { minMs: 200, maxMs: 30_000 },
  idleMs: 180_000,
  watchSeconds: 3600,
  watchList: false,
  absentMs: 15_000,
}

export interface Reflected<T extends ApiObject> {
  readonly client: Client
  readonly kind: Kind<T>
  readonly selection: Selection
  readonly trim?: ((object: T) => T) | undefined
  readonly cache: Cache<T>
  readonly clock: Clock
  readonly log: Logger
  readonly options: ReflectorOptions
  /** Called when the API does not know the kind, which is then asked for from time to time. Absent: that is an error. */
  readonly absent?: (() => void) | undefined
}

const INITIAL_EVENTS_END = 'k8s.io/initial-events-end'
/** So many failures in a row, and the cache is made anew from a list: whatever is wrong may be what we resume from. */
const RELIST_AFTER_FAILURES = 5

/**
 * Keeps the cache like the API until the signal aborts; never gives up. List, then watch from the list's
 * resourceVersion; after a disconnect watch on from the last one seen; after 410 list again and report the difference.
 */
export async function reflect<T extends ApiObject>(work: Reflected<T>, signal: AbortSignal): Promise<void> {
  const { clock, log, options } = work
  const backoff = createBackoff(options.backoff, clock.monotonic() + work.kind.plural.length)
  const state: ReflectorState = { version: undefined, watchList: options.watchList }
  while (!signal.aborted) {
    const startedMs = clock.monotonic()
    let heard = false
    try {
      if (state.version === undefined && !state.watchList) state.version = await relist(work)
      await follow(work, state, signal, () => {
        if (backoff.failures > 0) log.info({ kind: work.kind.plural }, 'the watch works again')
        heard = true
        backoff.reset()
      })
      // A server that ends watches at once must not be asked in a tight loop.
      if (heard || clock.monotonic() - startedMs > 5000) continue
    } catch (error) {
      if (signal.aborted) break
      if (work.absent && isNotFound(error)) {
        await waitForKind(work, state, signal)
        continue
      }
      report(work, error, backoff.failures)
      if (mustRelist(error) || backoff.failures >= RELIST_AFTER_FAILURES) state.version = undefined
      if (state.watchList && error instanceof ApiError) state.watchList = false
    }
    await clock.sleep(backoff.next(), signal).catch(() => {})
  }
}

interface ReflectorState {
  /** Where to go on; undefined asks for a new list. */
  version: string | undefined
  watchList: boolean
}

/** Until it is worth asking again. */
async function waitForKind<T extends ApiObject>(
  work: Reflected<T>,
  state: ReflectorState,
  signal: AbortSignal,
): Promise<void> {
  work.log.debug({ kind: work.kind.plural }, 'the API does not have this kind')
  state.version = undefined
  state.watchList = work.options.watchList
  work.cache.clear()
  work.absent?.()
  await work.clock.sleep(work.options.absentMs, signal).catch(() => {})
}

function report<T extends ApiObject>(work: Reflected<T>, error: unknown, failures: number): void {
  const fields = { kind: work.kind.plural, error: messageOf(error) }
  if (failures === 0) work.log.warn(fields, 'the watch broke; trying again')
  else work.log.debug(fields, 'the watch cannot be resumed yet')
}

/** 410: too old. 504 with this cause: the server knows less than we do, it was restored from older state. */
const mustRelist = (error: unknown): boolean =>
  error instanceof ApiError &&
  (error.code === 410 || (error.code === 504 && /Too large resource version/.test(error.message)))

async function relist<T extends ApiObject>(work: Reflected<T>): Promise<string> {
  const { objects, version } = await listAll(work)
  work.cache.replace(objects, version)
  return version
}

async function listAll<T extends ApiObject>(work: Reflected<T>): Promise<{ objects: T[]; version: string }> {
  const { client, kind, selection, options } = work
  const trim = work.trim ?? ((object: T) => object)
  const objects: T[] = []
  let page = await client.list(kind, { ...selection, limit: options.pageSize })
  const version = page.resourceVersion
  for (;;) {
    for (const object of page.items) objects.push(trim(object))
    if (page.continue === undefined) return { objects, version }
    try {
      page = await client.list(kind, { ...selection, limit: options.pageSize, continue: page.continue })
    } catch (error) {
      if (!(error instanceof ApiError && error.code === 410)) throw error
      // The pages outlived the server's history: one list without pages cannot.
      const whole = await client.list(kind, selection)
      return { objects: whole.items.map(trim), version: whole.resourceVersion }
    }
  }
}

/** One watch, to its end. Throws ApiError for an ERROR event. */
async function follow<T extends ApiObject>(
  work: Reflected<T>,
  state: ReflectorState,
  signal: AbortSignal,
  heard: () => void,
): Promise<void> {
  const { client, kind, selection, options, clock } = work
  const initial = state.version === undefined ? { sendInitialEvents: true } : { resourceVersion: state.version }
  const idle = idleWatchdog(clock, options.idleMs, signal)
  const first: T[] | undefined = state.version === undefined ? [] : undefined
  let collecting = first
  try {
    const watched = { ...selection, ...initial, timeoutSeconds: options.watchSeconds }
    for await (const event of client.watch(kind, watched, idle.signal)) {
      idle.alive()
      if (collecting) collecting = collect(work, state, collecting, event)
      else take(work, state, event)
      if (!collecting) heard()
    }
  } finally {
    idle.stop()
  }
  if (idle.signal.aborted && !signal.aborted) throw new Error(`nothing was heard for ${options.idleMs / 1000} s`)
}

function take<T extends ApiObject>(work: Reflected<T>, state: ReflectorState, event: WatchEvent<T>): void {
  if (event.type === 'ERROR') throw new ApiError(event.object as StatusLike)
  const version = event.object.metadata.resourceVersion
  if (event.type === 'BOOKMARK') work.cache.reached(version)
  else work.cache.apply(event.type, work.trim ? work.trim(event.object) : event.object)
  state.version = version
}

/** The initial events of a watch-list, up to the bookmark that ends them; then undefined. */
function collect<T extends ApiObject>(
  work: Reflected<T>,
  state: ReflectorState,
  objects: T[],
  event: WatchEvent<T>,
): T[] | undefined {
  if (event.type === 'ERROR') throw new ApiError(event.object)
  if (event.type !== 'BOOKMARK') {
    objects.push(work.trim ? work.trim(event.object) : event.object)
    return objects
  }
  if (event.object.metadata.annotations?.[INITIAL_EVENTS_END] !== 'true') return objects
  state.version = event.object.metadata.resourceVersion
  work.cache.replace(objects, state.version)
  return undefined
}

/** A signal that also aborts when alive() was not called for idleMs. One timer at a time, not one per event. */
function idleWatchdog(clock: Clock, idleMs: number, outer: AbortSignal) {
  const controller = new AbortController()
  let lastMs = clock.monotonic()
  const check = (): void => {
    const restMs = lastMs + idleMs - clock.monotonic()
    if (restMs <= 0) controller.abort(new Error(`nothing was heard for ${idleMs / 1000} s`))
    else cancel = clock.after(restMs, check)
  }
  let cancel = clock.after(idleMs, check)
  const stop = (): void => {
    cancel()
    outer.removeEventListener('abort', abort)
  }
  const abort = (): void => controller.abort(outer.reason)
  if (outer.aborted) abort()
  else outer.addEventListener('abort', abort, { once: true })
  return {
    signal: controller.signal,
    alive: (): void => {
      lastMs = clock.monotonic()
    },
    stop,
  }
}
