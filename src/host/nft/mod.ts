import type { Netns } from '../netns/mod.ts'

/** nft refused a transaction: nothing of it was applied. `message` is nft's own, with line and caret. */
export class NftError extends Error {
  override readonly name = 'NftError'
  /** The transaction is larger than the kernel takes from this user: give it in parts. */
  get tooLong(): boolean {
    return this.message.includes('Message too long')
  }
}

/** nftables in one namespace. Text is nft's own language, made by `wire/nft` alone. */
export interface Nft {
  /** One transaction: all or nothing. Throws NftError. */
  run(text: string): void
  /**
   * A first load, as one transaction where the kernel takes it, else as several in the order given, each as large as it
   * takes: put base chains (those with hooks) last, so that nothing half-made sees a packet. Throws NftError; what went
   * before the refused part stays. Each text is one or more whole commands.
   */
  load(commands: readonly string[]): void
  /** Map or set elements as nft prints them in JSON; undefined when the table or map is absent. */
  elements(family: string, table: string, name: string): readonly unknown[] | undefined
  /** Names of the tables of the namespace, as "inet fairlead". */
  tables(): readonly string[]
  /** A table's comment (we keep the content hash of what is loaded there), or undefined. */
  comment(family: string, table: string): string | undefined
  /** A table's chains, rules, maps and sets as nft words them, without elements and counts; undefined when it is absent. */
  outline(family: string, table: string): string | undefined
  /** Packets and bytes of a named counter; undefined when absent. */
  counter(family: string, table: string, name: string): { readonly packets: number; readonly bytes: number } | undefined
  /** Notices from now on which tables others change: whoever does not use this very object. */
  watch(): TableWatch
  close(): void
}

export interface TableWatch {
  /** Tables, as "inet fairlead", that others changed since it was asked last; 'unknown': more than could be kept. */
  changed(): ReadonlySet<string> | 'unknown'
  close(): void
}

export interface NftDriver {
  open(netns: Netns): Nft
}
