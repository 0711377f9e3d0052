import type { Clock } from '../lib/clock.ts'
import { messageOf } from '../lib/errors.ts'
import type { Logger } from '../lib/log.ts'
import { type Backoff, type BackoffLimits, createBackoff } from './backoff.ts'
import type { ProgressCollector } from './progress.ts'

/**
 * Keys to be handled, each at most once at a time: a key added while it is being handled is handled once more afterwards.
 * The queue is bounded by the number of distinct keys.
 */
export interface Queue {
  add(key: string): void
  /** Adds the key later; the earliest of several counts. Does not count as busy. */
  addAfter(key: string, ms: number): void
  readonly length: number
  /** Resolves when the signal has aborted and nothing is being handled any more. */
  readonly done: Promise<void>
}

export interface QueueOptions {
  readonly name: string
  /** A rejection puts the key back with a delay of its own that doubles. */
  readonly handle: (key: string) => Promise<void>
  /** Keys handled at the same time. */
  readonly workers?: number
  readonly backoff?: BackoffLimits
}

export interface QueueDeps {
  readonly clock: Clock
  readonly log: Logger
  readonly progress: ProgressCollector
}

export function createQueue(deps: QueueDeps, options: QueueOptions, signal: AbortSignal): Queue {
  const { clock, log } = deps
  const worker = deps.progress.worker(options.name)
  const waiting = new Set<string>()
  const active = new Set<string>()
  const again = new Set<string>()
  const retries = new Map<string, Backoff>()
  const retrying = new Map<string, () => void>()
  const timers = new Map<string, { dueMs: number; cancel: () => void }>()
  const limit = options.workers ?? 8
  const ended = deferred()
  let planned = false

  const account = (): void => {
    worker.busy(!signal.aborted && waiting.size + active.size + retrying.size > 0)
    if (signal.aborted && active.size === 0) ended.resolve()
  }
  const add = (key: string): void => {
    if (signal.aborted) return
    retrying.get(key)?.()
    retrying.delete(key)
    if (active.has(key)) again.add(key)
    else waiting.add(key)
    plan()
  }
  // Started after the present turn, so that all events of one chunk are seen by the first handling.
  const plan = (): void => {
    account()
    if (planned || waiting.size === 0 || active.size >= limit) return
    planned = true
    setImmediate(() => {
      planned = false
      if (signal.aborted) return account()
      for (const key of waiting) {
        if (active.size >= limit) break
        waiting.delete(key)
        active.add(key)
        void run(key)
      }
      account()
    })
  }
  const run = async (key: string): Promise<void> => {
    try {
      await options.handle(key)
      retries.delete(key)
    } catch (error) {
      if (!signal.aborted) retry(key, error)
    }
    active.delete(key)
    if (again.delete(key)) add(key)
    plan()
  }
  const retry = (key: string, error: unknown): void => {
    const limits = options.backoff ?? { minMs: 5, maxMs: 30_000 }
    const backoff = retries.get(key) ?? createBackoff(limits, clock.monotonic())
    retries.set(key, backoff)
    const level = backoff.failures < 4 ? 'debug' : 'warn'
    log[level]({ queue: options.name, key, error: messageOf(error) }, 'could not be handled; trying again')
    retrying.set(
      key,
      clock.after(backoff.next(), () => add(key)),
    )
  }
  signal.addEventListener('abort', () => {
    for (const cancel of retrying.values()) cancel()
    for (const { cancel } of timers.values()) cancel()
    waiting.clear()
    account()
  })
  return {
    add,
    addAfter(key, ms) {
      const dueMs = clock.monotonic() + ms
      const known = timers.get(key)
      if (signal.aborted || (known && known.dueMs <= dueMs)) return
      known?.cancel()
      const cancel = clock.after(ms, () => {
        timers.delete(key)
        add(key)
      })
      timers.set(key, { dueMs, cancel })
    },
    get length() {
      return waiting.size
    },
    done: ended.promise,
  }
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {}
  const promise = new Promise<void>(settle => {
    resolve = settle
  })
  return { promise, resolve }
}
