/** What a regular expression of a tenant is cut down to: it can be evaluated in bounded time, and looked up by how it begins. */
export interface PathPattern {
  /** For HAProxy: from the path's beginning, case ignored. */
  readonly pattern: string
  /** The letters every path that matches begins with. */
  readonly begin: string
}

const MAX_LENGTH = 200
/** Two that can be as long as the path cost its square at most; paths beyond `MAX_PATH` are not matched at all. */
const MAX_UNBOUNDED = 2
export const MAX_PATH = 2048

/**
 * Undefined where the text is no such expression: no look-around, no back references, nothing repeated that holds a choice or a
 * repetition, at most two repetitions without a bound.
 */
export function readPattern(text: string): PathPattern | undefined {
  if (text.length > MAX_LENGTH || !text.startsWith('/') || !isSafe(text)) return undefined
  const begin = /^[A-Za-z0-9/_~!@&=:,;%-]*/.exec(text)![0]
  const next = text[begin.length]
  const isRepeated = next !== undefined && '?*+{'.includes(next)
  return { pattern: `^${text.replace(/^\^/, '')}`, begin: isRepeated ? begin.slice(0, -1) : begin }
}

/** The same of an expression for any text, which is found anywhere in it: as HAProxy is to have it, from the beginning. */
export function readSearch(text: string): string | undefined {
  if (text.length > MAX_LENGTH || !isSafe(text)) return undefined
  return text.startsWith('^') ? text.slice(1) : `.*${text}`
}

/** Printable, without blanks, bounded, and known to more than one engine. */
const isSafe = (text: string): boolean =>
  /^[\x21-\x7e]+$/.test(text) &&
  !/\\[^dwsDWS.+*?()[\]{}|^$/-]|\(\?(?!:)/.test(text) &&
  isBounded(text) &&
  compiles(text)

function isBounded(text: string): boolean {
  let unbounded = 0
  let depth = 0
  for (const [token] of text.matchAll(/\\.|\[(?:\\.|[^\]\\])*\]|\)(?:[*+]|\{)|[*+]|\{\d*,?\d*\}|[()|]|[^\\]/g)) {
    if (token === '(') depth++
    else if (token === ')') depth--
    // A group that is repeated may be matched in many ways.
    else if (token.startsWith(')')) return false
    else if (token === '|' && depth === 0) return false
    else if (token === '*' || token === '+' || /^\{\d*,\}$/.test(token)) unbounded++
    else if (/^\{/.test(token) && Math.max(...(token.match(/\d+/g) ?? ['0']).map(Number)) > 100) return false
    if (depth < 0) return false
  }
  return unbounded <= MAX_UNBOUNDED
}

function compiles(text: string): boolean {
  try {
    return new RegExp(text) !== undefined
  } catch {
    return false
  }
}
