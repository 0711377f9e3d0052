import { Node } from '../../../api/core/node.ts'
import type { Informers } from '../../../client/mod.ts'
import type { FillNames, Ruleset } from '../../../datapath/policy/ruleset.ts'
import type { Nft } from '../../../host/nft/mod.ts'
import type { SocketDriver } from '../../../host/socket/mod.ts'
import type { Clock } from '../../../lib/clock.ts'
import type { Ip } from '../../../lib/ip.ts'
import { nodeFacts } from '../../../model/nodes/facts.ts'
import type { NamedAddress } from '../../../wire/names/messages.ts'
import { createNameBook } from './names.ts'
import type { NamesLink } from './names-link.ts'
import { linkNames } from './names-link.ts'
import type { PolicyRules } from './rules.ts'

export interface AdmissionDeps {
  readonly informers: Informers
  readonly sockets: Pick<SocketDriver, 'connectUnix'>
  readonly clock: Clock
}

export interface AdmissionOptions {
  readonly node: string
  /** Where DNS servers tell of what names lead to; absent: names in policies match nothing. */
  readonly namesSocket?: string
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
  deps: AdmissionDeps,
  { node, namesSocket: path }: AdmissionOptions,
  nft: () => Nft,
  signal: AbortSignal,
): NameAdmission {
  const book = createNameBook(deps.clock)
  const nodes = deps.informers.of(Node)
  let link: NamesLink | undefined
  let table: PolicyRules['table']
  /** Ends when the rules are in force that are being loaded: what is learned meanwhile is for them. */
  let loading: Promise<unknown> = Promise.resolve()
  const learn = async (name: string, addresses: readonly NamedAddress[]): Promise<void> => {
    await loading
    if (!table) throw new Error('policy is not in force')
    const text = book.learn(name, addresses, table)
    if (text !== '') nft().run(text)
  }
  const networks = () => {
    const own = nodes.get({ name: node })
    return own ? nodeFacts(own).podNetworks : []
  }
  return {
    get isUp() {
      return link?.isUp === true
    },
    fill: book.fill,
    leadingTo: book.leadingTo,
    byAddress: book.byAddress,
    start(changed) {
      if (path !== undefined) link = linkNames(deps, { path, node, networks, onUp: changed }, learn, signal)
    },
    async apply(rules, ruleset) {
      // Before the rules, so that no answer is given between them and the names.
      await link?.speakOf(book.patternsOf(ruleset))
      const applying = rules.apply(ruleset).finally(() => {
        table = rules.table
        book.follow(ruleset)
      })
      loading = applying.catch(() => {})
      await applying
    },
  }
}
