import type { Clock } from '../../lib/clock.ts'

/** As upstream: a connection without requests is closed after this long, and a request must have come by then. */
export const IDLE_MS = 90_000
export const RECEIVE_MS = 60_000
const LOOK_EVERY_MS = 15_000
/** More than this, and those that ask nothing make room, the longest idle first. */
export const MAX_CONNECTIONS = 2000

/** A client's connection. */
export interface Connection {
  /** A request begins; the returned function says that it is over. */
  busy(): () => void
  closed(): void
}

export interface Connections {
  opened(close: () => void): Connection
  /** A request is being received; cut is called when that takes too long. The returned function says that it has come. */
  receiving(cut: () => void): () => void
  /** How many are open. */
  readonly size: number
  close(): void
}

interface Entry {
  requests: number
  readonly close: () => void
}

export function createConnections(clock: Clock, max = MAX_CONNECTIONS): Connections {
  const all = new Set<Entry>()
  // Both in the order of their times.
  const idle = new Map<Entry, number>()
  const incoming = new Map<object, { readonly sinceMs: number; readonly cut: () => void }>()
  let cancel: (() => void) | undefined
  const look = (): void => {
    const nowMs = clock.monotonic()
    for (const [entry, sinceMs] of idle) {
      if (nowMs - sinceMs < IDLE_MS) break
      drop(entry)
    }
    for (const [key, { sinceMs, cut }] of incoming) {
      if (nowMs - sinceMs < RECEIVE_MS) break
      incoming.delete(key)
      cut()
    }
    cancel = all.size + incoming.size > 0 ? clock.after(LOOK_EVERY_MS, look) : undefined
  }
  const begin = (): void => {
    cancel ??= clock.after(LOOK_EVERY_MS, look)
  }
  const forget = (entry: Entry): void => {
    all.delete(entry)
    idle.delete(entry)
  }
  const drop = (entry: Entry): void => {
    forget(entry)
    entry.close()
  }
  return {
    opened(close) {
      const entry: Entry = { requests: 0, close }
      all.add(entry)
      if (all.size > max) drop(idle.keys().next().value ?? entry)
      if (all.has(entry)) idle.set(entry, clock.monotonic())
      begin()
      return {
        busy() {
          entry.requests++
          idle.delete(entry)
          return () => {
            if (--entry.requests === 0 && all.has(entry)) idle.set(entry, clock.monotonic())
          }
        },
        closed: () => forget(entry),
      }
    },
    receiving(cut) {
      const key = {}
      incoming.set(key, { sinceMs: clock.monotonic(), cut })
      begin()
      return () => void incoming.delete(key)
    },
    get size() {
      return all.size
    },
    close: () => cancel?.(),
  }
}
