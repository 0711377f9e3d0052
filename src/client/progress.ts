import type { Progress } from './mod.ts'

/** Collects how far the caches and loops of one process are. */
export interface ProgressCollector {
  /** A cache that follows the API; until it has reported, nothing counts as observed. */
  source(name: string): ProgressSource
  /** Something that acts on changes. A name may be given twice: each counts. */
  worker(name: string): ProgressWorker
  progress(): Progress
}

export interface ProgressSource {
  observe(resourceVersion: string): void
  /** There is nothing to observe: it holds nobody up until it observes again. */
  idle(): void
  remove(): void
}

export interface ProgressWorker {
  /** Must be set in the same turn in which a change is observed, else the process looks done too early. */
  busy(value: boolean): void
}

const IDLE = Number.MAX_SAFE_INTEGER

export function createProgress(): ProgressCollector {
  const sources = new Map<object, number>()
  const workers = new Map<object, string>()
  return {
    source() {
      const id = {}
      sources.set(id, 0)
      return {
        observe(resourceVersion) {
          const seen = Number(resourceVersion)
          const before = sources.get(id)
          if (before !== undefined && (seen > before || before === IDLE)) sources.set(id, seen)
        },
        idle: () => void (sources.has(id) && sources.set(id, IDLE)),
        remove: () => void sources.delete(id),
      }
    },
    worker(name) {
      const id = {}
      return { busy: value => void (value ? workers.set(id, name) : workers.delete(id)) }
    },
    progress() {
      let observed = IDLE
      for (const seen of sources.values()) if (seen < observed) observed = seen
      return { observed, busy: [...new Set(workers.values())].sort() }
    },
  }
}

/** The progress of several parts as one. */
export function joinProgress(parts: readonly Progress[]): Progress {
  return {
    observed: Math.min(Number.MAX_SAFE_INTEGER, ...parts.map(part => part.observed)),
    busy: [...new Set(parts.flatMap(part => part.busy))].sort(),
  }
}
