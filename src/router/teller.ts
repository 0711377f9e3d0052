import type { ApiObject } from '../api/meta/meta.ts'
import type { EventRecorder } from '../client/events.ts'
import type { Client } from '../client/mod.ts'
import type { ProgressCollector } from '../client/progress.ts'
import { createQueue, type Queue } from '../client/queue.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/log.ts'

export interface StatusDeps {
  readonly client: Client
  readonly clock: Clock
  readonly log: Logger
  readonly progress: ProgressCollector
  readonly events: EventRecorder
}

/** Writes what became of objects into their status, each at most once a change, a few at a time. */
export interface Teller<V> {
  /** HAProxy has acknowledged all of this. */
  tell(verdicts: ReadonlyMap<string, V>): void
  /** HAProxy serves these no more, and others may: what we said goes. */
  withdraw(keys: Iterable<string>): void
  readonly done: Promise<void>
}

/** `write` gets undefined for what is withdrawn, and may answer with how long to wait before it is called again, in ms. */
export function createTeller<V>(
  deps: StatusDeps,
  name: string,
  write: (key: string, verdict: V | undefined) => Promise<number | undefined>,
  signal: AbortSignal,
): Teller<V> {
  const wanted = new Map<string, V | undefined>()
  const handle = async (key: string): Promise<void> => {
    if (!wanted.has(key)) return
    const verdict = wanted.get(key)
    const waitMs = await write(key, verdict)
    if (waitMs !== undefined) queue.addAfter(key, waitMs)
    else if (wanted.get(key) === verdict) wanted.delete(key)
  }
  const queue: Queue = createQueue(deps, { name, handle, workers: 8 }, signal)
  const put = (key: string, verdict: V | undefined): void => {
    wanted.set(key, verdict)
    queue.add(key)
  }
  return {
    tell(verdicts) {
      for (const [key, verdict] of verdicts) put(key, verdict)
    },
    withdraw(keys) {
      for (const key of keys) put(key, undefined)
    },
    done: queue.done,
  }
}

/** Warning events that are raised once, and again when there is something else to say. */
export interface Warner {
  warn(key: string, object: ApiObject, texts: readonly string[]): void
  forget(key: string): void
}

export function createWarner({ events }: Pick<StatusDeps, 'events'>, reason: string): Warner {
  const said = new Map<string, string>()
  return {
    warn(key, object, texts) {
      const text = texts.join('; ')
      if (text === (said.get(key) ?? '')) return
      if (text === '') said.delete(key)
      else {
        said.set(key, text)
        events.record(object, 'Warning', reason, text.slice(0, 1000))
      }
    },
    forget: key => void said.delete(key),
  }
}
