import type { Balance } from '../../model/routes/types.ts'
import type { BackendClass } from './types.ts'

/**
 * Which backend serves which Service of which Route. Backends cannot be made at run time, so a program has spare ones, and
 * this remembers who has which. Freed ones are taken again last, so that what still runs there has time to end.
 */
export interface Ledger {
  /** The backend of this key, a spare one the first time; never fails: a pool without a spare one grows. */
  take(key: string, kind: BackendClass): string
  release(key: string, kind: BackendClass): void
  /**
   * How many backends each class must have. Grows before the spare ones end, and by much, since it costs a reload; while
   * that is under way the rest serves new Routes.
   */
  grow(): Readonly<Record<BackendClass, number>>
}

interface Pool {
  readonly taken: Map<string, number>
  /** Numbers given back, oldest first. */
  readonly freed: Set<number>
  /** The first number never used. */
  fresh: number
  size: number
}

/** Rare classes begin without spare backends: their first use costs a reload. */
const SPARE: Readonly<Record<BackendClass, number>> = { random: 128, roundrobin: 128, leastconn: 0, source: 0 }
const GROWTH = 64

export const backendName = (kind: BackendClass, number: number): string => `${kind}-${number}`

export function createLedger(): Ledger {
  const pools = Object.fromEntries(
    Object.entries(SPARE).map(([kind, size]): [string, Pool] => [
      kind,
      { taken: new Map(), freed: new Set(), fresh: 0, size },
    ]),
  ) as Record<Balance, Pool>
  return {
    take(key, kind) {
      const pool = pools[kind]
      const number = pool.taken.get(key) ?? nextOf(pool)
      pool.taken.set(key, number)
      return backendName(kind, number)
    },
    release(key, kind) {
      const pool = pools[kind]
      const number = pool.taken.get(key)
      if (number === undefined) return
      pool.taken.delete(key)
      pool.freed.add(number)
    },
    grow() {
      for (const pool of Object.values(pools)) growOne(pool)
      return Object.fromEntries(Object.entries(pools).map(([kind, { size }]) => [kind, size])) as Record<
        Balance,
        number
      >
    },
  }
}

/** Never used ones first, then the one that was given back first. */
function nextOf(pool: Pool): number {
  if (pool.fresh < pool.size || pool.freed.size === 0) return pool.fresh++
  const oldest = pool.freed.values().next().value!
  pool.freed.delete(oldest)
  return oldest
}

function growOne(pool: Pool): void {
  const used = pool.taken.size
  if (used === 0 && pool.fresh <= pool.size) return
  const spare = pool.size - used
  const lowWater = Math.max(16, Math.ceil(used / 20))
  if (spare >= lowWater && pool.fresh <= pool.size) return
  const wanted = used + Math.max(128, Math.ceil(used / 4))
  pool.size = Math.max(pool.fresh, Math.ceil(wanted / GROWTH) * GROWTH)
}
