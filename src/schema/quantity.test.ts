import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalQuantity, formatQuantity, parseQuantity } from './quantity.ts'

describe('canonicalQuantity', () => {
  it.each([
    ['0', '0'],
    ['0m', '0'],
    ['1', '1'],
    ['0.5', '500m'],
    ['.5', '500m'],
    ['1.', '1'],
    ['1000m', '1'],
    ['1500m', '1500m'],
    ['100000', '100k'],
    ['1024', '1024'],
    ['1024Mi', '1Gi'],
    ['1.5Gi', '1536Mi'],
    ['0.5Ki', '512'],
    ['1e3', '1e3'],
    ['12e6', '12e6'],
    ['120e5', '12e6'],
    ['1E', '1E'],
    ['-250m', '-250m'],
    ['+1', '1'],
    ['0.1n', '1n'],
    ['1Ki', '1Ki'],
    ['1000Ki', '1000Ki'],
  ])('%s is stored as %s', (text, stored) => {
    expect(canonicalQuantity(text)).toBe(stored)
  })

  it.each(['', 'a', '1K', '1 Gi', '.', 'm', '1.2.3', '1e', '--1', '1ki', '1e999'])('%s is no quantity', text => {
    expect(canonicalQuantity(text)).toBeUndefined()
  })

  it('is a fixed point, and keeps the amount', () => {
    const text = fc
      .tuple(fc.integer({ min: -1e6, max: 1e6 }), fc.constantFrom('', 'm', 'k', 'M', 'Ki', 'Gi', 'e3', 'u'))
      .map(([number, suffix]) => `${number}${suffix}`)
    fc.assert(
      fc.property(text, input => {
        const quantity = parseQuantity(input)!
        const output = formatQuantity(quantity)
        expect(parseQuantity(output)!.nano).toBe(quantity.nano)
        expect(canonicalQuantity(output)).toBe(output)
      }),
    )
  })
})
