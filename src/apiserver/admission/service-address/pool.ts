/**
 * Numbers 0..size-1 that are in use or free. The lower band is for those who ask for a certain number; others get one
 * above it first, and one that was given back is used again last.
 */
export interface Pool {
  /** Who has the number. */
  ownerOf(index: number): string | undefined
  /** False when another owner has it. */
  take(index: number, owner: string): boolean
  /** The next free number, or undefined when there is none. */
  next(owner: string): number | undefined
  release(index: number, owner: string): void
}

export interface PoolOptions {
  readonly size: number
  /** The numbers below this are for the asking. */
  readonly staticBand: number
  /** Numbers that nobody gets. */
  readonly reserved?: (index: number) => boolean
  /** How far above the band the first search begins. */
  readonly start?: number
}

export function createPool({ size, staticBand, reserved = () => false, start = 0 }: PoolOptions): Pool {
  const owners = new Map<number, string>()
  let dynamicCursor = staticBand + (start % Math.max(1, size - staticBand))
  let staticCursor = 0
  const free = (index: number): boolean => !owners.has(index) && !reserved(index)
  const search = (from: number, start: number, end: number): number | undefined => {
    for (let index = from; index < end; index++) if (free(index)) return index
    for (let index = start; index < from; index++) if (free(index)) return index
    return undefined
  }
  return {
    ownerOf: index => owners.get(index),
    take(index, owner) {
      const before = owners.get(index)
      if (before !== undefined && before !== owner) return false
      owners.set(index, owner)
      return true
    },
    next(owner) {
      // The cursors only go forward, so that what was just released is not handed out at once.
      let index = search(dynamicCursor, staticBand, size)
      if (index !== undefined) dynamicCursor = index + 1 < size ? index + 1 : staticBand
      else {
        index = search(staticCursor, 0, staticBand)
        if (index === undefined) return undefined
        staticCursor = index + 1 < staticBand ? index + 1 : 0
      }
      owners.set(index, owner)
      return index
    },
    release(index, owner) {
      if (owners.get(index) === owner) owners.delete(index)
    },
  }
}

/** KEP-3070: between 16 and 256 addresses, a sixteenth of the network. */
export const addressBand = (size: number): number =>
  size <= 16 ? 0 : Math.min(Math.max(16, Math.floor(size / 16)), 256)
/** KEP-3668: between 16 and 128 ports, a thirty-second of the range. */
export const portBand = (size: number): number => (size <= 16 ? 0 : Math.min(Math.max(16, Math.floor(size / 32)), 128))
