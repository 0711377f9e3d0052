/**
 * A map whose states can be kept: a snapshot costs what changes after it, not what there is. Each knows what it had where the next
 * one has something else, so old ones ask newer ones, and nothing holds an old one that nobody needs.
 */
export interface Versions<V> {
  readonly now: ReadonlyMap<string, V>
  set(key: string, value: V): void
  delete(key: string): void
  /** As it is now, for good. */
  snapshot(): ReadonlyMap<string, V>
}

export function createVersions<V>(): Versions<V> {
  const now = new Map<string, V>()
  let newest: Version<V> | undefined
  const keep = (key: string): void => {
    if (newest && !newest.before.has(key)) newest.before.set(key, now.get(key))
  }
  return {
    now,
    set(key, value) {
      keep(key)
      now.set(key, value)
    },
    delete(key) {
      keep(key)
      now.delete(key)
    },
    snapshot() {
      if (newest?.before.size === 0) return viewOf(newest, now)
      const next: Version<V> = { before: new Map() }
      if (newest) newest.next = next
      newest = next
      return viewOf(next, now)
    },
  }
}

interface Version<V> {
  /** What stood at the keys that changed between this version and the next. */
  readonly before: Map<string, V | undefined>
  next?: Version<V>
}

function viewOf<V>(version: Version<V>, now: ReadonlyMap<string, V>): ReadonlyMap<string, V> {
  const get = (key: string): V | undefined => {
    for (let one: Version<V> | undefined = version; one; one = one.next)
      if (one.before.has(key)) return one.before.get(key)
    return now.get(key)
  }
  const whole = (): ReadonlyMap<string, V> => (version.before.size === 0 && !version.next ? now : rebuilt(version, now))
  return {
    get,
    has: key => get(key) !== undefined,
    get size() {
      return whole().size
    },
    forEach: (callback, self) => whole().forEach(callback, self),
    entries: () => whole().entries(),
    keys: () => whole().keys(),
    values: () => whole().values(),
    [Symbol.iterator]: () => whole()[Symbol.iterator](),
  }
}

/** Of an old version, which is seldom asked for all it had. */
function rebuilt<V>(version: Version<V>, now: ReadonlyMap<string, V>): ReadonlyMap<string, V> {
  const versions: Version<V>[] = []
  for (let one: Version<V> | undefined = version; one; one = one.next) versions.unshift(one)
  const whole = new Map(now)
  for (const { before } of versions)
    for (const [key, value] of before) {
      if (value === undefined) whole.delete(key)
      else whole.set(key, value)
    }
  return whole
}
