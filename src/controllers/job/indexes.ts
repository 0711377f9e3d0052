/** Completion indexes as status writes them: "0,2-4". */

/** What is no index is left out, and so is what lies beyond the number of completions. */
export function parseIndexes(text: string | undefined, completions = Number.POSITIVE_INFINITY): Set<number> {
  const result = new Set<number>()
  for (const part of (text ?? '').split(',')) {
    const match = /^(\d+)(?:-(\d+))?$/.exec(part)
    if (!match) continue
    const last = Math.min(Number(match[2] ?? match[1]), completions - 1)
    for (let index = Number(match[1]); index <= last; index++) result.add(index)
  }
  return result
}

export function formatIndexes(indexes: ReadonlySet<number>): string {
  const sorted = [...indexes].sort((a, b) => a - b)
  const parts: string[] = []
  for (let i = 0; i < sorted.length; ) {
    let end = i
    while (sorted[end + 1] === sorted[end]! + 1) end++
    const [first, last] = [sorted[i]!, sorted[end]!]
    parts.push(first === last ? `${first}` : last === first + 1 ? `${first},${last}` : `${first}-${last}`)
    i = end + 1
  }
  return parts.join(',')
}

/** firstPendingIndexes: the lowest that nothing works on and that are not done. */
export function pendingIndexes(count: number, completions: number, taken: ReadonlySet<number>): readonly number[] {
  const result: number[] = []
  for (let index = 0; index < completions && result.length < count; index++) if (!taken.has(index)) result.push(index)
  return result
}
