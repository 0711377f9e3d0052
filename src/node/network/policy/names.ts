import type { NameSet } from '../../../datapath/policy/name-sets.ts'
import type { Ruleset } from '../../../datapath/policy/ruleset.ts'
import type { Clock } from '../../../lib/clock.ts'
import type { Ip } from '../../../lib/ip.ts'
import { familyOf } from '../../../lib/ip.ts'
import { keysOf, patternKey } from '../../../model/policy/names.ts'
import type { NamedAddress } from '../../../wire/names/messages.ts'
import type { Element, Table } from '../../../wire/nft/command.ts'
import { addressText, nft } from '../../../wire/nft/text.ts'
import { transaction } from '../../../wire/nft/transaction.ts'

/** Whoever asks again at each connection, since a name lives for no time, still needs a moment for it. */
const LEAST_SECONDS = 5
/** The answer takes time to arrive, and whoever got it counts from then. */
const GRACE_SECONDS = 2
const MOST_SECONDS = 7 * 24 * 3600
/** Of all names together: whoever may go to names of his own can have as many addresses as he likes. Beyond, none is admitted. */
const MAX_ADDRESSES = 1 << 18
/** So often, at most, all of them are looked through for those whose time is over. */
const SWEEP_MS = 1000
/** Seconds that are not worth telling the kernel of again. */
const SLACK_MS = 500

/** What names lead to, as the answers said that pods of this node were given. */
export interface NameBook {
  /** Keys of all patterns that the rules speak of. */
  patternsOf(ruleset: Ruleset): readonly string[]
  /** What is known of the names of a set, for one that is made. */
  fill(set: NameSet): readonly Element[]
  /** The rules that are in force now; what none of them speaks of is forgotten. */
  follow(ruleset: Ruleset): void
  /**
   * Calls `admit` with the commands that admit the addresses wherever rules speak of the name; not at all when all are admitted
   * for as long. When it throws, so does this, and nothing was learned; so it is with more addresses than there is room for.
   */
  learn(name: string, addresses: readonly NamedAddress[], table: Table, admit: (text: string) => void): void
  /** Names that lead to the address now. */
  leadingTo(address: Ip): readonly string[]
  /** All names by what they lead to now. */
  byAddress(): Readonly<Record<Ip, readonly string[]>>
}

export function createNameBook(clock: Clock): NameBook {
  const { known, makeRoom, remember, forget } = createMemory()
  let setsByKey = new Map<string, string[]>()
  let followed: readonly string[] = []
  return {
    patternsOf: ruleset => [
      ...new Set([...ruleset.maps.values()].flatMap(({ names }) => names?.patterns.map(patternKey) ?? [])),
    ],
    fill({ family, patterns }) {
      const keys = new Set(patterns.map(patternKey))
      const ends = new Map<Ip, number>()
      for (const [name, addresses] of known) {
        if (!keysOf(name).some(key => keys.has(key))) continue
        for (const [address, endMs] of addresses) ends.set(address, Math.max(endMs, ends.get(address) ?? 0))
      }
      const nowMs = clock.monotonic()
      return [...ends].flatMap(([address, endMs]) =>
        familyOf(address) === family && endMs > nowMs ? [elementOf(address, (endMs - nowMs) / 1000)] : [],
      )
    },
    follow({ maps }) {
      const names = [...maps].filter(([, map]) => map.names)
      const now = names.map(([set]) => set).toSorted()
      if (now.join() === followed.join()) return
      followed = now
      setsByKey = new Map()
      for (const [set, map] of names)
        for (const key of map.names!.patterns.map(patternKey)) {
          const sets = setsByKey.get(key)
          if (sets) sets.push(set)
          else setsByKey.set(key, [set])
        }
      for (const name of known.keys()) if (!keysOf(name).some(key => setsByKey.has(key))) forget(name)
    },
    learn(name, addresses, table, admit) {
      const nowMs = clock.monotonic()
      const before = known.get(name)
      /** For how many seconds. */
      const fresh = new Map<Ip, number>()
      for (const { address, ttlSeconds } of addresses) {
        const seconds = Math.min(MOST_SECONDS, Math.max(LEAST_SECONDS, ttlSeconds) + GRACE_SECONDS)
        const isKnown = (before?.get(address) ?? 0) >= nowMs + seconds * 1000 - SLACK_MS
        if (!isKnown) fresh.set(address, Math.max(seconds, fresh.get(address) ?? 0))
      }
      makeRoom([...fresh.keys()].filter(address => !before?.has(address)).length, nowMs)
      const elements: Element[][] = [[], []]
      for (const [address, seconds] of fresh)
        elements[familyOf(address) === 4 ? 0 : 1]!.push(elementOf(address, seconds))
      const sets = new Set(keysOf(name).flatMap(key => setsByKey.get(key) ?? []))
      const text = [...sets].map(of => renewed(table, of, elements[of.startsWith('names4') ? 0 : 1]!)).join('')
      if (text !== '') admit(text)
      remember(name, fresh, nowMs)
    },
    leadingTo(address) {
      const nowMs = clock.monotonic()
      return [...known].filter(([, ends]) => (ends.get(address) ?? 0) > nowMs).map(([name]) => name)
    },
    byAddress() {
      const nowMs = clock.monotonic()
      const found: Record<Ip, string[]> = {}
      for (const [name, addresses] of known)
        for (const [address, endMs] of addresses) {
          if (endMs <= nowMs) continue
          found[address] ??= []
          found[address].push(name)
        }
      return found
    },
  }
}

