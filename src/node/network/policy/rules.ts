import type { FillNames, Ruleset } from '../../../datapath/policy/ruleset.ts'
import { EMPTY, rulesetChange } from '../../../datapath/policy/ruleset.ts'
import { POLICY_TABLES, policyFoundation, policyHooks } from '../../../datapath/policy/skeleton.ts'
import type { Nft } from '../../../host/nft/mod.ts'
import type { Table } from '../../../wire/nft/command.ts'
import { transaction, transactions } from '../../../wire/nft/transaction.ts'

/** Keeps the kernel's policy equal to a ruleset. */
export interface PolicyRules {
  /** Resolves when the kernel has all of it. Rejects with NftError: the next call then loads everything anew. */
  apply(ruleset: Ruleset): Promise<void>
  /** What holds the rules that were applied last; undefined before, and while nobody knows. */
  readonly table: Table | undefined
}

export function createPolicyRules(
  nft: Nft,
  options: { readonly policesOwnNode: boolean },
  fill: FillNames = () => [],
): PolicyRules {
  let current: { readonly table: Table; readonly ruleset: Ruleset } | undefined
  const run = async (texts: readonly string[]): Promise<void> => {
    for (const [i, text] of texts.entries()) {
      if (i > 0) await breathe()
      nft.run(text)
    }
  }
  /** Whatever an agent before left goes on deciding until the new table does; for a moment both do. */
  const load = async (ruleset: Ruleset): Promise<Table> => {
    const present = new Set(nft.tables())
    const [a, b] = POLICY_TABLES
    const isThere = (table: Table): boolean => present.has(`${table.family} ${table.name}`)
    // Both are there when a load was cut short: the one that is not whole has no hooks, so either may go first.
    const table = isThere(a) && !isThere(b) ? b : a
    const old = table === a ? b : a
    if (isThere(table)) nft.run(transaction(table, [{ do: 'delete', what: 'table' }]))
    nft.run(transaction(table, [{ do: 'add', what: 'table' }, ...policyFoundation()]))
    await run(transactions(table, rulesetChange(EMPTY, ruleset, fill)))
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
        await run(transactions(before.table, rulesetChange(before.ruleset, ruleset, fill)))
        current = { table: before.table, ruleset }
      }
    },
  }
}

/** Lets other work of the process go first for a moment: a transaction holds the thread for tens of milliseconds. */
const breathe = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
