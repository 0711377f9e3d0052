import type { Nft } from '../../host/nft/mod.ts'
import type { Family, Ip } from '../../lib/ip.ts'
import { familyOf } from '../../lib/ip.ts'
import type { Command, Table } from '../../wire/nft/command.ts'
import { listed } from '../../wire/nft/listed.ts'
import { addressText, at, nft } from '../../wire/nft/text.ts'
import { transaction } from '../../wire/nft/transaction.ts'

/** One fence's tables: those of load balancers, unless another name is given. */
const tableOf = (family: Family, name: string): Table => ({ family: family === 4 ? 'arp' : 'ip6', name })
const BALANCERS = 'fairlead-announce'
export const FENCE = tableOf(4, BALANCERS)
export const FENCE6 = tableOf(6, BALANCERS)

/**
 * The kernel's own guard: this node answers ARP and neighbour solicitations for a guarded address only while somebody renews its
 * claim. An agent that is dead or stuck stops answering by that, without anybody's help.
 */
export interface Fence {
  /** Nobody is told of these addresses without a claim. */
  guard(addresses: readonly Ip[]): void
  /** Claims them for so long from now. */
  renew(addresses: readonly Ip[], forMs: number): void
  giveUp(addresses: readonly Ip[]): void
}

/** What an agent before this one guarded; undefined when there was none. */
export const guardedBefore = (kernel: Nft, name = BALANCERS): ReadonlySet<string> | undefined => {
  const elements = FAMILIES.map(family => kernel.elements(tableOf(family, name).family, name, 'balancers'))
  if (elements.every(found => found === undefined)) return undefined
  return new Set(elements.flatMap(found => found ?? []).flatMap(element => listed(element)?.key ?? []))
}

const FAMILIES: readonly Family[] = [4, 6]

/** The tables are made anew, that of IPv6 when it is first needed: claims of an agent before are gone. */
export function createFence(kernel: Nft, name = BALANCERS): Fence {
  const [four, six] = [tableOf(4, name), tableOf(6, name)]
  const made = new Map<Family, OneFence>([[4, createOne(kernel, 4, four)]])
  if (kernel.elements(six.family, six.name, 'balancers')) made.set(6, createOne(kernel, 6, six))
  const each = (addresses: readonly Ip[], act: (fence: OneFence, own: readonly Ip[]) => void): void => {
    if (!made.has(6) && addresses.some(address => familyOf(address) === 6)) made.set(6, createOne(kernel, 6, six))
    for (const [family, fence] of made)
      act(
        fence,
        addresses.filter(address => familyOf(address) === family),
      )
  }
  return {
    guard: addresses => each(addresses, (fence, own) => fence.guard(own)),
    renew: (addresses, forMs) => each(addresses, (fence, own) => fence.renew(own, forMs)),
    giveUp: addresses => each(addresses, (fence, own) => fence.giveUp(own)),
  }
}

type OneFence = Fence

/** ARP is refused when it asks; an advertisement when it leaves, since nft 1.0.6 cannot name what a solicitation asks for. */
const RULES = {
  4: nft`arp daddr ip ${at('balancers')} arp daddr ip != ${at('claimed')} drop`,
  6: nft`icmpv6 type nd-neighbor-advert ip6 saddr ${at('balancers')} ip6 saddr != ${at('claimed')} drop`,
} as const

function createOne(kernel: Nft, family: Family, table: Table): OneFence {
  const type = family === 4 ? nft`ipv4_addr` : nft`ipv6_addr`
  const hook = family === 4 ? 'input' : 'output'
  const commands: readonly Command[] = [
    { do: 'add', what: 'set', name: 'balancers', definition: nft`type ${type};` },
    { do: 'add', what: 'set', name: 'claimed', definition: nft`type ${type}; flags timeout;` },
    { do: 'add', what: 'chain', name: 'answers', hook: { type: 'filter', hook, priority: 0 } },
    { do: 'add', what: 'rule', chain: 'answers', rule: RULES[family] },
  ]
  kernel.run(
    transaction(table, [
      { do: 'add', what: 'table' },
      { do: 'delete', what: 'table' },
      { do: 'add', what: 'table' },
      ...commands,
    ]),
  )
  const elements = (what: 'add' | 'delete', of: string, addresses: readonly Ip[], forMs?: number): string =>
    transaction(table, [
      {
        do: what,
        what: 'element',
        of,
        elements: addresses.map(address => ({
          key: forMs === undefined ? addressText(address) : nft`${address} timeout ${forMs}ms`,
        })),
      },
    ])
  // What has expired cannot be deleted, and what is there is not prolonged by being added: so it is added, deleted, added.
  const drop = (of: string, addresses: readonly Ip[]): string =>
    elements('add', of, addresses) + elements('delete', of, addresses)
  return {
    guard(addresses) {
      const flush = transaction(table, [{ do: 'flush', what: 'set', name: 'balancers' }])
      kernel.run(flush + (addresses.length > 0 ? elements('add', 'balancers', addresses) : ''))
    },
    renew(addresses, forMs) {
      if (addresses.length > 0) kernel.run(drop('claimed', addresses) + elements('add', 'claimed', addresses, forMs))
    },
    giveUp(addresses) {
      if (addresses.length > 0) kernel.run(drop('claimed', addresses))
    },
  }
}
