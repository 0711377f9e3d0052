import type { Clock } from '../lib/clock.ts'
import { messageOf } from '../lib/errors.ts'
import type { Logger } from '../lib/log.ts'
import { type Backoff, type BackoffLimits, createBackoff } from './backoff.ts'
import { isRefusal } from './mod.ts'
import type { ProgressCollector, ProgressWorker } from './progress.ts'

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
  /**
   * A rejection puts the key back with a delay of its own that doubles. It counts as busy until it succeeds, unless the API
   * refused: that lasts until somebody changes something.
   */
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

export const createQueue = (deps: QueueDeps, options: QueueOptions, signal: AbortSignal): Queue =>
  new KeyQueue(deps, options, signal)

class KeyQueue implements Queue {
  readonly done: Promise<void>
  readonly #deps: QueueDeps
  readonly #options: QueueOptions
  readonly #signal: AbortSignal
  readonly #worker: ProgressWorker
  readonly #waiting = new Set<string>()
  readonly #active = new Set<string>()
  /** Added while they were handled. */
  readonly #again = new Set<string>()
  readonly #backoffs = new Map<string, Backoff>()
  /** Failed, and waiting for the next try: how to cancel it. */
  readonly #retrying = new Map<string, { readonly cancel: () => void; readonly isRefused: boolean }>()
  readonly #timers = new Map<string, { readonly dueMs: number; readonly cancel: () => void }>()
  #end = (): void => {}
  #isPlanned = false

  constructor(deps: QueueDeps, options: QueueOptions, signal: AbortSignal) {
    this.#deps = deps
    this.#options = options
    this.#signal = signal
    this.#worker = deps.progress.worker(options.name)
    this.done = new Promise(resolve => {
      this.#end = resolve
    })
    signal.addEventListener('abort', () => this.#stop(), { once: true })
  }

  get length(): number {
    return this.#waiting.size
  }

  add(key: string): void {
    if (this.#signal.aborted) return
    this.#retrying.get(key)?.cancel()
    this.#retrying.delete(key)
    if (this.#active.has(key)) this.#again.add(key)
    else this.#waiting.add(key)
    this.#plan()
  }

  addAfter(key: string, ms: number): void {
    const { clock } = this.#deps
    const dueMs = clock.monotonic() + ms
    const known = this.#timers.get(key)
    if (this.#signal.aborted || (known && known.dueMs <= dueMs)) return
    known?.cancel()
    const cancel = clock.after(ms, () => {
      this.#timers.delete(key)
      this.add(key)
    })
    this.#timers.set(key, { dueMs, cancel })
  }

  #account(): void {
    let left = this.#waiting.size + this.#active.size
    for (const { isRefused } of this.#retrying.values()) if (!isRefused) left++
    this.#worker.busy(!this.#signal.aborted && left > 0)
    if (this.#signal.aborted && this.#active.size === 0) this.#end()
  }

  /** Starts handling after the present turn, so that all events of one chunk are seen by the first handling. */
  #plan(): void {
    this.#account()
    if (this.#isPlanned || this.#waiting.size === 0 || this.#active.size >= this.#limit) return
    this.#isPlanned = true
    setImmediate(() => {
      this.#isPlanned = false
      if (!this.#signal.aborted) this.#startSome()
      this.#account()
    })
  }

  #startSome(): void {
    for (const key of this.#waiting) {
      if (this.#active.size >= this.#limit) break
      this.#waiting.delete(key)
      this.#active.add(key)
      void this.#run(key)
    }
  }

  async #run(key: string): Promise<void> {
    try {
      await this.#options.handle(key)
      this.#backoffs.delete(key)
    } catch (error) {
      if (!this.#signal.aborted) this.#retry(key, error)
    }
    this.#active.delete(key)
    if (this.#again.delete(key)) this.add(key)
    this.#plan()
  }

  #retry(key: string, error: unknown): void {
    const { clock, log } = this.#deps
    const limits = this.#options.backoff ?? { minMs: 5, maxMs: 30_000 }
    const backoff = this.#backoffs.get(key) ?? createBackoff(limits, clock.monotonic())
    this.#backoffs.set(key, backoff)
    const level = backoff.failures < 4 ? 'debug' : 'warn'
    log[level]({ queue: this.#options.name, key, error: messageOf(error) }, 'could not be handled; trying again')
    const cancel = clock.after(backoff.next(), () => this.add(key))
    this.#retrying.set(key, { cancel, isRefused: isRefusal(error) })
  }

  #stop(): void {
    for (const { cancel } of this.#retrying.values()) cancel()
    for (const { cancel } of this.#timers.values()) cancel()
    this.#waiting.clear()
    this.#account()
  }

  get #limit(): number {
    return this.#options.workers ?? 8
  }
}
