/** nginx's configuration language: `name argument ...;` or `name argument ... { ... }`. */
export interface Directive {
  readonly name: string
  readonly args: readonly string[]
  readonly block?: readonly Directive[]
}

/** Throws an Error worded like nginx's own. */
export function parseNginx(text: string, file: string): readonly Directive[] {
  const tokens = tokensOf(text)
  let at = 0
  const wrong = (why: string): Error =>
    new Error(`[emerg] ${why} in ${file}:${tokens[at]?.line ?? tokens.at(-1)?.line ?? 1}`)
  const block = (isInner: boolean): readonly Directive[] => {
    const found: Directive[] = []
    for (;;) {
      const token = tokens[at]
      if (!token) {
        if (isInner) throw wrong('unexpected end of file, expecting "}"')
        return found
      }
      if (token.text === '}' && !token.isQuoted) {
        if (!isInner) throw wrong('unexpected "}"')
        at++
        return found
      }
      found.push(directive())
    }
  }
  const directive = (): Directive => {
    const words: string[] = []
    for (; ; at++) {
      const token = tokens[at]
      if (!token) throw wrong('unexpected end of file, expecting ";" or "}"')
      if (token.isQuoted || !/^[;{}]$/.test(token.text)) {
        words.push(token.text)
        continue
      }
      const [name, ...args] = words
      if (name === undefined || token.text === '}') throw wrong(`unexpected ${JSON.stringify(token.text)}`)
      at++
      return token.text === ';' ? { name, args } : { name, args, block: block(true) }
    }
  }
  return block(false)
}

interface Token {
  readonly text: string
  readonly isQuoted: boolean
  readonly line: number
}

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = []
  const pattern = /#[^\n]*|"((?:\\.|[^"\\])*)"|'((?:\\.|[^'\\])*)'|[;{}]|(?:\\.|\$\{\w+\}|[^\s;{}"'\\])+|\s+/g
  let line = 1
  for (const [all, double, single] of text.matchAll(pattern)) {
    const quoted = double ?? single
    if (quoted !== undefined) tokens.push({ text: unescaped(quoted), isQuoted: true, line })
    else if (!/^[\s#]/.test(all)) tokens.push({ text: all, isQuoted: false, line })
    line += all.split('\n').length - 1
  }
  return tokens
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' }
const unescaped = (text: string): string => text.replace(/\\(.)/gs, (_, char: string) => ESCAPES[char] ?? char)
