import type { Clock } from '../lib/clock.ts'
import type { Store, StoreEvent } from '../store/mod.ts'
import type { Resource } from './resource/resource.ts'
import { encodeStored, parseBytes } from './stored.ts'

/** How long an Event is kept after it last changed. */
export const EVENT_TTL_MS = 3_600_000
/** Events that end close together go together. */
const SLACK_MS = 30_000

interface Entry {
  readonly key: string
  readonly revision: number
  readonly dueMs: number
}

/** Deletes objects of a type an hour after their last change. Returns the way to stop. */
export function expireObjects(store: Store, clock: Clock, resource: Resource, ttlMs = EVENT_TTL_MS): () => void {
  // In order of their end, since all live equally long. Entries that changed since are passed over.
  const entries: Entry[] = []
  let cancel: (() => void) | undefined
  const schedule = (): void => {
    const first = entries[0]
    if (!cancel && first) cancel = clock.after(Math.max(0, first.dueMs - clock.now()) + SLACK_MS, sweep)
  }
  const sweep = (): void => {
    cancel = undefined
    let due = 0
    while (due < entries.length && entries[due]!.dueMs <= clock.now()) due++
    for (const entry of entries.splice(0, due)) expire(store, resource, entry)
    schedule()
  }
  const add = ({ key, revision }: { readonly key: string; readonly revision: number }): void => {
    entries.push({ key, revision, dueMs: clock.now() + ttlMs })
  }
  // After a restart they live as long again: when each last changed is not worth keeping.
  for (const stored of store.range(resource.prefix).items) add(stored)
  const stop = store.watch(resource.prefix, store.revision, (events: readonly StoreEvent[]) => {
    for (const event of events) if (event.type === 'put') add(event)
    schedule()
  })
  schedule()
  return () => {
    stop()
    cancel?.()
  }
}

function expire(store: Store, resource: Resource, { key, revision }: Entry): void {
  const stored = store.head(key)
  if (stored?.revision !== revision) return
  const encode = (at: number) => encodeStored(resource, parseBytes(stored.value), at)
  // Refused: it was written to meanwhile and has an entry of its own, or the disk is full and it stays.
  store.write({ op: 'delete', key, expect: revision, encode }).catch(() => {})
}
