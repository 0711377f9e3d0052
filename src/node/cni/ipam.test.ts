import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cidr } from '../../lib/cidr.ts'
import { ip } from '../../lib/ip.ts'
import type { Ledger } from './ipam.ts'
import { addressesOf, adopt, allocate, emptyLedger, ledgerText, ownersOf, parseLedger, release } from './ipam.ts'

const take = (ledger: Ledger, owner: string): Ledger => {
  const result = allocate(ledger, owner)
  if (!result) throw new Error(`no address for ${owner}`)
  return result.ledger
}

describe('the ledger of addresses', () => {
  const small = [cidr('10.128.0.0/29')]

  test('begins after the gateway and the management address, and ends before the broadcast address', () => {
    let ledger = emptyLedger(small)
    for (const owner of ['a', 'b', 'c', 'd']) ledger = take(ledger, owner)
    expect(['a', 'b', 'c', 'd'].flatMap(owner => addressesOf(ledger, owner))).toEqual([
      '10.128.0.3',
      '10.128.0.4',
      '10.128.0.5',
      '10.128.0.6',
    ])
    expect(allocate(ledger, 'e')).toBeUndefined()
    expect(allocate(release(ledger, 'b'), 'e')?.addresses).toEqual(['10.128.0.4'])
  })

  test('a freed address rests until the range has been walked through', () => {
    const ledger = release(take(emptyLedger(small), 'a'), 'a')
    expect(allocate(ledger, 'b')?.addresses).toEqual(['10.128.0.4'])
  })

  test('an owner that asks again keeps what it has', () => {
    const ledger = take(emptyLedger(small), 'a')
    expect(allocate(ledger, 'a')).toEqual({ ledger, addresses: ['10.128.0.3'] })
  })

  test('one address of each range, or none at all', () => {
    const dual = emptyLedger([cidr('10.128.0.0/29'), cidr('fd01::/64')])
    expect(allocate(dual, 'a')?.addresses).toEqual(['10.128.0.3', 'fd01::3'])
    const full = ['a', 'b', 'c', 'd'].reduce(take, dual)
    expect(allocate(full, 'e')).toBeUndefined()
    expect(ownersOf(full)).toEqual(new Set(['a', 'b', 'c', 'd']))
  })

  test('adopts the addresses of pods that live, and passes over foreign ones', () => {
    const ledger = adopt(emptyLedger(small), 'a', [ip('192.168.0.1'), ip('10.128.0.3')])
    expect(addressesOf(ledger, 'a')).toEqual(['10.128.0.3'])
    expect(allocate(ledger, 'b')?.addresses).toEqual(['10.128.0.4'])
  })

  test('survives being written and read; damage and foreign ranges are left out', () => {
    const ledger = take(take(emptyLedger(small), 'a'), 'b')
    expect(parseLedger(ledgerText(ledger), small)).toEqual(ledger)
    expect(parseLedger('{"ranges":[{"cidr"', small)).toEqual(emptyLedger(small))
    expect(parseLedger('null', small)).toEqual(emptyLedger(small))
    expect(parseLedger(ledgerText(ledger), [cidr('10.129.0.0/29')])).toEqual(emptyLedger([cidr('10.129.0.0/29')]))
  })

  test('whatever happens, no address has two owners and none comes back at once', () => {
    const step = fc.record({ owner: fc.nat(8).map(n => `pod-${n}`), release: fc.boolean() })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), steps => {
        let ledger = emptyLedger([cidr('10.128.0.0/28')])
        let freed: string | undefined
        for (const { owner, release: leave } of steps) {
          const held = addressesOf(ledger, owner)
          if (leave) {
            if (held.length > 0) freed = held[0]
            ledger = release(ledger, owner)
            continue
          }
          const result = allocate(ledger, owner)!
          if (held.length === 0) expect(result.addresses[0]).not.toBe(freed)
          ledger = result.ledger
          freed = undefined
          const owners = [...ledger.ranges[0]!.owners.values()]
          expect(new Set(owners).size).toBe(owners.length)
        }
      }),
    )
  })
})
