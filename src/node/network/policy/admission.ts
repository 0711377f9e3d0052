import type { FillNames, Ruleset } from '../../../datapath/policy/ruleset.ts'
import type { Netns } from '../../../host/netns/mod.ts'
import type { Nft } from '../../../host/nft/mod.ts'
import type { Ip } from '../../../lib/ip.ts'
import type { NamedAddress } from '../../../wire/names/messages.ts'
import { createNameBook } from './names.ts'
import type { PolicyRules } from './rules.ts'
import type { NamesFrom, ServersDeps } from './servers/servers.ts'
import { createServers } from './servers/servers.ts'

export interface AdmissionOptions {
  readonly node: string
  readonly netns: Netns
  /** Where DNS servers tell of what names lead to; absent: names in policies match nothing. */
  readonly names?: NamesFrom
}

/** Admits the addresses of names that policy speaks of, as DNS servers are about to tell them to pods of this node. */
export interface NameAdmission {
  /** Some DNS server tells of names. */
  readonly isUp: boolean
  /** What is known of the names of a set that is made. */
  readonly fill: FillNames
  /** Applies rules, and what was learned meanwhile to them. DNS servers hear first of which names these speak. */
  apply(rules: PolicyRules, ruleset: Ruleset): Promise<void>
  /** Names that lead to the address, as pods of this node were told. */
  leadingTo(address: Ip): readonly string[]
  /** All of them, by what they lead to. */
  byAddress(): Readonly<Record<Ip, readonly string[]>>
  /** Begins; `changed` is called when DNS servers are there. */
  start(changed: () => void): void
}

/** Informers are made here; the caller syncs them. */
export function createNameAdmission(
  deps: ServersDeps,
  { node, netns, names: from }: AdmissionOptions,
  nft: () => Nft,
  signal: AbortSignal,
): NameAdmission {
  const book = createNameBook(deps.clock)
  let table: PolicyRules['table']
  /** Ends when the rules are in force that are being loaded: what is learned meanwhile is for them. */
  let loading: Promise<unknown> = Promise.resolve()
  const learn = async (name: string, addresses: readonly NamedAddress[]): Promise<void> => {
    await loading
    if (!table) throw new Error('policy is not in force')
    book.learn(name, addresses, table, text => nft().run(text))
  }
  const servers = from && createServers(deps, { node, netns, from }, learn, signal)
  return {
    get isUp() {
      return servers?.isUp === true
    },
    fill: book.fill,
    leadingTo: book.leadingTo,
    byAddress: book.byAddress,
    start: changed => servers?.start(changed),
    async apply(rules, ruleset) {
      // Before the rules, so that no answer is given between them and the names.
      await servers?.speakOf(book.patternsOf(ruleset))
      const applying = rules.apply(ruleset).finally(() => {
        table = rules.table
        book.follow(ruleset)
      })
      loading = applying.catch(() => {})
      await applying
    },
  }
}
