import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Pattern, patternOf } from './regexp.ts'

const of = (pattern: string): Pattern => {
  const found = patternOf(pattern)
  if (typeof found === 'string') throw new Error(found)
  return found
}

describe('a pattern', () => {
  it.each([
    ['^a$', 'a', 'b'],
    ['(?i)^host$', 'HOST', 'hosts'],
    ['^(?i)host$', 'HOST', 'hosts'],
    ['\\Aa\\z', 'a', 'a\n'],
    ['^[[:alpha:]]+$', 'ab', 'a1'],
    ['^(?P<name>x)$', 'x', 'y'],
    ['^\\pL+$', 'é', '1'],
    ['^[\\w-]+$', 'a-b', 'a b'],
    ['^.$', '😀', '😀😀'],
  ])('%s is read as Go reads it', (pattern, yes, no) => {
    expect(of(pattern).test(yes)).toBe(true)
    expect(of(pattern).test(no)).toBe(false)
  })

  it.each(['(', '(?=a)', 'a**', '(a)\\1', '[z-a]', 'x{1001}'])('%s is none, and the reason is told', pattern => {
    expect(patternOf(pattern)).toEqual(expect.stringContaining('error parsing regexp'))
  })

  it('finds what matches', () => {
    expect(of('b+').find('abbab')).toBe('bb')
    expect(of('x').find('abbab')).toBeUndefined()
    expect(of('b+').findAll('abbab', 5)).toEqual(['bb', 'b'])
    expect(of('b+').findAll('abbab', 1)).toEqual(['bb'])
    expect(of('').findAll('ab', 9)).toEqual(['', '', ''])
  })

  it.each(['^(a+)+$', '(a|a)*b', '(x+x+)+y', '^(([a-z])+.)+[A-Z]([a-z])+$', '(.*)*=(.*)*'])(
    '%s takes time by the length of the text',
    pattern => {
      const time = (length: number): number => {
        const text = `${'a'.repeat(length)}!`
        const startMs = performance.now()
        of(pattern).test(text)
        return performance.now() - startMs
      }
      time(1000)
      // A backtracking reader doubles its time with each of the first thirty characters.
      expect(time(100_000)).toBeLessThan(30_000)
    },
  )

  it('of any characters is taken or refused, and never breaks anything', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'ab()[]{}*+?|^$\\.-1,:<>P') }), fc.string(), (pattern, text) => {
        const found = patternOf(pattern)
        if (typeof found !== 'string') expect(typeof found.test(text)).toBe('boolean')
      }),
      { numRuns: 500 },
    )
  })
})
