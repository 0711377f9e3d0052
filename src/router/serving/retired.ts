import type { Clock } from '../../lib/clock.ts'
import type { MapEntry } from '../../wire/haproxy/command.ts'
import type { MapName } from '../layout/types.ts'

/** No request takes longer from the entry that names another to that other one. */
const ON_ITS_WAY_MS = 1000

/**
 * Entries of maps that nothing leads to any more, but some request may be on its way to: HAProxy's threads look up the entry that
 * names another and then that other one, and a command may come between. What a key stands for never changes.
 */
export interface Retired {
  retire(map: MapName, entries: readonly MapEntry[]): void
  /** They are wanted again, or for the first time; gives those that are not there any more. */
  revive(map: MapName, entries: readonly MapEntry[]): readonly MapEntry[]
  /** Forgets those that no request can be on its way to; gives them beside those that stay. */
  takeOver(): readonly {
    readonly map: MapName
    readonly over: readonly MapEntry[]
    readonly kept: readonly MapEntry[]
  }[]
  forget(): void
}

export function createRetired(clock: Pick<Clock, 'monotonic'>): Retired {
  const maps = new Map<MapName, Map<string, { readonly value: string; readonly untilMs: number }>>()
  return {
    retire(map, entries) {
      const all = maps.get(map) ?? new Map()
      maps.set(map, all)
      const untilMs = clock.monotonic() + ON_ITS_WAY_MS
      for (const [key, value] of entries) all.set(key, { value, untilMs })
    },
    revive: (map, entries) => entries.filter(([key]) => !maps.get(map)?.delete(key)),
    takeOver: () =>
      [...maps].map(([map, all]) => {
        const nowMs = clock.monotonic()
        const [over, kept]: [MapEntry[], MapEntry[]] = [[], []]
        for (const [key, { value, untilMs }] of all) (untilMs <= nowMs ? over : kept).push([key, value])
        for (const [key] of over) all.delete(key)
        return { map, over, kept }
      }),
    forget: () => maps.clear(),
  }
}
