import { CelError } from './ast.ts'

export interface Token {
  readonly is: 'name' | 'int' | 'uint' | 'double' | 'string' | 'bytes' | 'op' | 'end'
  /** Of a string, what it stands for. */
  readonly text: string
  readonly at: number
}

const SPACE = /(?:\s|\/\/[^\n]*)*/y
const NAME = /[A-Za-z_]\w*/y
const NUMBER = /0[xX][0-9a-fA-F]+[uU]?|(?:\d+\.\d+|\.\d+|\d+(?=[eE]))(?:[eE][+-]?\d+)?|\d+[uU]?/y
const QUOTED = /([bB]?[rR]?|[rR][bB])("""|'''|"|')/y
const OPERATOR = /&&|\|\||==|!=|<=|>=|[-+*/%!<>?:.,()[\]{}]/y
const MAX_CHARS = 32_768

/** Throws CelError. */
export function tokens(source: string): readonly Token[] {
  if (source.length > MAX_CHARS) throw new CelError('the expression is too long')
  const found: Token[] = []
  let at = 0
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at
    return pattern.exec(source)
  }
  for (;;) {
    at += match(SPACE)![0].length
    if (at >= source.length) break
    const quoted = match(QUOTED)
    if (quoted) {
      const { text, end } = readQuoted(source, at + quoted[0].length, quoted[2]!, /r/i.test(quoted[1]!))
      found.push({ is: /b/i.test(quoted[1]!) ? 'bytes' : 'string', text, at })
      at = end
      continue
    }
    const token = simple(match, at)
    if (!token) throw new CelError(`Syntax error: token recognition error at: '${source[at]}'`, at)
    found.push(token)
    at += token.text.length
  }
  return [...found, { is: 'end', text: '<EOF>', at }]
}

function simple(match: (pattern: RegExp) => RegExpExecArray | null, at: number): Token | undefined {
  const name = match(NAME)
  if (name) return { is: 'name', text: name[0], at }
  const number = match(NUMBER)
  if (number) return { is: kindOf(number[0]), text: number[0], at }
  const operator = match(OPERATOR)
  return operator ? { is: 'op', text: operator[0], at } : undefined
}

function kindOf(text: string): 'int' | 'uint' | 'double' {
  if (/u$/i.test(text)) return 'uint'
  return /^0x/i.test(text) || /^\d+$/.test(text) ? 'int' : 'double'
}

function readQuoted(source: string, start: number, quote: string, raw: boolean): { text: string; end: number } {
  let text = ''
  for (let at = start; at < source.length; ) {
    if (source.startsWith(quote, at)) return { text, end: at + quote.length }
    const char = source[at]!
    if (char === '\n' && quote.length === 1) break
    if (char === '\\' && !raw) {
      const { value, length } = escaped(source, at)
      text += value
      at += length
    } else if (char === '\\' && source.startsWith(quote, at + 1)) {
      text += char + source[at + 1]
      at += 2
    } else {
      text += char
      at++
    }
  }
  throw new CelError('Syntax error: a string does not end')
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '?': '?',
  '"': '"',
  "'": "'",
  '`': '`',
}
const CODE = /\\(?:[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2}))/y

function escaped(source: string, at: number): { value: string; length: number } {
  const plain = ESCAPES[source[at + 1] ?? '']
  if (plain !== undefined) return { value: plain, length: 2 }
  CODE.lastIndex = at
  const code = CODE.exec(source)
  if (!code) throw new CelError(`Syntax error: unknown escape \\${source[at + 1] ?? ''}`)
  const [whole, x, u, U, octal] = code
  const point = octal === undefined ? Number.parseInt((x ?? u ?? U)!, 16) : Number.parseInt(octal, 8)
  if (point > 0x10ffff) throw new CelError('Syntax error: there is no such character')
  return { value: String.fromCodePoint(point), length: whole.length }
}
