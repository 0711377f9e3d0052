import type { Nft } from '../../host/nft/mod.ts'
import type { Ip } from '../../lib/ip.ts'
import type { Command, Table } from '../../wire/nft/command.ts'
import { listed } from '../../wire/nft/listed.ts'
import { addressText, at, nft } from '../../wire/nft/text.ts'
import { transaction } from '../../wire/nft/transaction.ts'

export const FENCE: Table = { family: 'arp', name: 'fairlead-announce' }

/**
 * The kernel's own guard: this node answers ARP for a load balancer address only while somebody renews its claim. An agent
 * that is dead or stuck stops answering by that, without anybody's help.
 */
export interface Fence {
  /** The addresses are load balancers': nobody is told of them without a claim. */
  guard(addresses: readonly Ip[]): void
  /** Claims them for so long from now. */
  renew(addresses: readonly Ip[], forMs: number): void
  giveUp(addresses: readonly Ip[]): void
}

/** What an agent before this one guarded; undefined when there was none. */
export const guardedBefore = (kernel: Nft): ReadonlySet<string> | undefined => {
  const elements = kernel.elements(FENCE.family, FENCE.name, 'balancers')
  return elements && new Set(elements.flatMap(element => listed(element)?.key ?? []))
}

/** The table is made anew: claims of an agent before are gone. */
export function createFence(kernel: Nft): Fence {
  const rule = nft`arp daddr ip ${at('balancers')} arp daddr ip != ${at('claimed')} drop`
  const commands: readonly Command[] = [
    { do: 'add', what: 'set', name: 'balancers', definition: nft`type ipv4_addr;` },
    { do: 'add', what: 'set', name: 'claimed', definition: nft`type ipv4_addr; flags timeout;` },
    { do: 'add', what: 'chain', name: 'answers', hook: { type: 'filter', hook: 'input', priority: 0 } },
    { do: 'add', what: 'rule', chain: 'answers', rule },
  ]
  kernel.run(
    transaction(FENCE, [
      { do: 'add', what: 'table' },
      { do: 'delete', what: 'table' },
      { do: 'add', what: 'table' },
      ...commands,
    ]),
  )
  const elements = (what: 'add' | 'delete', of: string, addresses: readonly Ip[], forMs?: number): string =>
    transaction(FENCE, [
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
      const flush = transaction(FENCE, [{ do: 'flush', what: 'set', name: 'balancers' }])
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
