import { setMaxListeners } from 'node:events'
import type { Clock } from '../lib/clock.ts'
import { messageOf } from '../lib/errors.ts'
import type { Logger } from '../lib/log.ts'
import type { ApiObject, Kind } from '../schema/kind.ts'
import { Cache } from './cache.ts'
import type { Client, Informer, InformerOptions, Informers, Selection } from './mod.ts'
import type { ProgressCollector } from './progress.ts'
import { REFLECTOR_DEFAULTS, type ReflectorOptions, reflect } from './reflector.ts'

export interface InformersDeps {
  readonly client: Client
  readonly clock: Clock
  readonly log: Logger
  readonly progress: ProgressCollector
}

export interface LiveInformers extends Informers {
  /**
   * The given client, but what it writes stands in the caches as soon as the server has acknowledged it. A loop that
   * writes through it never decides on state older than its own writes (so it needs no expectations).
   */
  readonly client: Client
}

interface Entry {
  readonly cache: Cache<ApiObject>
  readonly selection: Selection
  readonly trim: ((object: ApiObject) => ApiObject) | undefined
  /** Made for one user, who ends it. */
  readonly isPrivate: boolean
  readonly firstList: Promise<void>
  start: (() => void) | undefined
  /** Whether somebody who shares it can do without the kind. */
  isOptional: boolean
}

/** Informers that run until the signal aborts. Equal kind, selection and trim share one watch. */
export function createInformers(
  deps: InformersDeps,
  signal: AbortSignal,
  options: Partial<ReflectorOptions> = {},
): LiveInformers {
  // One listener per watch and loop is what the signal is for; Node would warn of a leak from the eleventh on.
  setMaxListeners(0, signal)
  const entries = new Map<string, Entry[]>()
  const all = (): Entry[] => [...entries.values()].flat()
  const settings = { ...REFLECTOR_DEFAULTS, ...options }
  return {
    of<T extends ApiObject>(kind: Kind<T>, wanted: InformerOptions<T> = {}): Informer<T> {
      const id = JSON.stringify([kind.group, kind.plural, wanted.namespace, wanted.labelSelector, wanted.fieldSelector])
      const trim = wanted.trim as ((object: ApiObject) => ApiObject) | undefined
      const sharing = entries.get(id) ?? []
      let entry = wanted.signal ? undefined : sharing.find(other => other.trim === trim && !other.isPrivate)
      if (!entry) {
        const made = createEntry(deps, kind, wanted, settings, signal)
        entries.set(id, [...sharing, made])
        wanted.signal?.addEventListener('abort', () => {
          entries.set(
            id,
            (entries.get(id) ?? []).filter(other => other !== made),
          )
        })
        entry = made
      }
      entry.isOptional ||= wanted.optional ?? false
      return (entry.cache as unknown as Cache<T>).view(wanted.indexes ?? {})
    },
    async sync(waiting) {
      for (const entry of all()) {
        entry.start?.()
        entry.start = undefined
      }
      await orAborted(Promise.all(all().map(entry => entry.firstList)), AbortSignal.any([waiting, signal]))
    },
    client: writingThrough(deps.client, all),
  }
}

const selectionOf = ({ namespace, labelSelector, fieldSelector }: Selection): Selection => ({
  ...(namespace === undefined ? {} : { namespace }),
  ...(labelSelector === undefined ? {} : { labelSelector }),
  ...(fieldSelector === undefined ? {} : { fieldSelector }),
})

function createEntry<T extends ApiObject>(
  deps: InformersDeps,
  kind: Kind<T>,
  wanted: InformerOptions<T>,
  options: ReflectorOptions,
  outer: AbortSignal,
): Entry {
  const source = deps.progress.source(kind.plural)
  const signal = wanted.signal ? AbortSignal.any([outer, wanted.signal]) : outer
  let listed = (): void => {}
  const firstList = new Promise<void>(resolve => {
    listed = resolve
  })
  const cache = new Cache(kind, {
    failed: error => deps.log.error({ kind: kind.plural, error: messageOf(error) }, 'a change handler failed'),
    observed: version => {
      source.observe(version)
      // The first list sets it before it reports how far it is.
      if (cache.synced) listed()
    },
  })
  const selection = selectionOf(wanted)
  const run = async (): Promise<void> => {
    const absent = (): void => {
      source.idle()
      listed()
    }
    const work = { ...deps, kind, selection, trim: wanted.trim, cache, options }
    await reflect(entry.isOptional ? { ...work, absent } : work, signal)
    source.remove()
    // Nobody need wait for what has ended.
    listed()
  }
  const entry: Entry = {
    cache: cache as unknown as Cache<ApiObject>,
    selection,
    trim: wanted.trim as Entry['trim'],
    isPrivate: wanted.signal !== undefined,
    firstList,
    start: () => void run(),
    isOptional: false,
  }
  return entry
}

function orAborted(promise: Promise<unknown>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason)
    if (signal.aborted) return abort()
    signal.addEventListener('abort', abort, { once: true })
    promise.then(() => {
      signal.removeEventListener('abort', abort)
      resolve()
    }, reject)
  })
}

function writingThrough(client: Client, all: () => Entry[]): Client {
  const holding = (kind: Kind, namespace: string | undefined): Entry[] =>
    all().filter(({ cache, selection }) => {
      const isSame = cache.kind.group === kind.group && cache.kind.plural === kind.plural
      const isWhole = selection.labelSelector === undefined && selection.fieldSelector === undefined
      return isSame && isWhole && (selection.namespace === undefined || selection.namespace === namespace)
    })
  const learned = <T extends ApiObject>(kind: Kind, object: T): T => {
    for (const { cache, trim } of holding(kind, object.metadata.namespace))
      learnOne(cache, trim ? trim(object) : object)
    return object
  }
  return {
    ...client,
    create: async (kind, object) => learned(kind, await client.create(kind, object)),
    update: async (kind, object) => learned(kind, await client.update(kind, object)),
    updateStatus: async (kind, object) => learned(kind, await client.updateStatus(kind, object)),
    patch: async (kind, key, patch, subresource) => learned(kind, await client.patch(kind, key, patch, subresource)),
    async delete(kind, key, how) {
      const left = await client.delete(kind, key, how)
      if (left) return learned(kind, left)
      for (const { cache } of holding(kind, key.namespace)) cache.forget(key)
      return undefined
    },
  }
}

interface Ending extends ApiObject {
  readonly metadata: ApiObject['metadata'] & {
    readonly finalizers?: readonly string[]
    readonly deletionGracePeriodSeconds?: number
  }
  readonly spec?: { readonly finalizers?: readonly string[] }
}

/** A write that takes away the last reason to stay is answered with the object, yet the object is gone. */
function isGone({ metadata, spec }: Ending): boolean {
  if (!metadata.deletionTimestamp || metadata.deletionGracePeriodSeconds) return false
  return !metadata.finalizers?.length && !spec?.finalizers?.length
}

const learnOne = (cache: Cache<ApiObject>, object: ApiObject): void =>
  isGone(object) ? cache.forget(object.metadata) : cache.learn(object)
