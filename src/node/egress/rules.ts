import { EGRESS_TABLE, egressFoundation, egressHooks } from '../../datapath/egress/compile.ts'
import type { Ruleset } from '../../datapath/policy/ruleset.ts'
import { EMPTY, rulesetChange } from '../../datapath/policy/ruleset.ts'
import type { Nft } from '../../host/nft/mod.ts'
import { transaction, transactions } from '../../wire/nft/transaction.ts'

/** Keeps the kernel's egress rules equal to a ruleset. */
export interface EgressRules {
  /** Throws NftError: the next call then loads everything anew. */
  apply(ruleset: Ruleset): void
  /** Whether an agent before this one left rules. */
  readonly isThere: boolean
}

export function createEgressRules(nft: Nft): EgressRules {
  let current: Ruleset | undefined
  const name = `${EGRESS_TABLE.family} ${EGRESS_TABLE.name}`
  /** The old table goes in the transaction in which the new one comes: there is no moment without. */
  const load = (ruleset: Ruleset): void =>
    nft.load([
      transaction(EGRESS_TABLE, [
        { do: 'add', what: 'table' },
        { do: 'delete', what: 'table' },
        { do: 'add', what: 'table' },
        ...egressFoundation(),
      ]),
      ...transactions(EGRESS_TABLE, rulesetChange(EMPTY, ruleset)),
      transaction(EGRESS_TABLE, egressHooks()),
    ])
  return {
    apply(ruleset) {
      const before = current
      current = undefined
      if (before && nft.tables().includes(name))
        for (const text of transactions(EGRESS_TABLE, rulesetChange(before, ruleset))) nft.run(text)
      else load(ruleset)
      current = ruleset
    },
    get isThere() {
      return nft.tables().includes(name)
    },
  }
}
