import type { Version } from './versions.ts'

/** The kept past: the newest versions in order of revision, bounded in number and bytes. */
export interface History {
  push(version: Version): void
  /** Takes the oldest away while the past is too large, or not after the given revision. */
  trim(upTo?: number): Generator<Version>
  after(revision: number): readonly Version[]
}

export function createHistory(maxEvents: number, maxBytes: number): History {
  let entries: Version[] = []
  let start = 0
  let bytes = 0
  const dropFront = (): Version => {
    const version = entries[start++]!
    bytes -= version.value?.length ?? 0
    if (start > 1024 && start * 2 > entries.length) {
      entries = entries.slice(start)
      start = 0
    }
    return version
  }
  return {
    push(version) {
      entries.push(version)
      bytes += version.value?.length ?? 0
    },
    *trim(upTo = -1) {
      while (
        start < entries.length &&
        (entries.length - start > maxEvents || bytes > maxBytes || entries[start]!.revision <= upTo)
      )
        yield dropFront()
    },
    after(revision) {
      let low = start
      let high = entries.length
      while (low < high) {
        const middle = (low + high) >> 1
        if (entries[middle]!.revision <= revision) low = middle + 1
        else high = middle
      }
      return entries.slice(low)
    },
  }
}
