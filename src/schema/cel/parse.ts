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
    throw new CelError(`Syntax error: unexpected '${text}'`, at)
  }
}

function expression(at: Cursor): Expr {
  if (++at.depth > MAX_DEPTH) throw new CelError('the expression is nested too deeply')
  const condition = either(at)
  const sign = at.token.at
  if (!at.take('?')) {
    at.depth--
    return condition
  }
  const then = either(at)
  at.expect(':')
  const otherwise = expression(at)
  at.depth--
  return { is: 'if', condition, then, otherwise, at: sign }
}

function either(at: Cursor): Expr {
  let left = both(at)
  for (let sign = at.token.at; at.take('||'); sign = at.token.at) left = { is: 'or', left, right: both(at), at: sign }
  return left
}

function both(at: Cursor): Expr {
  let left = binary(at, 0)
  for (let sign = at.token.at; at.take('&&'); sign = at.token.at)
    left = { is: 'and', left, right: binary(at, 0), at: sign }
  return left
}

function binary(at: Cursor, level: number): Expr {
  const operators = BINARY[level]
  if (!operators) return unary(at)
  let left = binary(at, level + 1)
  for (;;) {
    const sign = at.token.at
    const operator = operators.find(text => at.take(text))
    if (operator === undefined) return left
    left = { is: 'call', name: `_${operator}_`, args: [left, binary(at, level + 1)], at: sign }
  }
}

function unary(at: Cursor): Expr {
  const sign = at.is('!') ? '!' : at.is('-') ? '-' : undefined
  if (sign === undefined) return members(at, primary(at))
  const start = at.token.at
  let signs = 0
  while (at.take(sign)) signs++
  const { token } = at
  // The smallest integer has no positive counterpart, so that its sign is part of it.
  if (sign === '-' && signs % 2 === 1 && (token.is === 'int' || token.is === 'double')) {
    at.next()
    return members(at, literal({ ...token, text: `-${token.text}`, at: start }))
  }
  const of = members(at, primary(at))
  return signs % 2 === 0 ? of : { is: 'call', name: `${sign}_`, args: [of], at: start }
}

function members(at: Cursor, start: Expr): Expr {
  let of = start
  for (;;) {
    const sign = at.token.at
    if (at.take('.')) {
      const optional = at.take('?')
      const field = at.name()
      const open = at.token.at
      if (!optional && at.take('(')) of = { is: 'call', name: field, target: of, args: list(at), at: open }
      else of = { is: 'select', of, field, optional, at: sign }
    } else if (at.take('[')) {
      const optional = at.take('?')
      of = { is: 'index', of, index: expression(at), optional, at: sign }
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
  const start = at.token.at
  if (at.take('[')) return { is: 'list', items: items(at), at: start }
  if (at.take('{')) return { is: 'map', entries: pairs(at), at: start }
  at.take('.')
  if (at.token.is === 'name') return named(at)
  if (at.token.is === 'op' || at.token.is === 'end') at.fail()
  return literal(at.next())
}

function named(at: Cursor): Expr {
  if (RESERVED.has(at.token.text)) at.fail()
  const start = at.token.at
  const text = at.name()
  if (text === 'true' || text === 'false') return { is: 'literal', value: text === 'true', at: start }
  if (text === 'null') return { is: 'literal', value: null, at: start }
  const open = at.token.at
  return at.take('(') ? { is: 'call', name: text, args: list(at), at: open } : { is: 'name', name: text, at: start }
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

function literal({ is, text, at }: Token): Expr {
  switch (is) {
    case 'int':
      return { is: 'literal', value: integer(text), at }
    case 'uint':
      return { is: 'uint', value: BigInt(text.slice(0, -1)), at }
    case 'double':
      return { is: 'literal', value: Number(text), at }
    case 'bytes':
      return { is: 'literal', value: new TextEncoder().encode(text), at }
    default:
      return { is: 'literal', value: text, at }
  }
}

/** BigInt reads no sign before hexadecimal digits. */
const integer = (text: string): bigint => (text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(text))
