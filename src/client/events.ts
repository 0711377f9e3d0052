import { Event } from '../api/core/event.ts'
import type { ObjectReference } from '../api/core/reference.ts'
import { type Clock, rfc3339 } from '../lib/clock.ts'
import { messageOf } from '../lib/errors.ts'
import type { Logger } from '../lib/log.ts'
import type { ApiObject } from '../schema/kind.ts'
import { type Client, isNotFound } from './mod.ts'

/** Tells users what happened to an object, as core/v1 Events that kubectl describe shows. */
export interface EventRecorder {
  /** Never blocks and never fails; what cannot be told is dropped. Equal events of an object are counted in one. */
  record(object: ApiObject | ObjectReference, type: 'Normal' | 'Warning', reason: string, message: string): void
  /** Resolves when all that was recorded so far is written or given up. */
  flush(): Promise<void>
}

export interface EventsDeps {
  readonly client: Client
  readonly clock: Clock
  readonly log: Logger
}

export interface EventsOptions {
  /** Who tells: shown by kubectl describe in column From. */
  readonly component: string
  readonly host?: string
  /** Events waiting to be written; more are dropped. */
  readonly queueLength?: number
  /** Distinct events remembered for counting. */
  readonly memory?: number
  /** Of one object: so many at once, then one more per refillMs. The values of client-go's spam filter. */
  readonly burst?: number
  readonly refillMs?: number
}

interface Known {
  event: Event | undefined
  count: number
  firstMs: number
}

interface Bucket {
  tokens: number
  atMs: number
}

const MAX_MESSAGE = 1024

export function createEventRecorder(deps: EventsDeps, options: EventsOptions): EventRecorder {
  const { client, clock, log } = deps
  const queueLength = options.queueLength ?? 1000
  const memory = options.memory ?? 4096
  const known = new Map<string, Known>()
  const buckets = new Map<string, Bucket>()
  const waiting = new Map<
    string,
    { readonly object: ObjectReference; readonly type: string; readonly reason: string; readonly message: string }
  >()
  let writing: Promise<void> | undefined
  let made = 0

  const isAllowed = (object: ObjectReference): boolean => {
    const id = `${object.uid ?? ''}/${object.kind}/${object.namespace ?? ''}/${object.name}`
    const nowMs = clock.monotonic()
    const bucket = recall(buckets, id, memory, () => ({ tokens: options.burst ?? 25, atMs: nowMs }))
    bucket.tokens = Math.min(options.burst ?? 25, bucket.tokens + (nowMs - bucket.atMs) / (options.refillMs ?? 300_000))
    bucket.atMs = nowMs
    if (bucket.tokens < 1) return false
    bucket.tokens -= 1
    return true
  }
  const drain = async (): Promise<void> => {
    while (waiting.size > 0) {
      const [id, next] = waiting.entries().next().value!
      waiting.delete(id)
      const entry = recall(known, id, memory, () => ({ event: undefined, count: 0, firstMs: clock.now() }))
      const pending = entry.count
      try {
        entry.event = await write(next, entry)
      } catch (error) {
        // Its namespace may be going; there is nobody to tell.
        log.debug({ reason: next.reason, pending, error: messageOf(error) }, 'an event could not be written')
      }
    }
    writing = undefined
  }
  const write = async (
    what: { object: ObjectReference; type: string; reason: string; message: string },
    entry: Known,
  ): Promise<Event> => {
    const { object, type, reason, message } = what
    const lastTimestamp = rfc3339(clock.now())
    const namespace = object.namespace ?? 'default'
    if (entry.event) {
      try {
        const body = { count: entry.count, lastTimestamp }
        return await client.patch(Event, { namespace, name: entry.event.metadata.name }, { type: 'merge', body })
      } catch (error) {
        if (!isNotFound(error)) throw error
      }
    }
    const source = { component: options.component, ...(options.host ? { host: options.host } : {}) }
    return client.create(Event, {
      // Names are unique per object, and sort by time within it.
      metadata: {
        namespace,
        name: `${object.name}.${clock.now().toString(16)}${(made++ % 0x1000).toString(16).padStart(3, '0')}`,
      },
      involvedObject: object,
      type,
      reason,
      message,
      source,
      count: entry.count,
      firstTimestamp: rfc3339(entry.firstMs),
      lastTimestamp,
      reportingComponent: options.component,
      reportingInstance: options.host ?? '',
    })
  }
  return {
    record(about, type, reason, text) {
      const object = referenceTo(about)
      if (!isAllowed(object)) return
      const message = text.length > MAX_MESSAGE ? `${text.slice(0, MAX_MESSAGE - 3)}...` : text
      const id = JSON.stringify([object.uid, object.kind, object.namespace, object.name, type, reason, message])
      if (!waiting.has(id) && waiting.size >= queueLength) return
      recall(known, id, memory, () => ({ event: undefined, count: 0, firstMs: clock.now() })).count++
      waiting.set(id, { object, type, reason, message })
      writing ??= Promise.resolve().then(drain)
    },
    flush: async () => {
      while (writing) await writing
    },
  }
}

/** An object or what refers to it, as a reference. */
function referenceTo(about: ApiObject | ObjectReference): ObjectReference {
  if (!('metadata' in about)) return about
  const { apiVersion, kind, metadata } = about
  const { name, namespace, uid, resourceVersion } = metadata
  return { apiVersion, kind, name, uid, resourceVersion, ...(namespace ? { namespace } : {}) }
}

/** The entry, made when absent; the one that was used longest ago goes when there are too many. */
function recall<V>(map: Map<string, V>, key: string, limit: number, make: () => V): V {
  const value = map.get(key) ?? make()
  map.delete(key)
  map.set(key, value)
  if (map.size > limit) map.delete(map.keys().next().value!)
  return value
}
