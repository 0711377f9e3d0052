const CHUNK = 512

/** A sorted set of strings with cheap insertion, removal and ranges. */
export interface SortedKeys {
  readonly size: number
  add(key: string): void
  delete(key: string): void
  /** The keys after `after` (or from the prefix on) that start with the prefix, in order. */
  from(prefix: string, after?: string): Generator<string>
}

export function sortedKeys(sorted: readonly string[] = []): SortedKeys {
  const chunks: string[][] = []
  for (let start = 0; start < sorted.length; start += CHUNK) chunks.push(sorted.slice(start, start + CHUNK))
  let size = sorted.length
  return {
    get size() {
      return size
    },
    add(key) {
      const index = Math.max(0, chunkOf(chunks, key))
      if (chunks.length === 0) chunks.push([])
      const chunk = chunks[index]!
      const at = lowerBound(chunk, key)
      if (chunk[at] === key) return
      chunk.splice(at, 0, key)
      size++
      if (chunk.length > 2 * CHUNK) chunks.splice(index + 1, 0, chunk.splice(CHUNK))
    },
    delete(key) {
      const index = chunkOf(chunks, key)
      const chunk = chunks[index]
      const at = chunk ? lowerBound(chunk, key) : 0
      if (chunk?.[at] !== key) return
      chunk.splice(at, 1)
      size--
      if (chunk.length === 0) chunks.splice(index, 1)
    },
    *from(prefix, after) {
      const start = after !== undefined && after > prefix ? after : prefix
      let index = Math.max(0, chunkOf(chunks, start))
      let at = lowerBound(chunks[index] ?? [], start)
      for (; index < chunks.length; index++, at = 0) {
        const chunk = chunks[index]!
        for (; at < chunk.length; at++) {
          const key = chunk[at]!
          if (key === after) continue
          if (!key.startsWith(prefix)) return
          yield key
        }
      }
    },
  }
}

/** The last chunk whose first key is not after the given one; -1 when there is none. */
function chunkOf(chunks: readonly (readonly string[])[], key: string): number {
  let low = 0
  let high = chunks.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (chunks[middle]![0]! <= key) low = middle + 1
    else high = middle
  }
  return low - 1
}

function lowerBound(chunk: readonly string[], key: string): number {
  let low = 0
  let high = chunk.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (chunk[middle]! < key) low = middle + 1
    else high = middle
  }
  return low
}
