import { createHash } from 'node:crypto'

/**
 * The lookup string of a request is host + path + `/?`, and the longest key that begins it wins. `?` cannot occur in a path, so
 * it marks the end: a key that ends with `/` holds for its path and all below it, one that ends with `?` for its path alone.
 */
export interface PathKeys {
  readonly key: string
  /** Of a path that ends with a slash: the key of the same path without it, which the route does not mean. */
  readonly exception?: string
}

/** Path "" or of slashes alone is the root; `/sub` means /sub and all below; `/sub/` only what is below. */
export function keysOf(
  host: string,
  path: string,
  { exact, begins }: Pick<PathRule, 'exact' | 'begins'> = {},
): PathKeys {
  if (exact) return { key: `${host}${path}/?` }
  if (begins) return { key: host + path }
  if (/^\/*$/.test(path)) return { key: `${host}/` }
  return path.endsWith('/') ? { key: host + path, exception: `${host}${path}?` } : { key: `${host}${path}/` }
}

/** A rule of one host in one map. */
export interface PathRule {
  readonly path: string
  /** What the lookup gives; undefined: what a shorter path that is served would have given. */
  readonly value: string | undefined
  /** The value stands for a Route that serves here; others (redirects) are not inherited. */
  readonly serves: boolean
  /** The path alone, with or without a slash at its end as it is written. */
  readonly exact?: boolean
  /** All that begins so, not only whole elements. */
  readonly begins?: boolean
  /** Takes what is left of the host: any rule for the root goes before it. */
  readonly fallback?: boolean
}

interface Entry {
  readonly value: string
  /** What the longest serving rule at or above this key gives. */
  readonly served: string | undefined
}

/** Map entries of one host, so that one longest-prefix lookup gives what the rules mean. `nowhere` answers for no Route. */
export function resolvePaths(host: string, rules: readonly PathRule[], nowhere: string): ReadonlyMap<string, string> {
  const entries = new Map<string, Entry>()
  const ordered = rules.map(rule => ({ ...rule, ...keysOf(host, rule.path, rule) })).sort(byKey)
  for (const { key, exception, value, serves } of ordered) {
    const above = entries.get(key) ?? longestPrefix(entries, key)
    if (exception) entries.set(exception, above ?? { value: nowhere, served: undefined })
    const served = serves ? value : above?.served
    if (value !== undefined) entries.set(key, { value, served })
    else if (above) entries.set(key, { value: served ?? nowhere, served })
  }
  return new Map([...entries].map(([key, { value }]) => [key, value]))
}

/** Shorter keys first; what is left of a host before its root; /sub before /sub/, whose key is the same. */
const byKey = (a: PathKeys & PathRule, b: PathKeys & PathRule): number =>
  a.key.length - b.key.length ||
  Number(b.fallback ?? false) - Number(a.fallback ?? false) ||
  a.path.length - b.path.length ||
  (a.key < b.key ? -1 : 1)

function longestPrefix(entries: ReadonlyMap<string, Entry>, key: string): Entry | undefined {
  for (let end = key.lastIndexOf('/', key.length - 2); end >= 0; end = key.lastIndexOf('/', end - 1)) {
    const entry = entries.get(key.slice(0, end + 1))
    if (entry) return entry
    if (end === 0) return undefined
  }
  return undefined
}

/** Ids are ours: tenants' names are hashed, so that no text of theirs can be one. */
export const shortHash = (...parts: readonly (string | number)[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 12)
