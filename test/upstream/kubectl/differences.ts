/**
 * Where our server differs on purpose, or not yet by purpose. Each heading is a row of docs/divergences.md; under it stand pairs of
 * what a real server says and what ours says instead:
 *
 *     ## heading
 *     < text, possibly of several lines
 *     > text, or nothing
 *
 * "<~" is a regular expression, whose groups the text after ">" may name.
 */
export interface Difference {
  readonly heading: string
  readonly upstream: RegExp
  readonly ours: string
}

export function parseDifferences(text: string): readonly Difference[] {
  const found: Difference[] = []
  let heading = ''
  const blocks = text.split('\n\n').map(block => block.split('\n').filter(line => line !== ''))
  for (const lines of blocks) {
    const rest = lines.filter(line => !line.startsWith('## '))
    heading = lines.find(line => line.startsWith('## '))?.slice(3) ?? heading
    if (rest.length > 0) found.push({ heading, ...pair(rest) })
  }
  return found
}

function pair(lines: readonly string[]): { readonly upstream: RegExp; readonly ours: string } {
  const of = (mark: string): readonly string[] =>
    lines.filter(line => line.startsWith(mark)).map(line => line.slice(mark.length).replace(/^ /, ''))
  const ours = of('>').join('\n')
  const pattern = of('<~')
  if (pattern.length > 0) return { upstream: new RegExp(pattern.join('\n'), 'gm'), ours }
  const plain = of('<')
    .join('\n')
    .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return { upstream: new RegExp(plain, 'g'), ours: ours.replaceAll('$', '$$$$') }
}

/** What is expected of our server, given what a real one says; differences that took part are added to `used`. */
export function expectedOf(golden: string, differences: readonly Difference[], used: Set<Difference>): string {
  let text = golden
  for (const difference of differences) {
    const changed = text.replace(difference.upstream, difference.ours)
    if (changed !== text) used.add(difference)
    text = changed
  }
  return text
}
