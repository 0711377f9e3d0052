import type { PortRange } from '../../model/policy/ports.ts'
import { PORT_PROTOCOLS } from '../../model/policy/ports.ts'
import type { NftText } from '../../wire/nft/text.ts'
import { name, nft } from '../../wire/nft/text.ts'

/** What may pass: everything, or these ports, each protocol's ranges in order and apart from each other. */
export type PortSet = 'all' | readonly PortRange[]

export const NO_PORTS: PortSet = []
const LAST_PORT = 65_535

export function portSet(ranges: readonly PortRange[]): PortSet {
  const merged: PortRange[] = []
  for (const protocol of PORT_PROTOCOLS) {
    const own = ranges.filter(range => range.protocol === protocol).toSorted((a, b) => a.from - b.from)
    for (const range of own) {
      const last = merged.at(-1)
      if (last?.protocol === protocol && range.from <= last.to + 1)
        merged[merged.length - 1] = { ...last, to: Math.max(last.to, range.to) }
      else merged.push(range)
    }
  }
  return merged
}

export const union = (a: PortSet, b: PortSet): PortSet => (a === 'all' || b === 'all' ? 'all' : portSet([...a, ...b]))

export const isEmpty = (ports: PortSet): boolean => ports !== 'all' && ports.length === 0

/** One condition for each protocol; one without words where everything passes. */
export function conditions(ports: PortSet): readonly NftText[] {
  if (ports === 'all') return [nft``]
  return PORT_PROTOCOLS.flatMap(protocol => {
    const ranges = ports.filter(range => range.protocol === protocol)
    const [first] = ranges
    const word = name(protocol.toLowerCase())
    if (!first) return []
    if (first.from === 0 && first.to === LAST_PORT) return [nft`meta l4proto ${word} `]
    return [nft`${word} dport { ${joined(ranges.map(rangeText))} } `]
  })
}

const rangeText = ({ from, to }: PortRange): NftText => (from === to ? nft`${from}` : nft`${from}-${to}`)

export const joined = (texts: readonly NftText[]): NftText =>
  texts.length === 0 ? nft`` : texts.slice(1).reduce((all, text) => nft`${all}, ${text}`, texts[0]!)
