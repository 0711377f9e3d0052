import type { Command, Element } from '../../wire/nft/command.ts'
import type { NftText } from '../../wire/nft/text.ts'
import type { Group } from '../../wire/nft/transaction.ts'
import type { NameSet } from './name-sets.ts'

export interface RulesetMap {
  readonly definition: NftText
  readonly elements: ReadonlyMap<NftText, NftText>
  /** It is a set of addresses of names, and filled as these become known. */
  readonly names?: NameSet
}

/** What is in a set of addresses of names when it is made. */
export type FillNames = (set: NameSet, name: string) => readonly Element[]

/** The part of a table that changes: chains without hooks, and maps, by name. Values that are the same object are equal. */
export interface Ruleset {
  readonly chains: ReadonlyMap<string, readonly NftText[]>
  readonly maps: ReadonlyMap<string, RulesetMap>
}

export const EMPTY: Ruleset = { chains: new Map(), maps: new Map() }

/**
 * What turns one ruleset into another. First what is new, which no packet meets yet and may therefore come in pieces; then
 * everything that packets meet, as one group; then what nothing leads to any more.
 */
export function rulesetChange(old: Ruleset, next: Ruleset, fill: FillNames = () => []): readonly Group[] {
  const inPlace = [...changedMaps(old, next), ...changedChains(old, next)]
  return [...made(old, next, fill), ...(inPlace.length > 0 ? [inPlace] : []), ...gone(old, next)]
}

function made(old: Ruleset, next: Ruleset, fill: FillNames): readonly Group[] {
  const chains = [...next.chains].filter(([name]) => !old.chains.has(name))
  const maps = [...next.maps].filter(([name]) => !old.maps.has(name))
  return [
    ...chains.map(([name]): Group => [{ do: 'add', what: 'chain', name }]),
    ...maps.map(([name, map]): Group => [{ do: 'add', what: wordOf(map), name, definition: map.definition }]),
    ...chains.flatMap(([name, rules]) => rules.map((rule): Group => [{ do: 'add', what: 'rule', chain: name, rule }])),
    ...maps.flatMap(([name, { elements, names }]) =>
      [...[...elements].map(([key, value]): Element => ({ key, value })), ...(names ? fill(names, name) : [])].map(
        (element): Group => [{ do: 'add', what: 'element', of: name, elements: [element] }],
      ),
    ),
  ]
}

const wordOf = ({ names }: RulesetMap): 'map' | 'set' => (names ? 'set' : 'map')

function changedMaps(old: Ruleset, next: Ruleset): readonly Command[] {
  const commands: Command[] = []
  for (const [of, map] of next.maps) {
    const before = old.maps.get(of)
    if (!before || before === map) continue
    for (const [key, value] of before.elements)
      if (map.elements.get(key) !== value) commands.push({ do: 'delete', what: 'element', of, elements: [{ key }] })
    for (const [key, value] of map.elements)
      if (before.elements.get(key) !== value)
        commands.push({ do: 'add', what: 'element', of, elements: [{ key, value }] })
  }
  return commands
}

const changedChains = (old: Ruleset, next: Ruleset): readonly Command[] =>
  [...next.chains].flatMap(([name, rules]): readonly Command[] => {
    const before = old.chains.get(name)
    if (!before || before === rules || before.join('\n') === rules.join('\n')) return []
    return [
      { do: 'flush', what: 'chain', name },
      ...rules.map((rule): Command => ({ do: 'add', what: 'rule', chain: name, rule })),
    ]
  })

/** Rules first, then maps, whose elements may lead to chains, then chains. */
function gone(old: Ruleset, next: Ruleset): readonly Group[] {
  const chains = [...old.chains.keys()].filter(name => !next.chains.has(name))
  const maps = [...old.maps].filter(([name]) => !next.maps.has(name))
  return [
    ...chains.map((name): Group => [{ do: 'flush', what: 'chain', name }]),
    ...maps.map(([name, map]): Group => [{ do: 'delete', what: wordOf(map), name }]),
    ...chains.map((name): Group => [{ do: 'delete', what: 'chain', name }]),
  ]
}
