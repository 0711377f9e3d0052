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
/** Beyond it, what was learned first is forgotten first: it stays in the sets that have it. */
const MAX_NAMES = 50_000
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
   * for as long. When it throws, so does this, and nothing was learned.
   */
  learn(name: string, addresses: readonly NamedAddress[], table: Table, admit: (text: string) => void): void
  /** Names that lead to the address now. */
  leadingTo(address: Ip): readonly string[]
  /** All names by what they lead to now. */
  byAddress(): Readonly<Record<Ip, readonly string[]>>
}

export function createNameBook(clock: Clock): NameBook {
  /** When what a name leads to ends. */
  const known = new Map<string, Map<Ip, number>>()
  let setsByKey = new Map<string, string[]>()
  let followed: readonly string[] = []
  const remember = (name: string): Map<Ip, number> => {
    const addresses = known.get(name) ?? new Map<Ip, number>()
    if (!known.has(name) && known.size >= MAX_NAMES) known.delete(known.keys().next().value!)
    known.set(name, addresses)
    return addresses
  }
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
      for (const name of known.keys()) if (!keysOf(name).some(key => setsByKey.has(key))) known.delete(name)
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
      const elements: Element[][] = [[], []]
      for (const [address, seconds] of fresh)
        elements[familyOf(address) === 4 ? 0 : 1]!.push(elementOf(address, seconds))
      const sets = new Set(keysOf(name).flatMap(key => setsByKey.get(key) ?? []))
      const text = [...sets].map(of => renewed(table, of, elements[of.startsWith('names4') ? 0 : 1]!)).join('')
      if (text !== '') admit(text)
      const ends = remember(name)
      for (const [address, endMs] of ends) if (endMs <= nowMs) ends.delete(address)
      for (const [address, seconds] of fresh) ends.set(address, nowMs + seconds * 1000)
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
