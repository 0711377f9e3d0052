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

/** For events that others act on: they must not be missing because there were many. */
export const OFTEN = { burst: 10, refillMs: 1000 } as const satisfies Partial<EventsOptions>

const MAX_MESSAGE = 1024
const PAUSE_TURNS = 20

interface Told {
  readonly object: ObjectReference
  readonly type: string
  readonly reason: string
  readonly message: string
}

interface Known {
  event: Event | undefined
  count: number
  readonly firstMs: number
}

export const createEventRecorder = (deps: EventsDeps, options: EventsOptions): EventRecorder =>
  new Recorder(deps, options)

class Recorder implements EventRecorder {
  readonly #deps: EventsDeps
  readonly #options: EventsOptions
  readonly #known = new Map<string, Known>()
  /** To be written, by what makes events equal. */
  readonly #waiting = new Map<string, Told>()
  readonly #filter: SpamFilter
  #writing: Promise<void> | undefined
  #made = 0

  constructor(deps: EventsDeps, options: EventsOptions) {
    this.#deps = deps
    this.#options = options
    this.#filter = spamFilter(deps.clock, options)
  }

  record(about: ApiObject | ObjectReference, type: 'Normal' | 'Warning', reason: string, text: string): void {
    const object = referenceTo(about)
    const { uid = '', kind = '', namespace = '', name = '' } = object
    if (!this.#filter.allows(`${uid}/${kind}/${namespace}/${name}`)) return
    const message = text.length > MAX_MESSAGE ? `${text.slice(0, MAX_MESSAGE - 3)}...` : text
    const id = JSON.stringify([uid, kind, namespace, name, type, reason, message])
    if (!this.#waiting.has(id) && this.#waiting.size >= (this.#options.queueLength ?? 1000)) return
    this.#entry(id).count++
    this.#waiting.set(id, { object, type, reason, message })
    this.#writing ??= this.#pause().then(() => this.#drain())
  }

  async flush(): Promise<void> {
    while (this.#writing) await this.#writing
  }

  /** What is being told of comes first: others get some turns to go on with it, and only then is it written down. */
  async #pause(): Promise<void> {
    for (let turn = 0; turn < PAUSE_TURNS; turn++) await new Promise(resolve => setImmediate(resolve))
  }

  #entry(id: string): Known {
    const make = () => ({ event: undefined, count: 0, firstMs: this.#deps.clock.now() })
    return recall<Known>(this.#known, id, this.#options.memory ?? 4096, make)
  }

  async #drain(): Promise<void> {
    for (const [id, told] of this.#waiting) {
      this.#waiting.delete(id)
      const entry = this.#entry(id)
      try {
        entry.event = (await this.#countUp(told, entry)) ?? (await this.#create(told, entry))
      } catch (error) {
        // Its namespace may be going; there is nobody to tell.
        this.#deps.log.debug({ reason: told.reason, error: messageOf(error) }, 'an event could not be written')
      }
    }
    this.#writing = undefined
  }

  /** Undefined where there is no event to count in, or not any more. */
  async #countUp({ object }: Told, { event, count }: Known): Promise<Event | undefined> {
    if (!event) return undefined
    const body = { count, lastTimestamp: rfc3339(this.#deps.clock.now()) }
    const key = { namespace: object.namespace ?? 'default', name: event.metadata.name }
    try {
      return await this.#deps.client.patch(Event, key, { type: 'merge', body })
    } catch (error) {
      if (isNotFound(error)) return undefined
      throw error
    }
  }

  #create({ object, ...told }: Told, { count, firstMs }: Known): Promise<Event> {
    const { component, host } = this.#options
    const nowMs = this.#deps.clock.now()
    // Names are unique per object, and sort by time within it.
    const suffix = `${nowMs.toString(16)}${(this.#made++ % 0x1000).toString(16).padStart(3, '0')}`
    return this.#deps.client.create(Event, {
      metadata: { namespace: object.namespace ?? 'default', name: `${object.name}.${suffix}` },
      involvedObject: object,
      ...told,
      source: { component, ...(host ? { host } : {}) },
      count,
      firstTimestamp: rfc3339(firstMs),
      lastTimestamp: rfc3339(nowMs),
      reportingComponent: component,
      reportingInstance: host ?? '',
    })
  }
}

interface SpamFilter {
  allows(id: string): boolean
}

/** A token bucket for each object. */
function spamFilter(clock: Clock, { burst = 25, refillMs = 300_000, memory = 4096 }: EventsOptions): SpamFilter {
  const buckets = new Map<string, { tokens: number; atMs: number }>()
  return {
    allows(id) {
      const nowMs = clock.monotonic()
      const bucket = recall(buckets, id, memory, () => ({ tokens: burst, atMs: nowMs }))
      bucket.tokens = Math.min(burst, bucket.tokens + (nowMs - bucket.atMs) / refillMs)
      bucket.atMs = nowMs
      if (bucket.tokens < 1) return false
      bucket.tokens -= 1
      return true
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
