/** The part of nft's language that programs write: enough for a fake that refuses what the kernel refuses. */

export type Statement =
  | {
      readonly verb: 'add' | 'create' | 'delete' | 'destroy' | 'flush'
      readonly words: readonly string[]
      readonly body?: string
    }
  | { readonly verb: 'syntax error'; readonly words: readonly string[] }

const VERBS = new Set(['add', 'create', 'delete', 'destroy', 'flush'])
const OBJECTS = new Set(['table', 'chain', 'rule', 'map', 'set', 'element', 'counter', 'ruleset', 'flowtable'])

/** Splits at newlines and semicolons outside braces and quotes; drops comments. */
export function split(text: string, separators = '\n;'): string[] {
  const parts: string[] = []
  let depth = 0
  let quoted = false
  let start = 0
  let kept = ''
  const cut = (end: number): void => {
    const part = (kept + text.slice(start, end)).trim()
    if (part !== '') parts.push(part)
    kept = ''
  }
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!
    if (c === '"') quoted = !quoted
    else if (quoted) continue
    else if (c === '{') depth++
    else if (c === '}') depth--
    else if (c === '#') {
      kept += text.slice(start, i)
      while (i < text.length && text[i] !== '\n') i++
      start = i--
    } else if (depth === 0 && separators.includes(c)) {
      cut(i)
      start = i + 1
    }
  }
  cut(text.length)
  return parts
}

/** The statements of a transaction. A rule's words keep their text; a body is what stands between the outer braces. */
export const parse = (text: string): Statement[] => split(text).map(parseOne)

function parseOne(line: string): Statement {
  const first = line.split(/\s+/, 1)[0]!
  const rest = VERBS.has(first) ? line.slice(first.length).trim() : line
  const verb = VERBS.has(first) ? (first as 'add') : 'add'
  const object = rest.split(/\s+/, 1)[0]!
  if (!OBJECTS.has(object)) return { verb: 'syntax error', words: [line] }
  if (object === 'rule') return { verb, words: rest.split(/\s+/) }
  const brace = rest.indexOf('{')
  if (brace < 0) return { verb, words: rest.split(/\s+/) }
  if (!rest.endsWith('}')) return { verb: 'syntax error', words: [line] }
  return { verb, words: rest.slice(0, brace).trim().split(/\s+/), body: rest.slice(brace + 1, -1) }
}

/** One element, as `nft -j` prints it: a key, or a key and a value. */
export function element(text: string): { readonly key: unknown; readonly value?: unknown } {
  const at = text.indexOf(' : ')
  if (at < 0) return { key: datum(text) }
  return { key: datum(text.slice(0, at)), value: verdict(text.slice(at + 3).trim()) ?? datum(text.slice(at + 3)) }
}

function verdict(text: string): unknown {
  const [name, target] = text.split(/\s+/)
  if (name === 'goto' || name === 'jump') return { [name]: { target } }
  return ['accept', 'drop', 'return', 'continue'].includes(text) ? { [text]: null } : undefined
}

function datum(text: string): unknown {
  const parts = text.split(' . ').map(part => atom(part.trim()))
  return parts.length === 1 ? parts[0] : { concat: parts }
}

function atom(text: string): unknown {
  if (/^\d+$/.test(text)) return Number(text)
  if (/^0x[0-9a-f]+$/.test(text)) return Number.parseInt(text, 16)
  const prefix = /^([0-9a-f.:]+)\/(\d+)$/.exec(text)
  if (prefix) return { prefix: { addr: prefix[1], len: Number(prefix[2]) } }
  const range = /^([0-9a-f.:]+)-([0-9a-f.:]+)$/.exec(text)
  if (range) return { range: [rangeEnd(range[1]!), rangeEnd(range[2]!)] }
  return text.replace(/^"(.*)"$/, '$1')
}

const rangeEnd = (text: string): unknown => (/^\d+$/.test(text) ? Number(text) : text)
