import type { Load, Version } from './versions.ts'

/** How many values are remembered at most, and how large each may be. */
const MAX_VALUES = 256
const MAX_VALUE_BYTES = 16 << 10

/**
 * A load that remembers what it read last: some keys are looked at in every request (a namespace, a role), and whoever
 * keeps what he made of a value finds the same bytes again.
 */
export function rememberingLoad(load: Load): Load {
  let fresh = new Map<string, { readonly version: Version; readonly value: Uint8Array }>()
  let stale: typeof fresh = new Map()
  return version => {
    const { key } = version
    const known = fresh.get(key)
    if (known?.version === version) return known.value
    const older = stale.get(key)
    const entry = older?.version === version ? older : { version, value: load(version) }
    if (entry.value.length > MAX_VALUE_BYTES) return entry.value
    if (fresh.size >= MAX_VALUES / 2) {
      stale = fresh
      fresh = new Map()
    }
    fresh.set(key, entry)
    return entry.value
  }
}
