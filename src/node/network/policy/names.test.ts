import { expect, test } from 'vitest'
import { nameSet } from '../../../datapath/policy/name-sets.ts'
import type { Ruleset } from '../../../datapath/policy/ruleset.ts'
import { EMPTY } from '../../../datapath/policy/ruleset.ts'
import { fakeClock } from '../../../host/clock/fake.ts'
import { ip } from '../../../lib/ip.ts'
import type { NamePattern } from '../../../model/policy/names.ts'
import { namePattern } from '../../../model/policy/names.ts'
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

test('an address goes into every set of its family whose names match, for as long as it lives and a little more', () => {
  const book = createNameBook(fakeClock())
  const [a, b] = [[one('www.example.com')], [one('*.example.com'), one('x.test')]]
  book.follow(rulesetOf(a, b))
  const text = book.learn('www.example.com', to('192.0.2.1', 30), TABLE)
  for (const patterns of [a, b])
    expect(text).toContain(`add element inet x ${nameSet(patterns, 4).name} { 192.0.2.1 timeout 32s }`)
  expect(text).not.toContain('names6')
  expect(book.learn('x.test', to('fd00::1', 30), TABLE)).toContain(`${nameSet(b, 6).name} { fd00::1 timeout 32s }`)
  expect(book.learn('other.test', to('192.0.2.1', 30), TABLE)).toBe('')
  // One that lives for no time is good for a first connection.
  expect(book.learn('x.test', to('192.0.2.9', 0), TABLE)).toContain('192.0.2.9 timeout 7s')
})

test('the kernel is told again only when it has to hold an address for longer', async () => {
  const clock = fakeClock()
  const book = createNameBook(clock)
  book.follow(rulesetOf([one('x.test')]))
  expect(book.learn('x.test', to('192.0.2.1', 30), TABLE)).not.toBe('')
  expect(book.learn('x.test', to('192.0.2.1', 30), TABLE)).toBe('')
  await clock.advance(10_000)
  expect(book.learn('x.test', to('192.0.2.1', 20), TABLE)).toBe('')
  expect(book.learn('x.test', to('192.0.2.1', 30), TABLE)).toContain('delete element')
})

test('it says which names lead to an address, until their time is over', async () => {
  const clock = fakeClock()
  const book = createNameBook(clock)
  book.follow(rulesetOf([one('x.test'), one('y.test')]))
  book.learn('x.test', to('192.0.2.1', 30), TABLE)
  book.learn('y.test', [...to('192.0.2.1', 60), ...to('192.0.2.2', 60)], TABLE)
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
  book.learn('x.test', [...to('192.0.2.1', 30), ...to('192.0.2.2', 5)], TABLE)
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
    ({ name }, i) => book.learn(name, to(`198.18.${i >> 8}.${i & 255}`, 60), TABLE).split('\n').length,
  )
  // Three commands for one address, whatever else is known.
  expect(new Set(lines)).toEqual(new Set([4]))
  expect(book.fill(nameSet(patterns, 4).set.names!)).toHaveLength(10_000)
})
