import type { Family, Ip } from '../lib/ip.ts'
import type { Command, Element, Table } from '../wire/nft/command.ts'
import type { NftText } from '../wire/nft/text.ts'
import { at, name, nft, quoted } from '../wire/nft/text.ts'
import type { PodSource } from './pod-rules.ts'
import { sendersOf } from './pod-rules.ts'
import { familyWord, mapName, newChain } from './shape.ts'

/** A namespace in which multicast is on. */
export interface MulticastGroup {
  readonly namespace: string
  /** Its pods of this node. */
  readonly local: readonly PodSource[]
  /** Addresses of its pods of other nodes. */
  readonly remote: readonly (readonly Ip[])[]
}

export interface MulticastPlan {
  readonly groups: readonly MulticastGroup[]
  /** What leads to all other nodes; absent where there are none, or no tunnel. */
  readonly tunnel?: string
}

/** Links see frames before addresses are looked at: copies are the frame as it was sent. */
export const MULTICAST_TABLE: Table = { family: 'netdev', name: 'fairlead-multicast' }

const FAMILIES: readonly Family[] = [4, 6]

/**
 * Copies what a pod sends to a group to all other pods of its namespace: at their own nodes those of other nodes. Whether a pod
 * hears it is its kernel's choice, which knows the groups it has joined; so nothing here follows memberships, and what asks for
 * them goes nowhere. Everything anew in one transaction; nothing where multicast is off everywhere.
 */
export function multicastTable({ groups, tunnel }: MulticastPlan): readonly Command[] {
  const anew: readonly Command[] = [
    { do: 'add', what: 'table' },
    { do: 'delete', what: 'table' },
  ]
  const here = groups.filter(({ local }) => local.length > 0)
  if (here.length === 0) return anew
  const links = here.flatMap(({ local }) => local.map(({ link }) => link))
  return [
    ...anew,
    { do: 'add', what: 'table' },
    ...FAMILIES.flatMap(maps),
    ...here.flatMap(group => copies(group, tunnel)),
    ...FAMILIES.flatMap(family => [
      ...elements(
        mapName('senders', family),
        here.flatMap(group => senders(group, family)),
      ),
      ...elements(
        mapName('far', family),
        here.flatMap(group => farSenders(group, family)),
      ),
    ]),
    ...hook('pods', links, 'senders', nft`iifname . `),
    ...(tunnel === undefined ? [] : hook('tunnel', [tunnel], 'far', nft``)),
  ]
}

function maps(family: Family): readonly Command[] {
  const type = family === 4 ? nft`ipv4_addr` : nft`ipv6_addr`
  return [
    { do: 'add', what: 'map', name: mapName('senders', family), definition: nft`type ifname . ${type} : verdict;` },
    { do: 'add', what: 'map', name: mapName('far', family), definition: nft`type ${type} : verdict;` },
  ]
}

const chainOf = ({ namespace }: MulticastGroup): string => `ns-${namespace}`

function copies(group: MulticastGroup, tunnel: string | undefined): readonly Command[] {
  const to = [...group.local.map(({ link }) => link), ...(tunnel === undefined ? [] : [tunnel])]
  const rules = to.map(link => nft`iifname != ${quoted(link)} dup to ${quoted(link)}`)
  return newChain(chainOf(group), [...rules, nft`drop`])
}

const senders = (group: MulticastGroup, family: Family): readonly Element[] =>
  group.local.flatMap(({ link, addresses }) =>
    sendersOf(addresses, family).map(address => ({
      key: nft`${quoted(link)} . ${address}`,
      value: nft`goto ${name(chainOf(group))}`,
    })),
  )

const farSenders = (group: MulticastGroup, family: Family): readonly Element[] =>
  group.remote.flatMap(addresses =>
    sendersOf(addresses, family).map(address => ({ key: nft`${address}`, value: nft`goto ${name(chainOf(group))}` })),
  )

const elements = (of: string, all: readonly Element[]): readonly Command[] =>
  all.length > 0 ? [{ do: 'add', what: 'element', of, elements: all }] : []

function hook(chain: string, devices: readonly string[], map: string, key: NftText): readonly Command[] {
  const groups = { 4: nft`ip daddr 224.0.0.0/4`, 6: nft`ip6 daddr ff00::/8` } as const
  const rules = [
    nft`${groups[4]} ip protocol igmp drop`,
    nft`${groups[6]} icmpv6 type { mld-listener-query, mld-listener-report, mld-listener-done, mld2-listener-report } drop`,
    nft`${groups[6]} icmpv6 type { nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert } accept`,
    ...FAMILIES.flatMap(family => [
      nft`${groups[family]} ${key}${familyWord(family)} saddr vmap ${at(mapName(map, family))}`,
      nft`${groups[family]} drop`,
    ]),
  ]
  return newChain(chain, rules, { type: 'filter', hook: 'ingress', devices, priority: 0 })
}
