import type { Clock } from '../lib/clock.ts'
import { messageOf } from '../lib/errors.ts'
import type { Logger } from '../lib/log.ts'
import type { ApiObject } from '../schema/kind.ts'
import { type BackoffLimits, createBackoff } from './backoff.ts'
import type { Informer } from './mod.ts'
import type { ProgressCollector } from './progress.ts'

/** What a level-triggered loop listens to: an informer, or anything else that can say "look again". */
export interface LoopSource {
  onChange(handler: () => void): () => void
}

export interface LoopOptions {
  readonly name: string
  /** Any change of any of these asks for a step. */
  readonly informers: readonly (LoopSource | Informer<ApiObject>)[]
  /** Looks at the whole state and makes it so. Changes that arrive meanwhile make one next step. */
  readonly step: (signal: AbortSignal) => Promise<void> | void
  readonly backoff?: BackoffLimits
  /** Steps also when nothing changed for so long: repairs what others broke. Off unless given. */
  readonly resyncMs?: number
}

export interface LoopDeps {
  readonly clock: Clock
  readonly log: Logger
  readonly progress: ProgressCollector
}

export interface Loop {
  /** Asks for a step. */
  trigger(): void
  /** Resolves when the signal has aborted and no step runs any more. */
  readonly done: Promise<void>
}

/**
 * One step at once, then one after every batch of changes; a step that rejects is tried again with growing delays, or at
 * the next change. Start it when the informers are synced.
 */
export function runLoop(deps: LoopDeps, options: LoopOptions, signal: AbortSignal): Loop {
  const worker = deps.progress.worker(options.name)
  const backoff = createBackoff(options.backoff ?? { minMs: 50, maxMs: 30_000 }, deps.clock.monotonic())
  let wanted = false
  let wake = (): void => {}
  const trigger = (): void => {
    if (signal.aborted) return
    wanted = true
    worker.busy(true)
    wake()
  }
  const stops = options.informers.map(source => source.onChange(trigger))
  signal.addEventListener('abort', () => wake(), { once: true })

  /** Until a change, or the delay if one is given. */
  const rest = (delayMs: number | undefined): Promise<void> =>
    new Promise(resolve => {
      const cancel = delayMs === undefined ? undefined : deps.clock.after(delayMs, () => wake())
      wake = () => {
        wake = () => {}
        cancel?.()
        resolve()
      }
      if (wanted || signal.aborted) wake()
    })
  const run = async (): Promise<void> => {
    trigger()
    while (!signal.aborted) {
      // The whole of what this turn brings makes one step.
      await new Promise(resolve => setImmediate(resolve))
      wanted = false
      let delayMs = options.resyncMs
      try {
        await options.step(signal)
        backoff.reset()
        worker.busy(wanted)
      } catch (error) {
        if (signal.aborted) break
        const level = backoff.failures === 0 || backoff.failures >= 4 ? 'warn' : 'debug'
        deps.log[level]({ loop: options.name, error: messageOf(error) }, 'the step failed; trying again')
        delayMs = backoff.next()
      }
      await rest(delayMs)
      worker.busy(!signal.aborted)
    }
    worker.busy(false)
    for (const stop of stops) stop()
  }
  return { trigger, done: run() }
}

/** Tells of changes of these parts of objects alone: anything that JSON can hold. */
export const changesOf = <T extends ApiObject>(informer: Informer<T>, parts: (object: T) => unknown): LoopSource => ({
  onChange: handler =>
    informer.onChange(({ type, object, old }) => {
      if (type !== 'changed' || !old || JSON.stringify(parts(old)) !== JSON.stringify(parts(object))) handler()
    }),
})
