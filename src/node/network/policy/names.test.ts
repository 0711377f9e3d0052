import { expect, test } from 'vitest'
import { nameSet } from '../../../datapath/policy/name-sets.ts'
import type { Ruleset } from '../../../datapath/policy/ruleset.ts'
import { EMPTY } from '../../../datapath/policy/ruleset.ts'
import { fakeClock } from '../../../host/clock/fake.ts'
import { ip } from '../../../lib/ip.ts'
import type { NamePattern } from '../../../model/policy/names.ts'
import { namePattern } from '../../../model/policy/names.ts'
import type { NamedAddress } from '../../../wire/names/messages.ts'
import type { Table } from '../../../wire/nft/command.ts'
import type { NameBook } from './names.ts'
import { createNameBook } from './names.ts'

const TABLE = { family: 'inet', name: 'x' } as const
const one = (text: string): NamePattern => namePattern(text, 'one')
const rulesetOf = (...sets: readonly (readonly NamePattern[])[]): Ruleset => ({
  ...EMPTY,
  maps: new Map(
    sets
      .flatMap(patterns => ([4, 6] as const).map(family => nameSet(patterns, family)))
      .map(({ name, set }) => [name, set]),
  ),
})
const to = (address: string, ttlSeconds: number) => [{ address: ip(address), ttlSeconds }]

function learn(book: NameBook, name: string, addresses: readonly NamedAddress[], table: Table): string {
  let said = ''
  book.learn(name, addresses, table, text => {
    said = text
  })
  return said
}

test('an address goes into every set of its family whose names match, for as long as it lives and a little more', () => {
  const book = createNameBook(fakeClock())
  const [a, b] = [[one('www.example.com')], [one('*.example.com'), one('x.test')]]
  book.follow(rulesetOf(a, b))
  const text = learn(book, 'www.example.com', to('192.0.2.1', 30), TABLE)
  for (const patterns of [a, b])
    expect(text).toContain(`add element inet x ${nameSet(patterns, 4).name} { 192.0.2.1 timeout 32s }`)
  expect(text).not.toContain('names6')
  expect(learn(book, 'x.test', to('fd00::1', 30), TABLE)).toContain(`${nameSet(b, 6).name} { fd00::1 timeout 32s }`)
  expect(learn(book, 'other.test', to('192.0.2.1', 30), TABLE)).toBe('')
  // One that lives for no time is good for a first connection.
  expect(learn(book, 'x.test', to('192.0.2.9', 0), TABLE)).toContain('192.0.2.9 timeout 7s')
})

test('the kernel is told again only when it has to hold an address for longer', async () => {
  const clock = fakeClock()
  const book = createNameBook(clock)
  book.follow(rulesetOf([one('x.test')]))
  expect(learn(book, 'x.test', to('192.0.2.1', 30), TABLE)).not.toBe('')
  expect(learn(book, 'x.test', to('192.0.2.1', 30), TABLE)).toBe('')
  await clock.advance(10_000)
  expect(learn(book, 'x.test', to('192.0.2.1', 20), TABLE)).toBe('')
  expect(learn(book, 'x.test', to('192.0.2.1', 30), TABLE)).toContain('delete element')
})

test('an address that an answer has twice is one, for the longer of its times', () => {
  const book = createNameBook(fakeClock())
  book.follow(rulesetOf([one('x.test')]))
  const text = learn(book, 'x.test', [...to('192.0.2.1', 10), ...to('192.0.2.1', 30), ...to('192.0.2.1', 20)], TABLE)
  expect(text.match(/192\.0\.2\.1(?: timeout \d+s)?/g)).toEqual([
    '192.0.2.1 timeout 32s',
    '192.0.2.1',
    '192.0.2.1 timeout 32s',
  ])
})

test('what the kernel refused is not known, and is told again', () => {
  const book = createNameBook(fakeClock())
  book.follow(rulesetOf([one('x.test')]))
  learn(book, 'x.test', to('192.0.2.1', 30), TABLE)
  const refuse = (): void => {
    throw new Error('no such table')
  }
  expect(() => book.learn('x.test', to('192.0.2.2', 30), TABLE, refuse)).toThrow('no such table')
  expect(book.byAddress()).toEqual({ '192.0.2.1': ['x.test'] })
  expect(learn(book, 'x.test', to('192.0.2.2', 30), TABLE)).toContain('add element inet x')
  expect(learn(book, 'x.test', to('192.0.2.2', 30), TABLE)).toBe('')
})

