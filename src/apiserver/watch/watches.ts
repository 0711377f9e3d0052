import type { Clock } from '../../lib/clock.ts'
import type { Budget } from '../http/budget.ts'
import { createBudget } from '../http/budget.ts'

/** An open watch, as the rest of the server knows it. */
export interface OpenWatch {
  /** The keys of the type it watches begin with this. */
  readonly prefix: string
  /** Tells the client how far it has come, if it wants to know. */
  bookmark(): void
  /** Ends it as a server does that shuts down: the client resumes elsewhere or later. */
  end(): void
}

export interface Watches {
  add(watch: OpenWatch): () => void
  /** To every open watch, at once. */
  bookmarkAll(): void
  /** Ends the watches of a type that is no more. */
  endOf(prefix: string): void
  readonly size: number
  /** What all watches together are behind. */
  readonly behind: Budget
  close(): void
}

/** How often an idle watch hears a bookmark. */
export const BOOKMARK_EVERY_MS = 60_000

/** One watch that is behind may keep 16 MiB, all of them this; the one that has been for longest is cut off. */
const MAX_BEHIND_BYTES = 256 << 20

export function createWatches(clock: Clock): Watches {
  const open = new Set<OpenWatch>()
  let cancel: (() => void) | undefined
  const bookmarkAll = (): void => {
    for (const watch of [...open]) watch.bookmark()
  }
  const beat = (): void => {
    bookmarkAll()
    cancel = open.size > 0 ? clock.after(BOOKMARK_EVERY_MS, beat) : undefined
  }
  return {
    behind: createBudget(MAX_BEHIND_BYTES),
    add(watch) {
      open.add(watch)
      cancel ??= clock.after(BOOKMARK_EVERY_MS, beat)
      return () => open.delete(watch)
    },
    bookmarkAll,
    endOf(prefix) {
      for (const watch of [...open]) if (watch.prefix === prefix) watch.end()
    },
    get size() {
      return open.size
    },
    close() {
      cancel?.()
      for (const watch of [...open]) watch.end()
    },
  }
}
