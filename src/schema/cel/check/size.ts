/** Estimates of how much there is of something, and of work. Source: cel-go, checker/cost.go. */

/** What Go's unsigned integers end at: more is as much. */
export const MOST = 2 ** 64

export interface Size {
  readonly min: number
  readonly max: number
}

export const UNKNOWN: Size = { min: 0, max: MOST }
export const exactly = (size: number): Size => ({ min: size, max: size })
export const plus = (a: number, b: number): number => Math.min(a + b, MOST)
export const times = (a: number, b: number): number => Math.min(a * b, MOST)
/** Of a size, at so much for each. */
export const part = (size: number, each: number): number => Math.min(Math.ceil(size * each), MOST)
export const union = (a: Size, b: Size): Size => ({ min: Math.min(a.min, b.min), max: Math.max(a.max, b.max) })
export const sum = (a: Size, b: Size): Size => ({ min: plus(a.min, b.min), max: plus(a.max, b.max) })
export const product = (a: Size, b: Size): Size => ({ min: times(a.min, b.min), max: times(a.max, b.max) })

/** Of the keys or indices of something, and of what it has there. */
export interface Entry {
  readonly key: Size
  readonly value: Size
}

export const unionEntry = (a: Entry | undefined, b: Entry | undefined): Entry | undefined =>
  a && b && { key: union(a.key, b.key), value: union(a.value, b.value) }

/** Of any of them; of none nothing. */
export const unionAll = (sizes: readonly Size[]): Size => (sizes.length === 0 ? exactly(0) : sizes.reduce(union))

/** How much a value of a schema can hold at most: characters, items or entries. */
export interface Room {
  readonly max: number
  readonly field?: (name: string) => Room | undefined
  readonly key?: Room
  readonly item?: Room
}