test('it says which names lead to an address, until their time is over', async () => {
  const clock = fakeClock()
  const book = createNameBook(clock)
  book.follow(rulesetOf([one('x.test'), one('y.test')]))
  learn(book, 'x.test', to('192.0.2.1', 30), TABLE)
  learn(book, 'y.test', [...to('192.0.2.1', 60), ...to('192.0.2.2', 60)], TABLE)
  expect(book.byAddress()).toEqual({ '192.0.2.1': ['x.test', 'y.test'], '192.0.2.2': ['y.test'] })
  expect(book.leadingTo(ip('192.0.2.1'))).toEqual(['x.test', 'y.test'])
  expect(book.leadingTo(ip('192.0.2.3'))).toEqual([])
  await clock.advance(33_000)
  expect(book.byAddress()).toEqual({ '192.0.2.1': ['y.test'], '192.0.2.2': ['y.test'] })
  expect(book.leadingTo(ip('192.0.2.1'))).toEqual(['y.test'])
})

test('a set that is made later has what is known and still lives; names that nobody speaks of are forgotten', async () => {
  const clock = fakeClock()
  const book = createNameBook(clock)
  const [x, y] = [[one('x.test')], [one('y.test'), one('x.test')]]
  book.follow(rulesetOf(x))
  learn(book, 'x.test', [...to('192.0.2.1', 30), ...to('192.0.2.2', 5)], TABLE)
  await clock.advance(10_000)
  expect(book.fill(nameSet(y, 4).set.names!)).toEqual([{ key: '192.0.2.1 timeout 22s' }])
  expect(book.fill(nameSet(y, 6).set.names!)).toEqual([])
  book.follow(rulesetOf([one('y.test')]))
  expect(book.fill(nameSet(x, 4).set.names!)).toEqual([])
})

test('ten thousand names cost what one name costs', () => {
  const clock = fakeClock()
  const book = createNameBook(clock)
  const patterns = Array.from({ length: 10_000 }, (_, i) => one(`n${i}.example.com`))
  book.follow(rulesetOf(patterns))
  const lines = patterns.map(
    ({ name }, i) => learn(book, name, to(`198.18.${i >> 8}.${i & 255}`, 60), TABLE).split('\n').length,
  )
  // Three commands for one address, whatever else is known.
  expect(new Set(lines)).toEqual(new Set([4]))
  expect(book.fill(nameSet(patterns, 4).set.names!)).toHaveLength(10_000)
})

test('however many addresses names have, so many are admitted and no more; where time is over there is room again', async () => {
  const clock = fakeClock()
  const book = createNameBook(clock)
  book.follow(rulesetOf([one('*.test')]))
  const many = (name: number, ttlSeconds: number) =>
    Array.from({ length: 1024 }, (_, i) => to(`10.${name}.${i >> 8}.${i & 255}`, ttlSeconds)).flat()
  for (let i = 0; i < 256; i++) learn(book, `n${i}.test`, many(i, i === 0 ? 10 : 60), TABLE)
  const more = to('192.0.2.1', 60)
  expect(() => learn(book, 'more.test', more, TABLE)).toThrow('more than 262144 addresses')
  expect(book.byAddress()).not.toHaveProperty(['192.0.2.1'])
  // What is there already may be there for longer.
  expect(learn(book, 'n1.test', many(1, 90), TABLE)).not.toBe('')
  await clock.advance(13_000)
  expect(learn(book, 'more.test', more, TABLE)).not.toBe('')
  for (let i = 0; i < 1023; i++) learn(book, `m${i}.test`, more, TABLE)
  expect(() => learn(book, 'last.test', more, TABLE)).toThrow('more than 262144 addresses')
  book.follow(rulesetOf([one('last.test')]))
  expect(learn(book, 'last.test', more, TABLE)).not.toBe('')
})
