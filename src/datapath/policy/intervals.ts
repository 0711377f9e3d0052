import type { Cidr } from '../../lib/cidr.ts'
import { sizeOf } from '../../lib/cidr.ts'
import type { Family } from '../../lib/ip.ts'
import { ipOf, ipToBigint } from '../../lib/ip.ts'
import type { NetPeer } from '../../model/policy/types.ts'
import type { NftText } from '../../wire/nft/text.ts'
import { addressText, nft } from '../../wire/nft/text.ts'

/** Addresses from one to another, both included. */
export interface Interval {
  readonly from: bigint
  readonly to: bigint
}

const intervalOf = (cidr: Cidr): Interval => {
  const from = ipToBigint(cidr.address)
  return { from, to: from + sizeOf(cidr) - 1n }
}

/** A network without its exceptions, as intervals in order and apart from each other. */
export function intervalsOf({ cidr, except }: NetPeer): readonly Interval[] {
  const whole = intervalOf(cidr)
  const holes = except
    .filter(({ family }) => family === cidr.family)
    .map(intervalOf)
    .filter(hole => hole.from <= whole.to && hole.to >= whole.from)
    .toSorted((a, b) => (a.from < b.from ? -1 : 1))
  const parts: Interval[] = []
  let from = whole.from
  for (const hole of holes) {
    if (hole.from > from) parts.push({ from, to: hole.from - 1n })
    if (hole.to >= from) from = hole.to + 1n
  }
  if (from <= whole.to) parts.push({ from, to: whole.to })
  return parts
}

/**
 * Intervals that overlap as such that do not, each with all the values that hold there, combined. Neighbours with the
 * same value (by `key`) become one. `combine` is called once for each set of values that meet.
 */
export function disjoint<T>(
  marked: readonly { readonly interval: Interval; readonly value: T }[],
  combine: (values: readonly T[]) => { readonly key: string; readonly value: T },
): readonly { readonly interval: Interval; readonly value: T }[] {
  const edges = marked.flatMap(({ interval: { from, to } }, id) => [
    { at: from, id, opens: true },
    { at: to + 1n, id, opens: false },
  ])
  edges.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
  const result: { interval: Interval; value: T; key: string }[] = []
  const open = new Set<number>()
  let i = 0
  while (i < edges.length) {
    const { at } = edges[i]!
    for (; i < edges.length && edges[i]!.at === at; i++) {
      if (edges[i]!.opens) open.add(edges[i]!.id)
      else open.delete(edges[i]!.id)
    }
    if (open.size === 0 || i === edges.length) continue
    const { key, value } = combine([...open].map(id => marked[id]!.value))
    const to = edges[i]!.at - 1n
    const last = result.at(-1)
    if (last && last.key === key && last.interval.to + 1n === at)
      result[result.length - 1] = { ...last, interval: { from: last.interval.from, to } }
    else result.push({ interval: { from: at, to }, value, key })
  }
  return result
}

export const intervalText = ({ from, to }: Interval, family: Family): NftText => {
  const first = addressText(ipOf(from, family))
  return from === to ? first : nft`${first}-${addressText(ipOf(to, family))}`
}
