/**
 * What two servers cannot share becomes a word: identities, times, ages, revisions, letters drawn at random or hashed from Go's
 * printed structs, addresses and node ports the server drew, where it listens. Addresses and ports that a case asks for stand in the
 * bands from which servers do not draw first (10.96.0.x, 30000-30085) and stay as they are.
 */
export function normalize(text: string): string {
  let out = tables(text)
  for (const [pattern, word] of WORDS) out = out.replace(pattern, word)
  return out
}

/** Letters of names that are drawn or hashed; no vowels. Source: apimachinery's util/rand. */
const LETTER = '[bcdfghjklmnpqrstvwxz2456789]'

const WORDS: readonly (readonly [RegExp, string])[] = [
  [/\/tmp\/(LIVE|MERGED)-\d+/g, '<folder>'],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, '<uid>'],
  [/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)/g, '<time>'],
  [/\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? [+-]\d{4}( UTC)?/g, '<time>'],
  [/\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}/g, '<time>'],
  [/(resourceVersion\\*"?: ?\\*"?|Resource Version: +)\d+/g, '$1<revision>'],
  [/(resource version: )\d+ \(\d+\)/g, '$1<revision>'],
  [new RegExp(`-${LETTER}{8,10}-${LETTER}{5}\\b`, 'g'), '-<hash>-<drawn>'],
  [new RegExp(`-${LETTER}{8,10}\\b`, 'g'), '-<hash>'],
  [new RegExp(`((?:pod-template|controller-revision)-hash["=:]+ ?"?(?:[a-z]+-)?)${LETTER}{8,10}\\b`, 'g'), '$1<hash>'],
  [new RegExp(`((?:^|[ /:"'])[a-z][a-z0-9-]*-)${LETTER}{5}(?=$|[ "',:])`, 'gm'), '$1<drawn>'],
  [/\b10\.(96\.(?!0\.)\d+|(9[7-9]|10\d|11[01])\.\d+)\.\d+\b/g, '<service address>'],
  [/\b(300(8[6-9]|9\d)|30[1-9]\d\d|31\d{3}|32[0-7]\d\d)\b/g, '<node port>'],
  [/https:\/\/(127\.0\.0\.1|localhost):\d+/g, '<server>'],
  [/127\.0\.0\.1:\d+/g, '<server>'],
  [/\/tmp\/kubectl-edit-\d+/g, '<file>'],
  [/^((\s+)(Normal|Warning)(\s+)\S+\s+)(\S+)( \(x\d+ over \S+\))?(\s+)/gm, '$1<age>   '],
  [/^(Age|Duration|Start Time|Renew Time|Acquire Time):(\s+).+$/gm, '$1:$2<age>'],
]

const AGES = /^(AGE|DURATION|LAST SEEN|FIRST SEEN|LAST SCHEDULE)$/

/** Ages in tables, whose columns then are of one width, whatever the ages. */
function tables(text: string): string {
  const out: string[] = []
  let ages: readonly (readonly [number, number])[] = []
  let inside = false
  for (const line of text.split('\n')) {
    const columns = header(line)
    if (columns) ages = columns.filter(({ name }) => AGES.test(name)).map(({ from, to }) => [from, to] as const)
    inside = columns !== undefined || (inside && line !== '')
    out.push(inside ? squeeze(columns ? line : cut(line, ages)) : line)
  }
  return out.join('\n')
}

const squeeze = (line: string): string => line.replace(/ {2,}/g, '   ').trimEnd()

interface Column {
  readonly name: string
  readonly from: number
  readonly to: number
}

/** Columns of a line of capitals such as "NAME   READY   LAST SEEN". */
function header(line: string): readonly Column[] | undefined {
  if (!/^[A-Z][A-Z()/ -]*( {3,}[A-Z][A-Z()/ -]*)+ *$/.test(line)) return undefined
  const found = [...line.matchAll(/[A-Z()/-]+( [A-Z()/-]+)*/g)]
  return found.map((match, at) => ({
    name: match[0],
    from: match.index,
    to: found[at + 1]?.index ?? Number.MAX_SAFE_INTEGER,
  }))
}

function cut(line: string, ages: readonly (readonly [number, number])[]): string {
  let out = line
  for (const [from, to] of [...ages].reverse()) {
    const cell = out.slice(from, to).trim()
    if (cell !== '' && cell !== '<none>' && cell !== '<unknown>') out = `${out.slice(0, from)}<age>   ${out.slice(to)}`
  }
  return out
}
