import type { Family } from '../../lib/ip.ts'
import type { Direction } from '../../model/policy/types.ts'
import { DIRECTIONS } from '../../model/policy/types.ts'
import type { Command, Table } from '../../wire/nft/command.ts'
import type { NftText } from '../../wire/nft/text.ts'
import { at, name, nft, quoted } from '../../wire/nft/text.ts'
import { CONNECTION_MARK, PLACES } from '../marks.ts'
import { POD_LINKS } from '../options.ts'
import { familyWord, mapName, newChain } from '../shape.ts'

/** Policy is loaded into the table that is not there, then the other one goes: in between both hold, and never none. */
export const POLICY_TABLES: readonly [Table, Table] = [
  { family: 'inet', name: 'fairlead-policy-a' },
  { family: 'inet', name: 'fairlead-policy-b' },
]

/** Where denied packets, and those whose allowance is to be told, are logged: with the verdict and the direction. */
export const POLICY_LOG_GROUP = 4097
/** At most so many a second of each chain; the packets of a flood are alike. OVN-Kubernetes' acl-logging-rate-limit. */
const LOGGED_PER_SECOND = 20

export const POLICY_COUNTERS = ['egress-denied', 'ingress-denied', 'firewall-denied'] as const

const FAMILIES: readonly Family[] = [4, 6]
/** One bit of the field. */
const DENIED = 0x0000_0100
const { mask: VERDICT } = CONNECTION_MARK.verdict
const UNDENIED = (0xffff_ffff ^ VERDICT) >>> 0

/** Names of the maps that every pod is looked up in. In which namespace whoever has an address is, as a number. */
export const whereMap = (family: Family): string => mapName('where', family)
/** Who has an address, as a number. */
export const whoMap = (family: Family): string => mapName('who', family)
/** Where the namespace's egress firewall is. */
export const firewallMap = (family: Family): string => mapName('firewall', family)
/** The number of what a pod's packets of the direction meet. */
export const podMap = (direction: Direction, family: Family): string => mapName(leadMap(direction), family)
/** What these numbers lead to. */
export const leadMap = (direction: Direction): string => (direction === 'egress' ? 'from' : 'to')

/** All of those. */
export const dispatchMaps = (): readonly string[] => [
  ...FAMILIES.flatMap(family => [whereMap, whoMap, firewallMap].map(of => of(family))),
  ...DIRECTIONS.flatMap(direction => [...FAMILIES.map(family => podMap(direction, family)), leadMap(direction)]),
]

export const addressType = (family: Family): NftText => (family === 4 ? nft`ipv4_addr` : nft`ipv6_addr`)
export const markDefinition = (family: Family): NftText => nft`type ${addressType(family)} : mark;`
export const verdictDefinition = (family: Family): NftText => nft`type ${addressType(family)} : verdict;`

/** What dropped a packet: each has a chain and a counter of its own. */
type Denier = 'egress' | 'ingress' | 'firewall'
export const denyChain = (by: Denier): string => `deny-${by}`

export const logRule = (prefix: string): NftText =>
  nft`limit rate ${LOGGED_PER_SECOND}/second burst ${LOGGED_PER_SECOND} packets log prefix ${quoted(`${prefix} `)} group ${POLICY_LOG_GROUP} snaplen 128 queue-threshold 1`

/** What elements may lead to. It must stand before the maps are filled. Kernels without nfnetlink_log refuse `logs`. */
export const policyFoundation = ({ logs }: { readonly logs: boolean }): readonly Command[] => [
  ...POLICY_COUNTERS.map((counter): Command => ({ do: 'add', what: 'counter', name: counter })),
  ...(['egress', 'ingress', 'firewall'] as const).flatMap(by =>
    newChain(denyChain(by), [
      // Whoever was allowed before and is not any more: what comes back is dropped too.
      nft`ct state established ct mark set ct mark or ${DENIED}`,
      ...(logs ? [logRule(`deny-${by}`)] : []),
      nft`counter name ${name(`${by}-denied`)} drop`,
    ]),
  ),
]

/** Chains that see packets; they need the maps. */
export function policyHooks(options: { readonly policesOwnNode: boolean }): readonly Command[] {
  const fromPods = nft`iifname ${quoted(POD_LINKS)} goto egress`
  return [
    // The firewall comes first because its chains return: policy's accept what they allow, and end the hook.
    ...newChain('egress', [
      ...beforehand(),
      ...FAMILIES.map(family => nft`${field(family, 'saddr')} vmap ${at(firewallMap(family))}`),
      ...dispatch('egress'),
    ]),
    ...newChain('ingress', [...beforehand(), ...dispatch('ingress')]),
    ...newChain('to-pod', [
      // What the node itself sends to its own pods, the probes of its kubelet above all, is never denied.
      nft`iifname != ${quoted(POD_LINKS)} fib saddr type local accept`,
      nft`goto ingress`,
    ]),
    ...(options.policesOwnNode ? newChain(PLACES.inputPolicy.chain, [fromPods], PLACES.inputPolicy) : []),
    ...newChain(PLACES.egressPolicy.chain, [fromPods], PLACES.egressPolicy),
    ...newChain(PLACES.ingressPolicy.chain, [nft`oifname ${quoted(POD_LINKS)} goto to-pod`], PLACES.ingressPolicy),
  ]
}

/**
 * Every packet of the direction in which the connection was made is judged anew, so a policy that becomes tighter cuts
 * what is under way; what comes back passes unless that was cut.
 */
const beforehand = (): readonly NftText[] => [
  nft`ct state related accept`,
  nft`ct direction reply ct mark and ${VERDICT} == 0 accept`,
  nft`ct direction reply drop`,
  // Neighbours must be found, whatever is denied.
  nft`icmpv6 type { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert, nd-redirect } accept`,
  nft`ct mark and ${VERDICT} != 0 ct mark set ct mark and ${UNDENIED}`,
]

/** A lookup that finds nothing leaves the old mark, so it is cleared first. */
const marked = (side: Side, map: (family: Family) => string): readonly NftText[] => [
  nft`meta mark set 0`,
  ...FAMILIES.map(family => nft`meta mark set ${field(family, side)} map ${at(map(family))}`),
]

/** Who is on the other side of a packet of the direction. */
export const identify = (direction: Direction): readonly NftText[] => [
  ...marked(peerSide(direction), whoMap),
  ...(direction === 'ingress' ? hairpins() : []),
]

/** In which namespace that is. */
export const locate = (direction: Direction): readonly NftText[] => marked(peerSide(direction), whereMap)

/** A pod that reaches itself by way of a Service comes from an address that is nobody's: it is itself all the same. */
const hairpins = (): readonly NftText[] =>
  FAMILIES.map(
    family =>
      nft`ct mark and ${CONNECTION_MARK.hairpin.mask} != 0 meta mark set ct original ${field(family, 'saddr')} map ${at(whoMap(family))}`,
  )

/** To what the pod's packets of the direction meet. */
const dispatch = (direction: Direction): readonly NftText[] => [
  ...marked(direction === 'egress' ? 'saddr' : 'daddr', family => podMap(direction, family)),
  nft`meta mark vmap ${at(leadMap(direction))}`,
]

type Side = 'saddr' | 'daddr'
/** Where a packet of the direction says who the other side is. */
export const peerSide = (direction: Direction): Side => (direction === 'egress' ? 'daddr' : 'saddr')

export const field = (family: Family, side: Side): NftText =>
  side === 'saddr' ? nft`${familyWord(family)} saddr` : nft`${familyWord(family)} daddr`
