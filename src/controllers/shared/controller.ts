import type { ApiObject } from '../../api/meta/meta.ts'
import type { EventRecorder } from '../../client/events.ts'
import type { Client, Informer, Informers } from '../../client/mod.ts'
import type { ProgressCollector } from '../../client/progress.ts'
import { createQueue, type Queue } from '../../client/queue.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Logger } from '../../lib/log.ts'

/** What every controller gets. */
export interface ControllerDeps {
  /** Its writes stand in the informers when they return: no controller decides on state older than its own writes. */
  readonly client: Client
  readonly informers: Informers
  /** A recorder whose events come from this component. */
  readonly events: (component: string) => EventRecorder
  readonly clock: Clock
  readonly log: Logger
  readonly progress: ProgressCollector
}

export interface Controller {
  /** Resolves when its signal has aborted and nothing runs any more. */
  readonly done: Promise<void>
}

/** Which keys a change of an object concerns; it is asked about the old object too. */
export interface Trigger<T extends ApiObject> {
  readonly informer: Informer<T>
  readonly keys: (object: T) => Iterable<string>
  /** False for changes that cannot matter. Creation and deletion always do. */
  readonly matters: (object: T, old: T) => boolean
}

export const trigger = <T extends ApiObject>(
  informer: Informer<T>,
  keys: (object: T) => Iterable<string>,
  matters: (object: T, old: T) => boolean = () => true,
): Trigger<ApiObject> => ({ informer, keys, matters }) as unknown as Trigger<ApiObject>

export interface KeyedOptions {
  readonly name: string
  readonly triggers: readonly Trigger<ApiObject>[]
  readonly workers?: number
  /** Makes one key right; the queue is for keys that only time brings back. */
  readonly handle: (key: string, queue: Queue) => Promise<void>
}

/** A controller that works key by key. Resolves once all that exists is queued. */
export async function startKeyed(
  deps: ControllerDeps,
  options: KeyedOptions,
  signal: AbortSignal,
): Promise<Controller> {
  const log = deps.log.child({ controller: options.name })
  const queue: Queue = createQueue(
    { ...deps, log },
    {
      name: options.name,
      handle: key => options.handle(key, queue),
      ...(options.workers === undefined ? {} : { workers: options.workers }),
    },
    signal,
  )
  await deps.informers.sync(signal)
  for (const { informer, keys, matters } of options.triggers) {
    const add = (object: ApiObject): void => {
      for (const key of keys(object)) queue.add(key)
    }
    informer.onChange(({ type, object, old }) => {
      if (type === 'changed' && old && !matters(object, old)) return
      if (old) add(old)
      add(object)
    })
    for (const object of informer.list()) add(object)
  }
  return { done: queue.done }
}

/**
 * Keeps a key from being handled again for a while that grows with its size: many changes of a large object then make few
 * writes, and the first change still acts at once.
 */
export const rest = ({ clock }: ControllerDeps, size: number, signal: AbortSignal): Promise<void> =>
  size < 50 ? Promise.resolve() : clock.sleep(Math.min(50, size / 20), signal).catch(() => {})

export const keyOf = ({ metadata }: ApiObject): string =>
  metadata.namespace ? `${metadata.namespace}/${metadata.name}` : metadata.name

/** The reverse of keyOf, for namespaced objects. */
export function splitKey(key: string): { readonly namespace: string; readonly name: string } {
  const slash = key.indexOf('/')
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) }
}
