import { createHash } from 'node:crypto'
import type { NftText } from '../../wire/nft/text.ts'
import { numberText } from '../../wire/nft/text.ts'

/** Above all numbers of identities and namespaces: in a packet's mark they cannot be taken for each other. */
const FIRST = 0x8000_0000

export interface Numbers {
  of(text: string): NftText
  /** How many texts it remembers: all that it was asked for. */
  readonly size: number
}

/** A number for each text, the same in every process as long as no two texts meet in one; then the later one has the next. */
export function createNumbers(): Numbers {
  const byText = new Map<string, NftText>()
  const taken = new Set<NftText>()
  const give = (text: string): NftText => {
    let value = createHash('sha256').update(text).digest().readUInt32BE(0)
    let number: NftText
    do number = numberText((FIRST | value++) >>> 0)
    while (taken.has(number))
    taken.add(number)
    byText.set(text, number)
    return number
  }
  return {
    of: text => byText.get(text) ?? give(text),
    get size() {
      return byText.size
    },
  }
}
