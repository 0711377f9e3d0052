import { cidrText } from '../../lib/cidr.ts'
import type { Family } from '../../lib/ip.ts'
import type { NetPeer } from '../../model/policy/types.ts'
import { nft } from '../../wire/nft/text.ts'
import { shortHash } from '../shape.ts'
import type { Interval } from './intervals.ts'
import { disjoint, intervalsOf, intervalText } from './intervals.ts'
import type { PortUnion, PortUnions } from './port-unions.ts'
import type { RulesetMap } from './ruleset.ts'
import { addressType } from './skeleton.ts'

/** A network of a rule, and what the rule lets through. */
export interface Net {
  readonly peer: NetPeer
  readonly ports: PortUnion
}

/** Networks as a map of intervals that do not overlap, each with what holds there. */
export interface NetMap {
  /** It says what the map holds: an interval map is never edited. */
  readonly name: string
  readonly map: RulesetMap
  /** What its elements stand for. */
  readonly ports: readonly PortUnion[]
}

export interface NetMaps {
  of(family: Family, nets: readonly Net[]): NetMap
}

/** Beyond it all is forgotten, and made again where it is needed. */
const MOST = 1000

/** Classes that speak of the same networks share a map, which is made once. */
export function createNetMaps(unions: PortUnions): NetMaps {
  const known = new Map<string, NetMap>()
  const texts = new WeakMap<NetPeer, string>()
  const textOf = (peer: NetPeer): string => {
    const known = texts.get(peer)
    if (known !== undefined) return known
    const text = [peer.cidr, ...peer.except].map(cidrText).join('-')
    texts.set(peer, text)
    return text
  }
  return {
    of(family, nets) {
      const key = `${family} ${nets.map(({ peer, ports }) => `${textOf(peer)}=${ports.id}`).join()}`
      const found = known.get(key)
      if (found) return found
      if (known.size >= MOST) known.clear()
      const made = netMap(family, nets, unions)
      known.set(key, made)
      return made
    },
  }
}

function netMap(family: Family, nets: readonly Net[], unions: PortUnions): NetMap {
  const marked = nets.flatMap(({ peer, ports }) => intervalsOf(peer).map(interval => ({ interval, value: ports })))
  const combined: readonly { readonly interval: Interval; readonly value: PortUnion }[] = disjoint(marked, values => {
    const value = values.reduce((all, ports) => unions.add(all, ports), unions.none)
    return { key: String(value.id), value }
  })
  const elements = new Map(
    combined.map(({ interval, value }) => [intervalText(interval, family), value.number] as const),
  )
  const definition = nft`type ${addressType(family)} : mark; flags interval;`
  const name = `nets-${shortHash([...elements].flat().join('\n'))}`
  return { name, map: { definition, elements }, ports: [...new Set(combined.map(({ value }) => value))] }
}
