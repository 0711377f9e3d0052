/** Requests by Route, from the access log: HAProxy itself knows averages only. */
export interface Meter {
  /** Whole lines of the access log. */
  read(chunk: Buffer): void
  /** By "namespace/name" of the Route. */
  counts(): Iterable<readonly [route: string, counts: RequestCounts]>
}

export interface RequestCounts {
  /** How many took as long as each of BUCKETS_MS at most, not cumulated; the last is for those beyond. */
  readonly buckets: readonly number[]
  readonly sumMs: number
  readonly count: number
}

export const BUCKETS_MS = [5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000] as const
/** Bounds what a scrape is asked to carry; the Routes that were asked for last are kept. */
const MAX_ROUTES = 2000

/** The line is ours and its fields stand in this order; what clients send has no bare quote in it, so it cannot pose as another field. */
const LINE = /"route":"([a-z0-9.-]+)\\?\/([a-z0-9.-]+)".*"status":\d+,"bytes":\d+,"ms":(\d+)/

export function createMeter(): Meter {
  const routes = new Map<string, { buckets: number[]; sumMs: number; count: number }>()
  const add = (route: string, ms: number): void => {
    const known = routes.get(route)
    const counts = known ?? { buckets: Array.from({ length: BUCKETS_MS.length + 1 }, () => 0), sumMs: 0, count: 0 }
    const index = BUCKETS_MS.findIndex(limit => ms <= limit)
    counts.buckets[index < 0 ? BUCKETS_MS.length : index]!++
    counts.sumMs += ms
    counts.count++
    if (known) return
    routes.set(route, counts)
    if (routes.size > MAX_ROUTES) routes.delete(routes.keys().next().value!)
  }
  return {
    read(chunk) {
      for (const line of chunk.toString('latin1').split('\n')) {
        const found = LINE.exec(line)
        if (found) add(`${found[1]}/${found[2]}`, Number(found[3]))
      }
    },
    counts: () => routes,
  }
}
