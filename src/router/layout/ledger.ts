import { shortHash } from './keys.ts'
import type { ClassSpec, Pools } from './types.ts'

/**
 * Which backend serves which Service of which Route. Backends cannot be made at run time, so a program has spare ones, and
 * this remembers who has which. Freed ones are taken again last, so that what still runs there has time to end.
 */
export interface Ledger {
  /** The backend of this key, a spare one the first time; never fails: a pool without a spare one grows. */
  take(key: string, spec: ClassSpec): string
  /** `kind`: the name of the class. */
  release(key: string, kind: string): void
  /**
   * How many backends each class must have. Grows before the spare ones end, and by much, since it costs a reload; while
   * that is under way the rest serves new Routes.
   */
  grow(): Pools
  /** Whether a backend was taken that no program has: only a new one, of what `grow` says, will. */
  isShort(): boolean
  /** Backends of this class are never made again. */
  forbid(kind: string): void
}

interface Pool {
  readonly spec: ClassSpec
  readonly isRare: boolean
  readonly taken: Map<string, number>
  /** Numbers given back, oldest first. */
  readonly freed: Set<number>
  /** The first number never used. */
  fresh: number
  size: number
}

/** Classes not named here begin without spare backends: their first use costs a reload. */
const SPARE: readonly (readonly [spec: ClassSpec, size: number])[] = [
  [{ mode: 'http', balance: 'random' }, 128],
  [{ mode: 'http', balance: 'roundrobin' }, 128],
  [{ mode: 'http', balance: 'random', options: true }, 64],
  [{ mode: 'http', balance: 'roundrobin', options: true }, 32],
  [{ mode: 'tcp', balance: 'source' }, 32],
  [{ mode: 'tcp', balance: 'roundrobin' }, 32],
]
const GROWTH = 64
const RARE_GROWTH = 4

export const backendName = (kind: string, number: number): string => `${kind}-${number}`

/** Equal for equal classes; readable where a class is common. */
export function className(spec: ClassSpec): string {
  const { mode, balance, options, ...rare } = spec
  const hash = isRare(spec) ? [`x${shortHash(JSON.stringify(rare))}`] : []
  return [...(mode === 'tcp' ? ['tcp'] : []), balance, ...(options ? ['options'] : []), ...hash].join('-')
}

export const isRare = ({ mode: _mode, balance: _balance, options: _options, ...rare }: ClassSpec): boolean =>
  Object.keys(rare).length > 0

const emptyPool = (spec: ClassSpec, size = 0): Pool => ({
  spec,
  isRare: isRare(spec),
  taken: new Map(),
  freed: new Set(),
  fresh: 0,
  size,
})

export function createLedger(): Ledger {
  const pools = new Map(SPARE.map(([spec, size]) => [className(spec), emptyPool(spec, size)]))
  const forbidden = new Set<string>()
  const poolOf = (spec: ClassSpec): Pool => {
    const name = className(spec)
    const pool = pools.get(name) ?? emptyPool(spec)
    pools.set(name, pool)
    return pool
  }
  return {
    take(key, spec) {
      const pool = poolOf(spec)
      const number = pool.taken.get(key) ?? nextOf(pool)
      pool.taken.set(key, number)
      return backendName(className(spec), number)
    },
    release(key, kind) {
      const pool = pools.get(kind)
      const number = pool?.taken.get(key)
      if (!pool || number === undefined) return
      pool.taken.delete(key)
      if (number < pool.size) return void pool.freed.add(number)
      // It never was: the next one may have its number.
      pool.fresh = Math.max(pool.size, 1 + Math.max(-1, ...pool.taken.values()))
      if (pool.size + pool.taken.size === 0) pools.delete(kind)
    },
    isShort: () => [...pools.values()].some(pool => pool.fresh > pool.size),
    grow() {
      const isGrown = [...pools.values()].map(growOne).includes(true)
      // A reload is due anyway: what tenants made up and nobody uses any more goes.
      if (isGrown) for (const [name, pool] of pools) if (pool.isRare && pool.taken.size === 0) pools.delete(name)
      return sizesOf([...pools].filter(([name]) => !forbidden.has(name)))
    },
    forbid: kind => void forbidden.add(kind),
  }
}

const sizesOf = (pools: readonly (readonly [string, Pool])[]): Pools =>
  Object.fromEntries(pools.map(([name, { spec, size }]) => [name, { spec, size }]))

/** Never used ones first, then the one that was given back first. */
function nextOf(pool: Pool): number {
  if (pool.fresh < pool.size || pool.freed.size === 0) return pool.fresh++
  const oldest = pool.freed.values().next().value!
  pool.freed.delete(oldest)
  return oldest
}

/** Whether it has grown. */
function growOne(pool: Pool): boolean {
  const used = pool.taken.size
  const isEnough = pool.fresh <= pool.size
  const lowWater = Math.max(16, Math.ceil(used / 20))
  if (isEnough && (used === 0 || pool.isRare || pool.size - used >= lowWater)) return false
  const step = pool.isRare ? RARE_GROWTH : GROWTH
  const wanted = used + (pool.isRare ? Math.ceil(used / 4) : Math.max(128, Math.ceil(used / 4)))
  pool.size = Math.max(pool.fresh, Math.ceil(wanted / step) * step)
  return true
}
