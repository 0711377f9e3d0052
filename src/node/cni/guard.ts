import type { PodSource } from '../../datapath/pod-rules.ts'
import { flushPods, PODS_ARP_TABLE, PODS_TABLE, podElements, podTables } from '../../datapath/pod-rules.ts'
import type { Netns } from '../../host/netns/mod.ts'
import type { Nft, NftDriver } from '../../host/nft/mod.ts'
import { NftError } from '../../host/nft/mod.ts'
import { familyOf } from '../../lib/ip.ts'
import type { Command, Table } from '../../wire/nft/command.ts'
import { transaction } from '../../wire/nft/transaction.ts'

/** What pods of the node may send, and as whom. Everything stays in the kernel when the agent ends. */
export interface Guard {
  /** From now on these pods send, and no others. */
  reload(pods: readonly PodSource[]): void
  /** Before the pod's link is up. Throws NftError. */
  admit(pod: PodSource): void
  dismiss(pod: PodSource): void
  /** Whether the kernel still has the rules, and lets the pod send. */
  holds(pod: PodSource): boolean
  /** Whether the kernel still has the rules. */
  stands(): boolean
}

export interface GuardOptions {
  readonly node: Netns
  /** The cloud's metadata and machine-config ports are refused to pods. */
  readonly refusesNodeServices: boolean
}

type At = readonly (readonly [Table, Command])[]

const NAMES = [PODS_TABLE, PODS_ARP_TABLE].map(({ family, name }) => `${family} ${name}`)

export function createGuard(driver: NftDriver, { node, refusesNodeServices }: GuardOptions): Guard {
  const text = (logs: boolean): string =>
    podTables({ refusesNodeServices, logs })
      .map(([table, commands]) => transaction(table, commands))
      .join('')
  /** The tables and what comes into them. Not every kernel can log; the rules hold without. */
  const load = (nft: Nft, elements: string): void => {
    try {
      nft.run(text(true) + elements)
    } catch (error) {
      if (!(error instanceof NftError)) throw error
      nft.run(text(false) + elements)
    }
  }
  const use = <T>(act: (nft: Nft) => T): T => {
    const nft = driver.open(node)
    try {
      return act(nft)
    } finally {
      nft.close()
    }
  }
  const stand = (nft: Nft): boolean => {
    const present = new Set(nft.tables())
    return NAMES.every(name => present.has(name))
  }
  return {
    reload: pods => use(nft => load(nft, printed(flushPods) + printed(podElements('add', pods)))),
    admit: pod =>
      use(nft => {
        const elements = printed(podElements('add', [pod]))
        try {
          nft.run(elements)
        } catch (error) {
          if (!(error instanceof NftError)) throw error
          // Something else has taken the tables away.
          load(nft, elements)
        }
      }),
    dismiss: pod =>
      use(nft => {
        // Half of it may be gone: what is added first can be deleted.
        const text = printed([...podElements('add', [pod]), ...podElements('delete', [pod])])
        if (stand(nft)) nft.run(text)
      }),
    holds: ({ link, addresses }) =>
      use(nft => {
        const linksIn = (set: string): readonly string[] =>
          (nft.elements(PODS_TABLE.family, PODS_TABLE.name, set) ?? []).map(linkIn)
        return stand(nft) && addresses.every(address => linksIn(`sources${familyOf(address)}`).includes(link))
      }),
    stands: () => use(stand),
  }
}

const printed = (all: At): string => all.map(([table, command]) => transaction(table, [command])).join('')

/** The link of an element as nft lists it. */
function linkIn(element: unknown): string {
  const { concat } = element as { readonly concat?: readonly unknown[] }
  return String(concat?.[0] ?? '')
}
