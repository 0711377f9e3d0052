/**
 * A validating scanner for JSON text: says what JSON.parse cannot, with the words that Go's encoding/json uses, since
 * clients show them. Slower than JSON.parse (about 60 MB/s), so `readJson` only calls it for text that looks suspicious.
 */

export class JsonError extends Error {
  override readonly name = 'JsonError'
}

export interface Scan {
  /** Paths of keys that an object has twice, as in spec.ports[0].name. */
  readonly duplicates: readonly string[]
  /** Paths of integers that a JavaScript number cannot hold exactly. */
  readonly unsafeIntegers: readonly string[]
}

/** How many findings of each sort are kept. */
const MAX_FINDINGS = 100

interface Frame {
  /** The keys seen, for an object. */
  readonly keys: Set<string> | undefined
  index: number
  /** The path of this container. */
  readonly path: string
  /** The path of the member that is being read. */
  member: string
}

/** Throws JsonError for text that is not one JSON value, or that nests deeper than maxDepth. */
export function scanJson(text: string, maxDepth: number): Scan {
  return new Scanner(text, maxDepth).run()
}

const WHITE = /[ \t\r\n]*/y
// biome-ignore lint/suspicious/noControlCharactersInRegex: a JSON string may not hold them
const PLAIN = /[^"\\\u0000-\u001f]*/y
const HEX4 = /[0-9a-fA-F]/

class Scanner {
  readonly text: string
  readonly maxDepth: number
  at = 0
  readonly stack: Frame[] = []
  readonly duplicates = new Set<string>()
  readonly unsafeIntegers: string[] = []

  constructor(text: string, maxDepth: number) {
    this.text = text
    this.maxDepth = maxDepth
  }

  run(): Scan {
    this.skip()
    let open = this.value('')
    while (this.stack.length > 0) {
      open = open ? this.first() : this.next()
    }
    this.skip()
    if (this.at < this.text.length) this.fail('after top-level value')
    return { duplicates: [...this.duplicates], unsafeIntegers: this.unsafeIntegers }
  }

  /** Reads a scalar, or opens a container: true when it did. */
  value(path: string): boolean {
    const char = this.text[this.at]
    if (char === '{' || char === '[') {
      if (this.stack.length >= this.maxDepth) throw new JsonError('exceeded max depth')
      this.at++
      this.stack.push({ keys: char === '{' ? new Set() : undefined, index: 0, path, member: '' })
      return true
    }
    if (char === '"') this.string()
    else if (char === '-' || (char !== undefined && char >= '0' && char <= '9')) this.number(path)
    else if (char === 't') this.word('true')
    else if (char === 'f') this.word('false')
    else if (char === 'n') this.word('null')
    else this.fail('looking for beginning of value')
    return false
  }

  /** Just after the opening bracket. */
  first(): boolean {
    const frame = this.stack.at(-1)!
    this.skip()
    if (this.text[this.at] === (frame.keys ? '}' : ']')) return this.close()
    return frame.keys ? this.key(frame) : this.item(frame)
  }

  /** Just after a member. */
  next(): boolean {
    const frame = this.stack.at(-1)!
    this.skip()
    const char = this.text[this.at]
    if (char === (frame.keys ? '}' : ']')) return this.close()
    if (char !== ',') this.fail(frame.keys ? 'after object key:value pair' : 'after array element')
    this.at++
    this.skip()
    return frame.keys ? this.key(frame) : this.item(frame)
  }

  close(): boolean {
    this.at++
    this.stack.pop()
    return false
  }

  item(frame: Frame): boolean {
    return this.value(`${frame.path}[${frame.index++}]`)
  }

  key(frame: Frame): boolean {
    if (this.text[this.at] !== '"') this.fail('looking for beginning of object key string')
    const key = this.string()
    const path = frame.path === '' ? key : `${frame.path}.${key}`
    if (key === '__proto__') throw new JsonError(`field ${JSON.stringify(path)}: this name is not supported`)
    if (frame.keys!.has(key) && this.duplicates.size < MAX_FINDINGS) this.duplicates.add(path)
    frame.keys!.add(key)
    this.skip()
    if (this.text[this.at] !== ':') this.fail('after object key')
    this.at++
    this.skip()
    return this.value(path)
  }

  string(): string {
    const start = this.at++
    for (;;) {
      PLAIN.lastIndex = this.at
      PLAIN.test(this.text)
      this.at = PLAIN.lastIndex
      const char = this.text[this.at]
      if (char === '"') break
      if (char !== '\\') this.fail('in string literal')
      this.at++
      this.escape()
    }
    this.at++
    return JSON.parse(this.text.slice(start, this.at)) as string
  }

  escape(): void {
    const char = this.text[this.at]
    if (char === undefined || !'"\\/bfnrtu'.includes(char)) this.fail('in string escape code')
    this.at++
    if (char !== 'u') return
    for (let i = 0; i < 4; i++, this.at++)
      if (!HEX4.test(this.text[this.at] ?? '')) this.fail('in \\u hexadecimal character escape')
  }

  number(path: string): void {
    const start = this.at
    if (this.text[this.at] === '-') this.at++
    if (this.text[this.at] === '0') this.at++
    else this.digits('in numeric literal')
    let integer = true
    if (this.text[this.at] === '.') {
      integer = false
      this.at++
      this.digits('after decimal point in numeric literal')
    }
    if (this.text[this.at] === 'e' || this.text[this.at] === 'E') {
      integer = false
      this.at++
      if (this.text[this.at] === '+' || this.text[this.at] === '-') this.at++
      this.digits('in exponent of numeric literal')
    }
    const value = Number(this.text.slice(start, this.at))
    if (!Number.isFinite(value)) throw new JsonError(`number ${this.text.slice(start, start + 32)} is out of range`)
    if (integer && !Number.isSafeInteger(value) && this.unsafeIntegers.length < MAX_FINDINGS)
      this.unsafeIntegers.push(path)
  }

  digits(context: string): void {
    const start = this.at
    while (this.text[this.at]! >= '0' && this.text[this.at]! <= '9') this.at++
    if (this.at === start) this.fail(context)
  }

  word(word: string): void {
    for (const [i, letter] of [...word].entries()) {
      if (this.text[this.at] !== letter)
        this.fail(i === 0 ? 'looking for beginning of value' : `in literal ${word} (expecting '${letter}')`)
      this.at++
    }
  }

  skip(): void {
    WHITE.lastIndex = this.at
    WHITE.test(this.text)
    this.at = WHITE.lastIndex
  }

  fail(context: string): never {
    if (this.at >= this.text.length) throw new JsonError('unexpected end of JSON input')
    throw new JsonError(`invalid character ${quoteChar(this.text, this.at)} ${context}`)
  }
}

/** As Go quotes a character: 'x', '\n', '\'', '\u00e9' stays é. */
function quoteChar(text: string, at: number): string {
  const char = String.fromCodePoint(text.codePointAt(at)!)
  if (char === "'") return `'\\''`
  if (char === '"') return `'"'`
  return `'${JSON.stringify(char).slice(1, -1)}'`
}
