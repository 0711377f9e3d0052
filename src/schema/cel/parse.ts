import type { Entry, Expr } from './ast.ts'
import { CelError } from './ast.ts'
import type { Token } from './lex.ts'
import { tokens } from './lex.ts'

const MAX_DEPTH = 200
/** Words that name nothing. */
const RESERVED = new Set(
  'as break const continue else for function if import let loop package namespace return var void while in'.split(' '),
)
/** Loosest first. */
const BINARY: readonly (readonly string[])[] = [
  ['<', '<=', '>', '>=', '==', '!=', 'in'],
  ['+', '-'],
  ['*', '/', '%'],
]

/** Throws CelError. */
export function parse(source: string): Expr {
  const at = new Cursor(tokens(source))
  const expr = expression(at)
  if (at.token.is !== 'end') at.fail()
  return expr
}

/** How far the tokens are read. */
class Cursor {
  depth = 0
  private readonly all: readonly Token[]
  private position = 0

  constructor(all: readonly Token[]) {
    this.all = all
  }

  get token(): Token {
    return this.all[this.position]!
  }

  next(): Token {
    return this.all[this.position++]!
  }

  is(text: string): boolean {
    const { token } = this
    return token.text === text && (token.is === 'op' || (text === 'in' && token.is === 'name'))
  }

  take(text: string): boolean {
    if (!this.is(text)) return false
    this.position++
    return true
  }

  expect(text: string): void {
    if (!this.take(text)) this.fail()
  }

  name(): string {
    if (this.token.is !== 'name') this.fail()
    return this.next().text
  }

  fail(): never {
    const { text, at } = this.token
    throw new CelError(`Syntax error: unexpected '${text}' (character ${at + 1})`)
  }
}

function expression(at: Cursor): Expr {
  if (++at.depth > MAX_DEPTH) throw new CelError('the expression is nested too deeply')
  const condition = either(at)
  if (!at.take('?')) {
    at.depth--
    return condition
  }
  const then = either(at)
  at.expect(':')
  const otherwise = expression(at)
  at.depth--
  return { is: 'if', condition, then, otherwise }
}

function either(at: Cursor): Expr {
  let left = both(at)
  while (at.take('||')) left = { is: 'or', left, right: both(at) }
  return left
}

function both(at: Cursor): Expr {
  let left = binary(at, 0)
  while (at.take('&&')) left = { is: 'and', left, right: binary(at, 0) }
  return left
}

function binary(at: Cursor, level: number): Expr {
  const operators = BINARY[level]
  if (!operators) return unary(at)
  let left = binary(at, level + 1)
  for (;;) {
    const operator = operators.find(text => at.take(text))
    if (operator === undefined) return left
    left = { is: 'call', name: `_${operator}_`, args: [left, binary(at, level + 1)] }
  }
}

function unary(at: Cursor): Expr {
  const sign = at.is('!') ? '!' : at.is('-') ? '-' : undefined
  if (sign === undefined) return members(at, primary(at))
  let signs = 0
  while (at.take(sign)) signs++
  const { token } = at
  // The smallest integer has no positive counterpart, so that its sign is part of it.
  if (sign === '-' && signs % 2 === 1 && (token.is === 'int' || token.is === 'double')) {
    at.next()
    return members(at, literal({ ...token, text: `-${token.text}` }))
  }
  const of = members(at, primary(at))
  return signs % 2 === 0 ? of : { is: 'call', name: `${sign}_`, args: [of] }
}

function members(at: Cursor, start: Expr): Expr {
  let of = start
  for (;;) {
    if (at.take('.')) {
      const optional = at.take('?')
      const field = at.name()
      if (!optional && at.take('(')) of = { is: 'call', name: field, target: of, args: list(at) }
      else of = { is: 'select', of, field, optional }
    } else if (at.take('[')) {
      const optional = at.take('?')
      of = { is: 'index', of, index: expression(at), optional }
      at.expect(']')
    } else return of
  }
}

function primary(at: Cursor): Expr {
  if (at.take('(')) {
    const inner = expression(at)
    at.expect(')')
    return inner
  }
  if (at.take('[')) return { is: 'list', items: items(at) }
  if (at.take('{')) return { is: 'map', entries: pairs(at) }
  at.take('.')
  if (at.token.is === 'name') return named(at)
  if (at.token.is === 'op' || at.token.is === 'end') at.fail()
  return literal(at.next())
}

function named(at: Cursor): Expr {
  if (RESERVED.has(at.token.text)) at.fail()
  const text = at.name()
  if (text === 'true' || text === 'false') return { is: 'literal', value: text === 'true' }
  if (text === 'null') return { is: 'literal', value: null }
  return at.take('(') ? { is: 'call', name: text, args: list(at) } : { is: 'name', name: text }
}

/** What stands between commas, up to and with the end; a comma may be last. */
function until<T>(at: Cursor, end: string, one: () => T): readonly T[] {
  const all: T[] = []
  while (!at.is(end)) {
    all.push(one())
    if (!at.take(',')) break
  }
  at.expect(end)
  return all
}

const list = (at: Cursor): readonly Expr[] => until(at, ')', () => expression(at))

const items = (at: Cursor): readonly Entry[] =>
  until(at, ']', () => ({ optional: at.take('?'), value: expression(at) }))

const pairs = (at: Cursor): readonly (Entry & { readonly key: Expr })[] =>
  until(at, '}', () => {
    const optional = at.take('?')
    const key = expression(at)
    at.expect(':')
    return { key, value: expression(at), optional }
  })

function literal({ is, text }: Token): Expr {
  switch (is) {
    case 'int':
      return { is: 'literal', value: integer(text) }
    case 'uint':
      return { is: 'uint', value: BigInt(text.slice(0, -1)) }
    case 'double':
      return { is: 'literal', value: Number(text) }
    case 'bytes':
      return { is: 'literal', value: new TextEncoder().encode(text) }
    default:
      return { is: 'literal', value: text }
  }
}

/** BigInt reads no sign before hexadecimal digits. */
const integer = (text: string): bigint => (text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(text))
