import { createHash } from 'node:crypto'
import type { Family } from '../lib/ip.ts'
import type { Command, Hook } from '../wire/nft/command.ts'
import type { NftText } from '../wire/nft/text.ts'
import { at, name, nft } from '../wire/nft/text.ts'
import { CONNECTION_MARK } from './marks.ts'

/**
 * The leaf chains, shared by every Service of the same shape: `n3` picks one of three endpoints of the address, protocol
 * and port that the packet came for. `m` before it has the source address rewritten, `s` keeps a client with its backend,
 * `o` takes the endpoints of clients outside.
 */
export interface Shape {
  readonly family: Family
  readonly count: number
  readonly source: 'client' | 'node'
  readonly isSticky: boolean
  readonly endpoints: 'within' | 'outside'
}

export const shapeName = ({ family, count, source, isSticky, endpoints }: Shape): string =>
  `${source === 'node' ? 'm' : ''}${isSticky ? 's' : ''}${endpoints === 'outside' ? 'o' : ''}n${count}${family === 6 ? '-v6' : ''}`

/** In the names of what says what it holds: equal ones are one. */
export const shortHash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16)

/** A chain that is not there yet, with its rules. */
export const newChain = (text: string, rules: readonly NftText[], hook?: Hook): readonly Command[] => [
  { do: 'add', what: 'chain', name: text, ...(hook ? { hook } : {}) },
  ...rules.map((rule): Command => ({ do: 'add', what: 'rule', chain: text, rule })),
]

/** A chain with these rules and no others, whether it is there or not. */
export function chain(text: string, rules: readonly NftText[], hook?: Hook): readonly Command[] {
  const [add, ...more] = newChain(text, rules, hook)
  return [add!, { do: 'flush', what: 'chain', name: text }, ...more]
}

/** Maps and sets hold one family each. */
export const mapName = (base: string, family: Family): string => `${base}${family}`

export type Transport = 'tcp' | 'udp' | 'sctp'
export const TRANSPORTS: readonly Transport[] = ['tcp', 'udp', 'sctp']
/**
 * Maps of endpoints also hold one protocol each: their keys have an index, which only `typeof` can declare, and nft 1.0.6
 * takes no rule with `th dport` against a map that was declared with it in an earlier transaction.
 */
export const endpointsName = (endpoints: Shape['endpoints'], transport: Transport, family: Family): string =>
  `${endpoints === 'outside' ? 'outside-' : ''}endpoints-${transport}${family}`

const WORD = { 4: nft`ip`, 6: nft`ip6` } as const
export const familyWord = (family: Family): NftText => WORD[family]

/**
 * IPv4 clients are remembered. The same for IPv6 needs more registers than nft 1.0.6 can name (it aborts, and the process
 * with it): there a client's address is hashed, which holds as long as the endpoints stay the same.
 */
export const isLearned = (family: Family): boolean => family === 4

/** What a chain holds; the chains it goes to are to be made with `chainsOf`. */
function rulesOf(shape: Shape): readonly NftText[] {
  const { family } = shape
  if (shape.source === 'node')
    return [
      nft`ct mark set ct mark or ${CONNECTION_MARK.source.mask}`,
      nft`goto ${name(shapeName({ ...shape, source: 'client' }))}`,
    ]
  const ip = WORD[family]
  if (!shape.isSticky) return pick(shape, nft`numgen random mod ${shape.count}`)
  if (!isLearned(family)) return pick(shape, nft`jhash ${ip} saddr mod ${shape.count}`)
  return [
    nft`meta l4proto { tcp, udp, sctp } dnat ${ip} addr . port to ${ip} saddr . ${ip} daddr . meta l4proto . th dport map ${at(mapName('affinity', family))}`,
    nft`goto ${name(shapeName({ ...shape, isSticky: false }))}`,
  ]
}

function pick({ family, endpoints }: Shape, index: NftText): readonly NftText[] {
  const ip = WORD[family]
  return TRANSPORTS.map(transport => {
    const protocol = name(transport)
    const map = at(endpointsName(endpoints, transport, family))
    return nft`meta l4proto ${protocol} counter name service-dnat dnat ${ip} addr . port to ${ip} daddr . ${protocol} dport . ${index} map ${map}`
  })
}

/** The chain and those it leads to, innermost first. */
export function chainsOf(shape: Shape): readonly Shape[] {
  if (shape.source === 'node') return [...chainsOf({ ...shape, source: 'client' }), shape]
  if (shape.isSticky && isLearned(shape.family)) return [...chainsOf({ ...shape, isSticky: false }), shape]
  return [shape]
}

export const makeChain = (shape: Shape): readonly Command[] => chain(shapeName(shape), rulesOf(shape))

/** A chain that learns which backend a client was given, for services with session affinity of so many seconds. */
export const learnName = (seconds: number): string => `learn-${seconds}`

export function makeLearnChain(seconds: number): readonly Command[] {
  const key = nft`ip saddr . ct original ip daddr . meta l4proto . ct original proto-dst`
  const rules = TRANSPORTS.map(name).map(
    protocol =>
      nft`meta l4proto ${protocol} update @affinity4 { ${key} timeout ${seconds}s : ip daddr . ${protocol} dport }`,
  )
  return chain(learnName(seconds), rules)
}
