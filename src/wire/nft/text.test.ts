import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cidr } from '../../lib/cidr.ts'
import type { Ip } from '../../lib/ip.ts'
import { ip } from '../../lib/ip.ts'
import { addressText, at, NftRefusal, name, nft, numberText, oneOf, quoted } from './text.ts'

test('literal text and checked values make a rule', () => {
  const rule = nft`ip saddr ${oneOf([ip('10.0.0.1'), cidr('10.1.0.0/16')])} iifname ${quoted('pod*')} th dport ${80} vmap ${at('m')}`
  expect(rule).toBe('ip saddr { 10.0.0.1, 10.1.0.0/16 } iifname "pod*" th dport 80 vmap @m')
})

test('what could form syntax is refused', () => {
  for (const text of ['', '1a', 'a b', 'a;b', 'a\nb', '@a', 'a{', 'a"', `a${'b'.repeat(128)}`, 'ä'])
    expect(() => name(text), text).toThrow(NftRefusal)
  expect(name('a-b_C9')).toBe('a-b_C9')
  for (const text of ['"', '\\', 'a\nb', '\0', 'ä', 'x'.repeat(129)])
    expect(() => quoted(text), text).toThrow(NftRefusal)
  expect(quoted('a; drop } #')).toBe('"a; drop } #"')
  for (const value of [-1, 1.5, Number.NaN, 2 ** 32]) expect(() => numberText(value)).toThrow(NftRefusal)
  expect(() => addressText('10.0.0.1; flush ruleset' as Ip)).toThrow(NftRefusal)
  expect(() => oneOf([])).toThrow(NftRefusal)
})

test('no string at all gets out of its quotes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), text => {
      try {
        expect(quoted(text)).toMatch(/^"[^"\\\n\r\0]*"$/)
      } catch (error) {
        expect(error).toBeInstanceOf(NftRefusal)
      }
    }),
  )
})