/** What names lead to, and when that ends. */
function createMemory() {
  const known = new Map<string, Map<Ip, number>>()
  let count = 0
  let sweptMs = Number.NEGATIVE_INFINITY
  const forget = (name: string): void => {
    count -= known.get(name)?.size ?? 0
    known.delete(name)
  }
  const set = (name: string, ends: Map<Ip, number>, nowMs: number): void => {
    for (const [address, endMs] of ends) if (endMs <= nowMs) ends.delete(address)
    count += ends.size
    if (ends.size > 0) known.set(name, ends)
  }
  return {
    known: known as ReadonlyMap<string, ReadonlyMap<Ip, number>>,
    forget,
    /** Throws when there is none for so many. */
    makeRoom(more: number, nowMs: number): void {
      if (count + more > MAX_ADDRESSES && nowMs - sweptMs >= SWEEP_MS) {
        sweptMs = nowMs
        for (const [name, ends] of [...known]) {
          forget(name)
          set(name, ends, nowMs)
        }
      }
      if (count + more > MAX_ADDRESSES) throw new Error(`names lead to more than ${MAX_ADDRESSES} addresses`)
    },
    /** `fresh`: for how many seconds. */
    remember(name: string, fresh: ReadonlyMap<Ip, number>, nowMs: number): void {
      const ends = known.get(name) ?? new Map<Ip, number>()
      forget(name)
      for (const [address, seconds] of fresh) ends.set(address, nowMs + seconds * 1000)
      set(name, ends, nowMs)
    },
  }
}

const elementOf = (address: Ip, seconds: number): Element => ({
  key: nft`${addressText(address)} timeout ${Math.ceil(seconds)}s`,
})

/**
 * Adding what is there leaves its time as it is, and deleting what is not there is an error: so it is added, deleted and
 * added, in one transaction of which no packet sees the middle.
 */
function renewed(table: Table, of: string, elements: readonly Element[]): string {
  if (elements.length === 0) return ''
  const add = transaction(table, [{ do: 'add', what: 'element', of, elements }])
  const bare = elements.map(({ key }): Element => ({ key: withoutTime(key) }))
  return `${add}${transaction(table, [{ do: 'delete', what: 'element', of, elements: bare }])}${add}`
}

const withoutTime = (key: Element['key']): Element['key'] => key.slice(0, key.indexOf(' ')) as Element['key']
