import { expect, it } from 'vitest'
import { addressBand, createPool, portBand } from './pool.ts'

it('gives every free number once, those above the band first, and the released ones last', () => {
  const pool = createPool({ size: 8, staticBand: 3, reserved: index => index === 0 })
  expect(pool.take(4, 'x')).toBe(true)
  const given = Array.from({ length: 6 }, (_, i) => pool.next(`o${i}`))
  expect(given).toEqual([3, 5, 6, 7, 1, 2])
  expect(pool.next('full')).toBeUndefined()
  pool.release(5, 'somebody else')
  expect(pool.next('full')).toBeUndefined()
  pool.release(5, 'o1')
  expect(pool.next('late')).toBe(5)
})

it('lets an owner take what it has again, and nobody else', () => {
  const pool = createPool({ size: 4, staticBand: 0 })
  expect(pool.take(1, 'a')).toBe(true)
  expect(pool.take(1, 'a')).toBe(true)
  expect(pool.take(1, 'b')).toBe(false)
  expect(pool.ownerOf(1)).toBe('a')
})

// The tables of KEP-3070 and KEP-3668.
it.each([
  [16, 0],
  [256, 16],
  [1024, 64],
  [4096, 256],
  [65_536, 256],
])('of %d addresses %d are for the asking', (size, band) => expect(addressBand(size)).toBe(band))
it.each([
  [2768, 86],
  [10, 0],
  [100_000, 128],
])('of %d ports %d are for the asking', (size, band) => expect(portBand(size)).toBe(band))
