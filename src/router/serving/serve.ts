import { type Haproxy, HaproxyGone, HaproxyRefused } from '../../host/haproxy/mod.ts'
import type { Clock } from '../../lib/clock.ts'
import { messageOf } from '../../lib/errors.ts'
import type { Logger } from '../../lib/log.ts'
import { type Command, setHealthChecks } from '../../wire/haproxy/command.ts'
import type { Differences, Layout } from '../layout/types.ts'
import { changesBetween, type Step } from '../render/changes.ts'
import { renderProgram } from '../render/program.ts'
import { createApplier, Unexpected } from './apply.ts'

/** Makes HAProxy have a layout, by commands where they do and a reload where they do not. */
export interface Serving {
  /**
   * Resolves when HAProxy has acknowledged all of it. `differences`: what differs from the layout committed before. Rejects with
   * HaproxyRefused when a new process does not take the program (the old one goes on), or HaproxyGone.
   */
  commit(layout: Layout, differences: Differences): Promise<void>
  /** Deletes what was removed and has had its last request; resolves to how much waits still. */
  sweep(): Promise<number>
  /** How long until a reload may be; 0 where one is needed in any case. */
  reloadWaitMs(): number
  /** Nothing is known of what runs: the next commit loads everything. */
  forget(): void
  readonly counts: ServingCounts
  /** Whether HAProxy serves what was committed last. */
  readonly isServing: boolean
  /** The same, but waits so long for it to come true. */
  awaitServing(clock: Clock, ms: number): Promise<boolean>
}

export interface ServingCounts {
  readonly loads: number
  /** What they took together. */
  readonly loadMs: number
  /** Of it, to render programs and write their files. */
  readonly writeMs: number
  readonly refusals: number
  readonly changes: number
  /** The last program was refused: what is served is older. */
  readonly isRefused: boolean
}

/** `reloadMs`: the shortest time between two reloads. */
export function createServing(haproxy: Haproxy, log: Logger, clock: Pick<Clock, 'monotonic'>, reloadMs = 0): Serving {
  const applier = createApplier(haproxy, clock)
  const counts = { loads: 0, loadMs: 0, writeMs: 0, refusals: 0, changes: 0, isRefused: false }
  const waiting = new Set<() => void>()
  let committed: Layout | undefined
  let isServing = false
  let loadedMs = Number.NEGATIVE_INFINITY

  const load = async (layout: Layout, why: string): Promise<void> => {
    committed = undefined
    const startMs = clock.monotonic()
    const program = renderProgram(layout)
    counts.writeMs += clock.monotonic() - startMs
    try {
      const { pid, version, writeMs = 0 } = await haproxy.load(program)
      counts.writeMs += writeMs
      log.info({ pid, version, why, hosts: layout.parts.size }, 'HAProxy serves')
    } catch (error) {
      if (error instanceof HaproxyRefused) {
        counts.refusals++
        counts.isRefused = true
      }
      throw error
    }
    counts.loads++
    loadedMs = clock.monotonic()
    counts.loadMs += clock.monotonic() - startMs
    counts.isRefused = false
    applier.forget()
    await applier.apply(unwantedChecks(layout), layout.listeners)
    committed = layout
    isServing = true
    for (const wake of waiting) wake()
  }
  const change = async (from: Layout, to: Layout, differences: Differences): Promise<void> => {
    const next = changesBetween(from, to, differences)
    if (next.is === 'reload') return load(to, next.why)
    committed = undefined
    try {
      await applier.apply(next.steps, to.listeners)
      counts.changes++
      committed = to
    } catch (error) {
      if (!(error instanceof Unexpected)) throw error
      log.warn({ error: messageOf(error) }, 'HAProxy did not take a change: loading everything anew')
      await load(to, 'a change was not taken')
    }
  }
  return {
    counts,
    get isServing() {
      return isServing
    },
    commit: (layout, differences) =>
      committed ? change(committed, layout, differences) : load(layout, 'nothing is known of what runs'),
    reloadWaitMs: () => (committed ? Math.max(0, loadedMs + reloadMs - clock.monotonic()) : 0),
    awaitServing(clock, ms) {
      if (isServing) return Promise.resolve(true)
      return new Promise(resolve => {
        const wake = (): void => {
          cancel()
          waiting.delete(wake)
          resolve(isServing)
        }
        const cancel = clock.after(ms, wake)
        waiting.add(wake)
      })
    },
    async sweep() {
      try {
        return committed ? await applier.sweep(committed) : 0
      } catch (error) {
        if (!(error instanceof HaproxyGone)) throw error
        return 0
      }
    },
    forget() {
      committed = undefined
      isServing = false
      applier.forget()
    },
  }
}

/** A server from the file is checked from the start; one that is alone should not be. */
function unwantedChecks(layout: Layout): readonly Step[] {
  const commands: Command[] = []
  for (const [backend, { servers }] of layout.backends)
    for (const [server, { checked }] of servers) if (!checked) commands.push(setHealthChecks(backend, server, false))
  return [{ do: 'run', commands }]
}
