import type { Family, Ip } from '../lib/ip.ts'
import type { Command } from '../wire/nft/command.ts'
import type { NftText } from '../wire/nft/text.ts'
import { addressText, nft } from '../wire/nft/text.ts'
import type { Lowered } from './lower.ts'
import { endpointsName, isLearned, mapName, TRANSPORTS } from './shape.ts'

/** One element of one map or set of the table. */
export interface Entry {
  readonly of: string
  readonly key: NftText
  readonly value?: NftText
}

const VERDICT_MAPS = ['services', 'outside', 'refused', 'sticky', 'admit'] as const
const ENDPOINT_MAPS = [
  ['within', 'endpoints'],
  ['outside', 'outsideEndpoints'],
] as const

/** Every map and set that elements are written to, without the one that clients write to (affinity). */
export const elementMaps = (family: Family): readonly string[] => [
  ...VERDICT_MAPS.filter(base => base !== 'sticky' || isLearned(family)).map(base => mapName(base, family)),
  ...['cluster-ips', 'nodes'].map(base => mapName(base, family)),
  ...ENDPOINT_MAPS.flatMap(([which]) => TRANSPORTS.map(transport => endpointsName(which, transport, family))),
]

export const setEntry = (base: 'cluster-ips' | 'nodes', address: Ip): Entry => ({
  of: mapName(base, address.includes(':') ? 6 : 4),
  key: addressText(address),
})

/** The elements of a front. Its ClusterIP's is not among them: several fronts share it. */
export function entriesOf(lowered: Lowered): readonly Entry[] {
  const entries: Entry[] = []
  for (const base of VERDICT_MAPS) {
    const value = lowered[base]
    if (value !== undefined) entries.push({ of: mapName(base, lowered.family), key: lowered.key, value })
  }
  for (const [which, field] of ENDPOINT_MAPS) {
    const of = endpointsName(which, lowered.transport, lowered.family)
    for (const [index, value] of lowered[field].entries())
      entries.push({ of, key: nft`${lowered.slot} . ${index}`, value })
  }
  return entries
}

/** What turns one front into another, of the same key. Elements that stay the same are not touched. */
export function changeOf(old: Lowered | undefined, next: Lowered | undefined): readonly Command[] {
  const commands: Command[] = []
  const { family, transport, key, slot } = (next ?? old)!
  const change = (of: string, at: NftText, before: NftText | undefined, after: NftText | undefined): void => {
    if (before === after) return
    if (before !== undefined) commands.push(deleting({ of, key: at }))
    if (after !== undefined) commands.push(adding({ of, key: at, value: after }))
  }
  for (const base of VERDICT_MAPS) change(mapName(base, family), key, old?.[base], next?.[base])
  for (const [which, field] of ENDPOINT_MAPS) {
    const of = endpointsName(which, transport, family)
    const before = old?.[field] ?? []
    const after = next?.[field] ?? []
    for (let i = 0; i < Math.max(before.length, after.length); i++)
      if (before[i] !== after[i]) change(of, nft`${slot} . ${i}`, before[i], after[i])
  }
  return commands
}

export const adding = ({ of, ...element }: Entry): Command => ({
  do: 'add',
  what: 'element',
  of,
  elements: [element],
})

export const deleting = ({ of, key }: Entry): Command => ({ do: 'delete', what: 'element', of, elements: [{ key }] })
