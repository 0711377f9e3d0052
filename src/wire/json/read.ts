import { Buffer, isUtf8 } from 'node:buffer'
import { JsonError, scanJson } from './scan.ts'
import type { JsonValue } from './value.ts'

export interface ReadJson {
  readonly value: JsonValue
  /** Paths of keys that an object has twice, as in spec.ports[0].name; the last one counted. At most 100. */
  readonly duplicates: readonly string[]
}

/** Deeper than any real manifest, and shallow enough for every recursive function downstream. */
export const MAX_JSON_DEPTH = 256

/**
 * Reads one JSON value. Throws JsonError, in the words of Go's encoding/json where it has words: bad syntax, invalid
 * UTF-8, nesting beyond maxDepth, numbers beyond a double, integers beyond 2^53 (they would change silently) and the
 * key `__proto__`. JSON.parse does the work; the slow scanner runs only when a cheap look says that it might object.
 */
export function readJson(bytes: Uint8Array, maxDepth = MAX_JSON_DEPTH): ReadJson {
  if (!isUtf8(bytes)) throw new JsonError('invalid UTF-8 in JSON input')
  return readJsonText(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'), maxDepth)
}

export function readJsonText(text: string, maxDepth = MAX_JSON_DEPTH): ReadJson {
  const look = glance(text)
  if (look.depth > maxDepth) {
    scanJson(text, maxDepth)
    throw new JsonError('exceeded max depth')
  }
  const value = parse(text, maxDepth)
  if (!look.bigNumber && countKeys(value) === look.colons) return { value, duplicates: [] }
  const scan = scanJson(text, maxDepth)
  const unsafe = scan.unsafeIntegers[0]
  if (unsafe !== undefined)
    throw new JsonError(`field ${JSON.stringify(unsafe)}: integers beyond 2^53 are not supported`)
  return { value, duplicates: scan.duplicates }
}

function parse(text: string, maxDepth: number): JsonValue {
  try {
    return JSON.parse(text) as JsonValue
  } catch (error) {
    scanJson(text, maxDepth)
    throw error instanceof SyntaxError ? new JsonError(error.message) : error
  }
}

interface Glance {
  readonly depth: number
  /** Colons outside strings: as many as members, duplicates included. */
  readonly colons: number
  /** A number so long, or with such an exponent, that a double may not hold it. */
  readonly bigNumber: boolean
}

const QUOTE = 34
const BACKSLASH = 92

/** One pass that understands strings and nothing else. Right for valid JSON; for other text JSON.parse objects later. */
function glance(text: string): Glance {
  let depth = 0
  let deepest = 0
  let colons = 0
  let digits = 0
  let bigNumber = false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      at = endOfString(text, at)
      continue
    }
    if (code >= 48 && code <= 57) {
      if (++digits > 15) bigNumber = true
      continue
    }
    if (digits > 0 && (code === 101 || code === 69)) bigNumber = true
    digits = 0
    if (code === 58) colons++
    else if (code === 123 || code === 91) {
      if (++depth > deepest) deepest = depth
    } else if (code === 125 || code === 93) depth--
  }
  return { depth: deepest, colons, bigNumber }
}

/** The index of the closing quote (or beyond the end). */
function endOfString(text: string, start: number): number {
  let at = start
  for (;;) {
    at = text.indexOf('"', at + 1)
    if (at < 0) return text.length
    let slashes = 0
    while (text.charCodeAt(at - 1 - slashes) === BACKSLASH) slashes++
    if (slashes % 2 === 0) return at
  }
}

/** All members of all objects; -1 when one is called __proto__, which then disagrees with any count of colons. */
function countKeys(root: JsonValue): number {
  let count = 0
  const pending: JsonValue[] = [root]
  while (pending.length > 0) {
    const value = pending.pop()
    if (typeof value !== 'object' || value === null) continue
    if (Array.isArray(value)) {
      for (const item of value) if (typeof item === 'object' && item !== null) pending.push(item)
      continue
    }
    for (const key in value) {
      if (key === '__proto__') return -1
      count++
      const member = (value as Record<string, JsonValue>)[key]
      if (typeof member === 'object' && member !== null) pending.push(member)
    }
  }
  return count
}
