/** Patterns of users, in the language of RE2 and in time that grows with the text alone, whatever the pattern. */
import { RE2JS } from 're2js'

export interface Pattern {
  test(text: string): boolean
  /** What matches first; undefined where nothing does. */
  find(text: string): string | undefined
  /** What matches, one after the other, `limit` at most. */
  findAll(text: string, limit: number): readonly string[]
}

const compiled = new Map<string, Pattern | string>()
const MAX_COMPILED = 10_000

/** The reason, as Go words it, where the pattern is no regular expression. */
export function patternOf(pattern: string): Pattern | string {
  let known = compiled.get(pattern)
  if (known !== undefined) return known
  if (compiled.size >= MAX_COMPILED) compiled.clear()
  known = compile(pattern)
  compiled.set(pattern, known)
  return known
}

function compile(pattern: string): Pattern | string {
  let regexp: RE2JS
  try {
    regexp = RE2JS.compile(pattern)
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
  const findAll = (text: string, limit: number): readonly string[] => {
    const found: string[] = []
    const matcher = regexp.matcher(text)
    while (found.length < limit && matcher.find()) found.push(matcher.group() ?? '')
    return found
  }
  return { test: text => regexp.test(text), find: text => findAll(text, 1)[0], findAll }
}
