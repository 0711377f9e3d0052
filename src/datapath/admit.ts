import type { Cidr } from '../lib/cidr.ts'
import { cidrText, contains } from '../lib/cidr.ts'
import type { Family } from '../lib/ip.ts'
import type { Command } from '../wire/nft/command.ts'
import { name, nft, oneOf } from '../wire/nft/text.ts'
import { chain, familyWord, shortHash } from './shape.ts'

/** The ranges of one family, ordered, without those that lie in another: nft takes no ranges that overlap. */
export function widest(ranges: readonly Cidr[], family: Family): readonly Cidr[] {
  const own = ranges.filter(range => range.family === family).toSorted((a, b) => a.bits - b.bits)
  const kept: Cidr[] = []
  for (const range of own) if (!kept.some(wider => contains(wider, range.address))) kept.push(range)
  return kept.toSorted((a, b) => (cidrText(a) < cidrText(b) ? -1 : 1))
}

/** Services with the same ranges share a chain; it is named after them. */
export const admitName = (ranges: readonly Cidr[]): string => `admit-${shortHash(ranges.map(cidrText).join())}`

/** A chain that drops who is in none of the ranges. */
export function makeAdmitChain(ranges: readonly Cidr[]): readonly Command[] {
  const [first] = ranges
  return chain(admitName(ranges), [
    ...(first ? [nft`${familyWord(first.family)} saddr ${oneOf(ranges)} return`] : []),
    nft`counter name ${name('source-drop')} drop`,
  ])
}
