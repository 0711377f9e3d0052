import { type Haproxy, HaproxyRefused } from '../host/haproxy/mod.ts'
import { UnsafeText } from '../wire/haproxy/token.ts'
import { isRare } from './layout/ledger.ts'
import { filesNamedIn, type Layout } from './layout/types.ts'
import { renderProgram } from './render/program.ts'

/** What of a layout HAProxy does not take: files of Routes, and classes of backends that Routes made up. */
export interface Refusal {
  readonly files: readonly string[]
  readonly classes: readonly string[]
}

/** By what HAProxy said; where it named no file, classes are tried apart from each other. */
export async function findRefused(haproxy: Haproxy, layout: Layout, error: unknown): Promise<Refusal> {
  if (!(error instanceof HaproxyRefused) && !(error instanceof UnsafeText)) return { files: [], classes: [] }
  const alerts = error instanceof HaproxyRefused ? error.alerts : []
  const files = [...new Set(alerts.flatMap(filesNamedIn))]
  return { files, classes: files.length > 0 ? [] : await findClasses(haproxy, layout) }
}

async function findClasses(haproxy: Haproxy, layout: Layout): Promise<readonly string[]> {
  const pools = Object.entries(layout.pools)
  const passes = async (kinds: readonly string[]): Promise<boolean> => {
    const tried = pools.filter(([kind, { spec }]) => !isRare(spec) || kinds.includes(kind))
    try {
      await haproxy.check(renderProgram({ ...layout, pools: Object.fromEntries(tried) }))
      return true
    } catch (error) {
      if (error instanceof HaproxyRefused || error instanceof UnsafeText) return false
      throw error
    }
  }
  const search = async (kinds: readonly string[]): Promise<readonly string[]> => {
    if (kinds.length === 0 || (await passes(kinds))) return []
    if (kinds.length === 1) return kinds
    const middle = kinds.length >> 1
    return [...(await search(kinds.slice(0, middle))), ...(await search(kinds.slice(middle)))]
  }
  const rare = pools.filter(([, { spec }]) => isRare(spec)).map(([kind]) => kind)
  return (await passes([])) ? search(rare) : []
}
