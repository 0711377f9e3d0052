import { systemClock } from '../host/clock/real.ts'
import type { Clock } from '../lib/clock.ts'
import { silent } from '../lib/log.ts'
import { type FakeApi, fakeApi } from './fake.ts'
import { createInformers, type LiveInformers } from './informers.ts'
import { createProgress, type ProgressCollector } from './progress.ts'
import type { ReflectorOptions } from './reflector.ts'

/** A fake API and what a role gets beside it, for tests. Closing it stops everything that runs. */
export interface TestBench {
  readonly api: FakeApi
  readonly informers: LiveInformers
  readonly progress: ProgressCollector
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly log: typeof silent
  close(): void
}

export function testBench(
  options: Partial<ReflectorOptions> = {},
  api: FakeApi = fakeApi(),
  clock: Clock = systemClock,
): TestBench {
  const stop = new AbortController()
  const progress = createProgress()
  const deps = { client: api.client, clock, log: silent, progress }
  const quick = { backoff: { minMs: 1, maxMs: 5 }, ...options }
  const informers = createInformers(deps, stop.signal, quick)
  return {
    api,
    informers,
    progress,
    clock,
    signal: stop.signal,
    log: silent,
    close: () => stop.abort(new Error('the test has ended')),
  }
}

/** For busy machines: what happens at all happens sooner. */
const PATIENCE_MS = 30_000

/** Waits until the condition holds, looking once a turn; rejects after 30 s with what was last seen. */
export async function eventually(condition: () => boolean, seen: () => unknown = () => ''): Promise<void> {
  const endMs = systemClock.monotonic() + PATIENCE_MS
  while (!condition()) {
    if (systemClock.monotonic() > endMs) throw new Error(`it never came true: ${condition} ${JSON.stringify(seen())}`)
    await new Promise(resolve => setImmediate(resolve))
  }
}

/** Waits until every cache has seen all that was written and no loop has anything left to do. */
export async function settled({ api, progress }: TestBench): Promise<void> {
  for (;;) {
    const { revision } = api
    const isThere = (): boolean => {
      // Again each time: a watch that was broken has missed the last one.
      api.bookmark()
      const { observed, busy } = progress.progress()
      return observed >= revision && busy.length === 0
    }
    await eventually(isThere, () => progress.progress())
    if (api.revision === revision) return
  }
}
