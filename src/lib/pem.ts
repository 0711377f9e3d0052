/**
 * The blocks of one sort in a text, each with its two lines of dashes (RFC 7468). In time that is linear in the length of the text: others
 * write it.
 */
export function pemBlocks(text: string, label: string): readonly string[] {
  const [begin, end] = [`-----BEGIN ${label}-----`, `-----END ${label}-----`]
  const blocks: string[] = []
  for (let from = text.indexOf(begin); from >= 0; from = text.indexOf(begin, from)) {
    const until = text.indexOf(end, from + begin.length)
    if (until < 0) break
    blocks.push(text.slice(from, until + end.length))
    from = until + end.length
  }
  return blocks
}

/** The label of the first block that begins in a text. */
export const firstPemLabel = (text: string): string | undefined => /-----BEGIN ([A-Z0-9 ]+)-----/.exec(text)?.[1]
