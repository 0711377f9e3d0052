import type { FillNames, Ruleset } from '../../../datapath/policy/ruleset.ts'
import { EMPTY, rulesetChange } from '../../../datapath/policy/ruleset.ts'
import { dispatchMaps, POLICY_TABLES, policyFoundation, policyHooks } from '../../../datapath/policy/skeleton.ts'
import type { Nft } from '../../../host/nft/mod.ts'
import { NftError } from '../../../host/nft/mod.ts'
import { parseIp } from '../../../lib/ip.ts'
import type { Element, Table } from '../../../wire/nft/command.ts'
import type { Listed } from '../../../wire/nft/listed.ts'
import { listed, listedSeconds } from '../../../wire/nft/listed.ts'
import { nft as words } from '../../../wire/nft/text.ts'
import { transaction, transactions } from '../../../wire/nft/transaction.ts'

/** Keeps the kernel's policy equal to a ruleset. */
export interface PolicyRules {
  /** Resolves when the kernel has all of it. Rejects with NftError: the next call then loads everything anew. */
  apply(ruleset: Ruleset): Promise<void>
  /**
   * Whether something else has changed the kernel's policy since it was applied first, or taken it away; then the next
   * `apply` loads everything anew. Costs nothing where nothing happened.
   */
  isDisturbed(): boolean
  close(): void
  /** What holds the rules that were applied last; undefined before, and while nobody knows. */
  readonly table: Table | undefined
}

interface Current {
  readonly table: Table
  readonly ruleset: Ruleset
  /** As the kernel words it, if somebody had to look. */
  outline?: string | undefined
}

export function createPolicyRules(
  nft: Nft,
  options: { readonly policesOwnNode: boolean },
  fill: FillNames = () => [],
): PolicyRules {
  let current: Current | undefined
  const watch = nft.watch()
  const run = async (texts: readonly string[]): Promise<void> => {
    for (const [i, text] of texts.entries()) {
      if (i > 0) await breathe()
      nft.run(text)
    }
  }
  const found = (table: Table): void => {
    const command = (logs: boolean): string =>
      transaction(table, [{ do: 'add', what: 'table' }, ...policyFoundation({ logs })])
    try {
      nft.run(command(true))
    } catch (error) {
      if (!(error instanceof NftError)) throw error
      // Not every kernel can log; policy holds without.
      nft.run(command(false))
    }
  }
  /** Whatever an agent before left goes on deciding until the new table does; for a moment both do. */
  const load = async (ruleset: Ruleset): Promise<Table> => {
    const present = new Set(nft.tables())
    const [a, b] = POLICY_TABLES
    const isThere = (table: Table): boolean => present.has(nameOf(table))
    // Both are there when a load was cut short: the one that is not whole has no hooks, so either may go first.
    const table = isThere(a) && !isThere(b) ? b : a
    const old = table === a ? b : a
    if (isThere(table)) nft.run(transaction(table, [{ do: 'delete', what: 'table' }]))
    found(table)
    await run(transactions(table, rulesetChange(EMPTY, ruleset, isThere(old) ? withCarried(nft, old, fill) : fill)))
    nft.run(transaction(table, policyHooks(options)))
    if (isThere(old)) nft.run(transaction(old, [{ do: 'delete', what: 'table' }]))
    return table
  }
  return {
    get table() {
      return current?.table
    },
    async apply(ruleset) {
      const before = current
      current = undefined
      if (!before) current = { table: await load(ruleset), ruleset }
      else {
        const texts = transactions(before.table, rulesetChange(before.ruleset, ruleset, fill))
        await run(texts)
        current = texts.length > 0 ? { table: before.table, ruleset } : { ...before, ruleset }
      }
    },
    isDisturbed() {
      const changed = watch.changed()
      if (!current) return false
      if (changed !== 'unknown') {
        if (!changed.has(nameOf(current.table))) return false
        current = undefined
        return true
      }
      // So much happened that the kernel could not tell of it: what every packet meets is looked at.
      const outline = nft.outline(current.table.family, current.table.name)
      const isSame = outline !== undefined && (current.outline ?? outline) === outline
      if (isSame && hasElements(nft, current)) {
        current.outline = outline
        return false
      }
      current = undefined
      return true
    },
    close: watch.close,
  }
}

/** With the addresses of names that the table admits which an agent before left: nobody will tell of them again. */
const withCarried =
  (nft: Nft, old: Table, fill: FillNames): FillNames =>
  (set, name) => {
    const known = fill(set, name)
    const keys = new Set(known.map(({ key }) => key.split(' ')[0]))
    const carried = (nft.elements(old.family, old.name, name) ?? []).flatMap((element): readonly Element[] => {
      const [address, seconds] = [parseIp(listed(element)?.key ?? ''), listedSeconds(element)]
      if (address === undefined || !seconds || keys.has(address)) return []
      return [{ key: words`${address} timeout ${seconds}s` }]
    })
    return [...known, ...carried]
  }

const nameOf = ({ family, name }: Table): string => `${family} ${name}`

/** Of the maps that every packet is looked up in. */
const hasElements = (nft: Nft, { table, ruleset }: Current): boolean =>
  dispatchMaps().every(map => {
    const wanted = ruleset.maps.get(map)?.elements ?? new Map()
    const there = nft.elements(table.family, table.name, map) ?? []
    return there.length === wanted.size && there.every(element => isWanted(wanted, listed(element)))
  })

const isWanted = (wanted: ReadonlyMap<string, string>, element: Listed | undefined): boolean =>
  element !== undefined && wanted.get(element.key) === element.value

/** Lets other work of the process go first for a moment: a transaction holds the thread for tens of milliseconds. */
const breathe = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
