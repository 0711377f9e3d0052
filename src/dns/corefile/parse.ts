/** CoreDNS' Corefile as it stands: blocks of servers, each with directives that may have blocks of their own. */

export interface Directive {
  readonly name: string
  readonly args: readonly string[]
  readonly block: readonly Directive[]
  readonly line: number
}

export interface Block {
  /** What stands before the brace: "example.com:53", ".". */
  readonly keys: readonly string[]
  readonly directives: readonly Directive[]
  readonly line: number
}

/** What is wrong with a Corefile, and where. */
export class CorefileError extends Error {
  override readonly name = 'CorefileError'
  readonly line: number
  constructor(line: number, message: string) {
    super(`Corefile:${line}: ${message}`)
    this.line = line
  }
}

interface Token {
  readonly text: string
  readonly line: number
  readonly isQuoted: boolean
}

/** More would be no configuration that somebody wrote. */
const MAX_BYTES = 1 << 20
const MAX_DEPTH = 4

/** Throws CorefileError. */
export function parseCorefile(text: string): readonly Block[] {
  if (text.length > MAX_BYTES) throw new CorefileError(1, 'it is longer than a megabyte')
  const lines = linesOf(text)
  const blocks: Block[] = []
  let at = 0
  while (at < lines.length) {
    const head = lines[at]!
    const keys = head.slice(0, -1).map(token => token.text.replace(/,$/, ''))
    const last = head.at(-1)!
    if (!isBrace(last, '{') || keys.length === 0)
      throw new CorefileError(last.line, `expected "<zones> {", found "${head.map(token => token.text).join(' ')}"`)
    const { directives, next } = readBlock(lines, at + 1, last.line, 1)
    blocks.push({ keys, directives, line: last.line })
    at = next
  }
  return blocks
}

const isBrace = (token: Token, brace: '{' | '}'): boolean => !token.isQuoted && token.text === brace

function readBlock(
  lines: readonly (readonly Token[])[],
  from: number,
  opened: number,
  depth: number,
): { readonly directives: readonly Directive[]; readonly next: number } {
  if (depth > MAX_DEPTH) throw new CorefileError(opened, 'too many blocks in each other')
  const directives: Directive[] = []
  let at = from
  while (at < lines.length) {
    const line = lines[at]!
    const [first] = line
    if (isBrace(first!, '}')) return { directives, next: at + 1 }
    const opens = isBrace(line.at(-1)!, '{')
    const args = line.slice(1, opens ? -1 : undefined).map(token => token.text)
    const inner = opens ? readBlock(lines, at + 1, first!.line, depth + 1) : { directives: [], next: at + 1 }
    directives.push({ name: first!.text, args, block: inner.directives, line: first!.line })
    at = inner.next
  }
  throw new CorefileError(opened, 'this block does not end')
}

/** Tokens line by line; a closing brace is a line of its own. Comments go from # to the end of the line. */
function linesOf(text: string): readonly (readonly Token[])[] {
  const lines: Token[][] = []
  for (const [index, source] of text.split('\n').entries()) {
    let tokens: Token[] = []
    for (const match of source.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)) {
      const [, quoted, plain] = match
      if (plain?.startsWith('#')) break
      const token: Token = {
        text: quoted === undefined ? plain! : quoted.replace(/\\(.)/g, '$1'),
        line: index + 1,
        isQuoted: quoted !== undefined,
      }
      if (isBrace(token, '}')) {
        if (tokens.length > 0) lines.push(tokens)
        lines.push([token])
        tokens = []
      } else tokens.push(token)
    }
    if (tokens.length > 0) lines.push(tokens)
  }
  return lines
}
