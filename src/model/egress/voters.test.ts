import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { EgressNode } from './nodes.ts'
import { confirmationsFor, lostOf, needed, peersOf, votersOf } from './voters.ts'

const node = (name: string, unheard: readonly string[] = [], more: Partial<EgressNode> = {}): EgressNode => ({
  name,
  labels: {},
  isAssignable: true,
  isReady: true,
  addresses: [],
  podNetworks: [],
  hosts: [],
  networks: [],
  capacity: {},
  unheard: new Map(unheard.map(one => [one, ['uplink']])),
  ...more,
})
const lost = (nodes: readonly EgressNode[]) => [...lostOf(nodes)].toSorted()

test('voters are the nodes that may have addresses, and others until there are three', () => {
  const nodes = ['a', 'b', 'c', 'd'].map(name => node(name, [], { isAssignable: name === 'c' }))
  expect(votersOf(nodes)).toEqual(['c', 'a', 'b'])
  expect(votersOf(nodes.map(one => ({ ...one, isReady: one.name !== 'a' })))).toEqual(['c', 'b', 'd'])
  expect(peersOf(nodes, 'c', new Set())).toEqual(['a', 'b'])
  expect(peersOf(nodes, 'd', new Set())).toEqual([])
  expect(peersOf(nodes, 'd', new Set(['d']))).toEqual(['a', 'b', 'c'])
})

test('a node is lost when most of the others say so; one that is cut off itself accuses in vain', () => {
  expect(lost([node('a', ['b']), node('b'), node('c')])).toEqual([])
  expect(lost([node('a', ['b']), node('b', ['a', 'c']), node('c', ['b'])])).toEqual(['b'])
  // Of two each may be right: then nothing moves.
  expect(lost([node('a', ['b']), node('b', ['a'])])).toEqual([])
  expect(lost([node('a', ['b']), node('b')])).toEqual(['b'])
  // Those that are lost already have no voice.
  expect(lost([node('a', ['b', 'c']), node('b', ['c']), node('c', ['a'])])).toEqual(['b', 'c'])
  expect(lost([node('a')])).toEqual([])
})

test('whoever has its confirmations cannot be called lost by the rest', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
  fc.assert(
    fc.property(fc.integer({ min: 3, max: 7 }), fc.uniqueArray(fc.nat(6)), (size, chosen) => {
      const others = names.slice(1, size)
      const nodes = names.slice(0, size).map(name => node(name))
      const { count, from } = confirmationsFor(nodes, 'a')!
      expect(from).toEqual(others)
      const confirming = new Set(chosen.map(i => names[i]!).filter(name => others.includes(name)))
      const accusers = others.filter(name => !confirming.has(name))
      const isLost = lostOf(nodes.map(one => (accusers.includes(one.name) ? node(one.name, ['a']) : one))).has('a')
      if (confirming.size >= count) expect(isLost).toBe(false)
      else expect(isLost).toBe(accusers.length >= needed(size))
    }),
  )
})

test('of two a node goes on alone once its own complaint stands', () => {
  expect(confirmationsFor([node('a'), node('b')], 'a')).toEqual({ from: ['b'], count: 1 })
  expect(confirmationsFor([node('a', ['b']), node('b')], 'a')).toEqual({ from: [], count: 0 })
  expect(confirmationsFor([node('a', ['b']), node('b', ['a'])], 'a')).toEqual({ from: ['b'], count: 0 })
  expect(confirmationsFor([node('a'), node('b', ['a'])], 'a')).toBeUndefined()
})
