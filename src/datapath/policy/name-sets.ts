import { createHash } from 'node:crypto'
import type { Family } from '../../lib/ip.ts'
import type { NamePattern } from '../../model/policy/names.ts'
import { patternKey } from '../../model/policy/names.ts'
import type { NftText } from '../../wire/nft/text.ts'
import { at, nft } from '../../wire/nft/text.ts'
import type { MarkField } from '../marks.ts'
import { shortHash } from '../shape.ts'
import type { RulesetMap } from './ruleset.ts'
import { addressType, field } from './skeleton.ts'

/** Whose addresses a set holds. What is in it, nobody compiles: answers to pods' questions put it there, each for a while. */
export interface NameSet {
  readonly family: Family
  readonly patterns: readonly NamePattern[]
}

/** The set of the addresses of some names; the same for all who speak of the same names. */
export function nameSet(
  patterns: readonly NamePattern[],
  family: Family,
): { readonly name: string; readonly set: RulesetMap } {
  const keys = [...new Set(patterns.map(patternKey))].toSorted()
  return {
    name: `names${family}-${shortHash(keys.join('\n'))}`,
    set: {
      definition: nft`type ${addressType(family)}; flags timeout;`,
      elements: new Map(),
      names: { family, patterns },
    },
  }
}

/**
 * Who may go to an address of the set now, and who went there while it was one: what a connection was allowed for outlives
 * the address' time. The connection remembers which version of its rules allowed it, so that a change cuts it.
 */
export function nameRules(
  set: string,
  family: Family,
  condition: NftText,
  verdict: NftText,
  memory: { readonly in: MarkField; readonly version: number } | undefined,
): readonly NftText[] {
  const meets = nft`${condition}${field(family, 'daddr')} ${at(set)}`
  if (!memory) return [nft`${meets} ${verdict}`]
  const { mask } = memory.in
  const rest = (0xffff_ffff ^ mask) >>> 0
  const mark = (memory.version * (mask & -mask)) >>> 0
  const ofFamily = family === 4 ? nft`meta nfproto ipv4 ` : nft`meta nfproto ipv6 `
  return [
    nft`${meets} ct mark set ct mark and ${rest} or ${mark} ${verdict}`,
    nft`${condition}${ofFamily}ct state established ct mark and ${mask} == ${mark} ${verdict}`,
  ]
}

/** The versions that a field of marks tells apart, beside none. */
const ALL = { first: 1, count: 15 } as const
/** A connection bears one, whichever tier allowed it: none may take it for its own. */
export const VERSIONS_OF = { admin: { first: 1, count: 8 }, baseline: { first: 9, count: 7 } } as const

/** Numbers the versions of what each owner says, so that no two that follow each other have the same number. */
export interface Versions {
  /** `among`: the same in each call of an owner. */
  of(owner: string, content: string, among?: { readonly first: number; readonly count: number }): number
}

export function createVersions(): Versions {
  const known = new Map<string, { readonly content: string; readonly version: number }>()
  return {
    of(owner, content, { first, count } = ALL) {
      const before = known.get(owner)
      if (before?.content === content) return before.version
      // After a restart what says the same has the same number, so that connections live on.
      const index = createHash('sha256').update(content).digest().readUInt32BE(0) % count
      const version = first + (first + index === before?.version ? (index + 1) % count : index)
      known.set(owner, { content, version })
      return version
    },
  }
}
