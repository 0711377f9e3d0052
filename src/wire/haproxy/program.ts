import { hasControl, name, UnsafeText } from './token.ts'

/** A keyword and its arguments. Each word is one argument to HAProxy, whatever characters it holds. */
export type Line = readonly string[]

export interface Section {
  readonly type: 'global' | 'defaults' | 'frontend' | 'backend' | 'listen' | 'peers' | 'userlist'
  /** Absent for global. Rules need a named defaults section. */
  readonly name?: string
  /** The defaults section it is made from. */
  readonly from?: string
  readonly lines: readonly Line[]
}

/** HAProxy's own bounds. */
const MAX_WORDS = 64
const MAX_LINE = 2048

/** The configuration file. Throws UnsafeText for what HAProxy cannot read back as the same words. */
export const printProgram = (sections: readonly Section[]): string => sections.map(printSection).join('\n')

function printSection(section: Section): string {
  const head = [
    section.type,
    ...(section.name ? [name(section.name)] : []),
    ...(section.from ? ['from', name(section.from)] : []),
  ]
  return `${[head.join(' '), ...section.lines.map(line => `  ${printLine(line)}`)].join('\n')}\n`
}

/** Two braces or `||` are syntax as whole words only, so they need no quotes. */
const BARE = /^[A-Za-z0-9_.,:;@%/(){}[\]|!*+=?<>&~^-]+$/

export function printLine(line: Line): string {
  const text = line.map(printWord).join(' ')
  if (line.length === 0 || line.length > MAX_WORDS || text.length > MAX_LINE) throw new UnsafeText('a line', text)
  return text
}

/** Strong quotes keep everything; a quote itself stands outside of them. */
function printWord(word: string): string {
  if (hasControl(word)) throw new UnsafeText('a word', word)
  return BARE.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

/** Text inside a format (log-format, a header's value, a redirect's location), where `%` begins an expression. */
export const literal = (text: string): string => text.replaceAll('%', '%%')
