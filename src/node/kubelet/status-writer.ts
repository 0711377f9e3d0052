import { Pod } from '../../api/core/pod.ts'
import { createBackoff } from '../../client/backoff.ts'
import type { Client } from '../../client/mod.ts'
import { isConflict, isNotFound } from '../../client/mod.ts'
import type { Clock } from '../../lib/clock.ts'
import { messageOf } from '../../lib/errors.ts'
import type { Logger } from '../../lib/log.ts'
import { statusPatch } from './status.ts'
import type { Tracked } from './tracked.ts'
import { laterOf } from './tracked.ts'

export interface StatusWriter {
  /** Tells the API what is wanted of `one`, the latest state alone. A passing state is told only when it lasts. */
  tell(one: Tracked, how: { readonly isPassing: boolean }): void
  /** Resolves when what was wanted so far is told or given up. */
  flush(podUid: string): Promise<void>
}

export interface StatusWriterDeps {
  readonly client: Client
  readonly clock: Clock
  readonly log: Logger
  readonly busy: (value: boolean) => void
}

/** A state that something is about to change need not be told unless it lasts this long. */
const PASSING_MS = 40

interface Writing {
  readonly done: Promise<void>
}

export function createStatusWriter(deps: StatusWriterDeps, signal: AbortSignal): StatusWriter {
  const writing = new Map<string, Writing>()
  const waiting = new Map<string, () => void>()
  const account = (): void => deps.busy(writing.size + waiting.size > 0)
  const begin = (one: Tracked): void => {
    waiting.get(one.podUid)?.()
    waiting.delete(one.podUid)
    if (!writing.has(one.podUid)) {
      const done = write(deps, one, signal).finally(() => {
        writing.delete(one.podUid)
        account()
      })
      writing.set(one.podUid, { done })
    }
    account()
  }
  return {
    tell(one, { isPassing }) {
      const patch = changeOf(one)
      if (!patch) return
      if (!isPassing) return begin(one)
      if (waiting.has(one.podUid) || writing.has(one.podUid)) return
      waiting.set(
        one.podUid,
        deps.clock.after(PASSING_MS, () => begin(one)),
      )
      account()
    },
    async flush(podUid) {
      await writing.get(podUid)?.done
    },
  }
}

/** What the server made of a status that it was told is not to be argued about. */
function changeOf({ pod, wanted, told }: Tracked): Record<string, unknown> | undefined {
  if (!pod || !wanted) return undefined
  const isTold = told?.resourceVersion === pod.metadata.resourceVersion && !statusPatch(told.status, wanted)
  return isTold ? undefined : statusPatch(pod.status, wanted)
}

/** Until what is wanted is what was told. */
async function write(deps: StatusWriterDeps, one: Tracked, signal: AbortSignal): Promise<void> {
  const backoff = createBackoff({ minMs: 20, maxMs: 5000 }, deps.clock.monotonic())
  for (;;) {
    const { pod, wanted } = one
    const patch = changeOf(one)
    if (signal.aborted || !pod || !wanted || !patch) return
    const { namespace, name, uid } = pod.metadata
    try {
      const body = { metadata: { uid }, status: patch }
      const key = { namespace: namespace!, name }
      const written = await deps.client.patch(Pod, key, { type: 'strategic', body }, 'status')
      if (one.pod?.metadata.uid === uid) one.pod = laterOf(one.pod, written)
      one.told = { status: wanted, resourceVersion: written.metadata.resourceVersion }
    } catch (error) {
      // It is gone, or another pod has its name by now.
      if (isNotFound(error) || isConflict(error)) return
      deps.log.debug({ pod: name, error: messageOf(error) }, "a pod's status could not be written")
      await deps.clock.sleep(backoff.next(), signal).catch(() => {})
    }
  }
}
