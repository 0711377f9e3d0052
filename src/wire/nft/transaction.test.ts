import { expect, test } from 'vitest'
import type { Command, Table } from './command.ts'
import type { Listed } from './listed.ts'
import { listed, listedCounter } from './listed.ts'
import { name, nft } from './text.ts'
import { transaction, transactions } from './transaction.ts'

const TABLE: Table = { family: 'inet', name: 't' }
const element = (verb: 'add' | 'delete', of: string, ...keys: string[]): Command => ({
  do: verb,
  what: 'element',
  of,
  elements: keys.map(key => ({ key: name(key) })),
})

test('every command is one line of nft', () => {
  expect(
    transaction(TABLE, [
      { do: 'add', what: 'table', comment: 'x y' },
      { do: 'add', what: 'counter', name: 'seen' },
      { do: 'add', what: 'map', name: 'm', definition: nft`type ipv4_addr : verdict;` },
      { do: 'add', what: 'chain', name: 'c', hook: { type: 'nat', hook: 'prerouting', priority: -100 } },
      { do: 'flush', what: 'chain', name: 'c' },
      { do: 'add', what: 'rule', chain: 'c', rule: nft`ip daddr vmap @m` },
      { do: 'add', what: 'element', of: 'm', elements: [{ key: nft`10.0.0.1`, value: nft`goto c`, comment: 'z' }] },
      { do: 'delete', what: 'chain', name: 'c' },
    ]),
  ).toBe(`add table inet t { comment "x y"; }
add counter inet t seen
add map inet t m { type ipv4_addr : verdict; }
add chain inet t c { type nat hook prerouting priority -100; policy accept; }
flush chain inet t c
add rule inet t c ip daddr vmap @m
add element inet t m { 10.0.0.1 comment "z" : goto c }
delete chain inet t c
`)
})

test('element commands that follow each other are gathered, deletions first', () => {
  const commands = [
    element('add', 'm', 'a'),
    element('delete', 'm', 'b'),
    element('add', 'n', 'c'),
    element('add', 'm', 'd'),
  ]
  expect(transaction(TABLE, commands)).toBe(`delete element inet t m { b }
add element inet t m { a, d }
add element inet t n { c }
`)
})

test('groups are packed up to the limit, and never split', () => {
  const group = (size: number): readonly Command[] => [
    element('add', 'm', ...Array.from({ length: size }, (_, i) => `k${i}`)),
  ]
  const sizes = (texts: readonly string[]): readonly number[] => texts.map(text => text.match(/k\d+/g)?.length ?? 0)
  expect(sizes(transactions(TABLE, [group(3), group(3), group(3)], 6))).toEqual([6, 3])
  expect(sizes(transactions(TABLE, [group(2), group(9), group(2)], 6))).toEqual([2, 9, 2])
  expect(transactions(TABLE, [])).toEqual([])
  const [text] = transactions(TABLE, [group(2500)])
  expect(text!.split('\n').filter(Boolean)).toHaveLength(3)
})

test('what nft lists is read back', () => {
  const cases: readonly (readonly [unknown, Listed | undefined])[] = [
    ['10.0.0.1', { key: '10.0.0.1' }],
    [{ elem: { val: 1, comment: 'x' } }, { key: '1', comment: 'x' }],
    [
      [{ concat: ['10.0.0.1', 'tcp', 80] }, { goto: { target: 'n2' } }],
      { key: '10.0.0.1 . tcp . 80', value: 'goto n2' },
    ],
    [
      [
        { elem: { val: { concat: ['10.0.0.1', 80, 0] }, counter: { packets: 3, bytes: 180 } } },
        { concat: ['10.1.1.1', 8080] },
      ],
      { key: '10.0.0.1 . 80 . 0', value: '10.1.1.1 . 8080' },
    ],
    [['10.0.0.1', { drop: null }], { key: '10.0.0.1', value: 'drop' }],
    [{ prefix: { addr: '10.0.0.0', len: 8 } }, undefined],
    [['10.0.0.1', { queue: {} }], undefined],
    [null, undefined],
  ]
  for (const [json, expected] of cases) expect(listed(json)).toEqual(expected)
  expect(listedCounter([{ elem: { val: 'x', counter: { packets: 3, bytes: 180 } } }, { drop: null }])).toEqual({
    packets: 3,
    bytes: 180,
  })
  expect(listedCounter('x')).toBeUndefined()
})
