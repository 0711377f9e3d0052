/** Somebody whose bytes are kept: a body that is still coming, an answer that is not read, a watch that is behind. */
export interface Holder {
  /** By how many bytes more, or fewer. What is over the budget is paid by whoever has held for longest. */
  hold(bytes: number): void
  /** It holds nothing any more. */
  release(): void
}

/** Memory that clients take up by not finishing what they began. */
export interface Budget {
  /** `cut` must let go of what is held: its client is broken off. */
  holder(cut: () => void): Holder
  readonly usedBytes: number
}

interface Account {
  bytes: number
  readonly cut: () => void
}

export function createBudget(maxBytes: number): Budget {
  // In the order in which they began to hold.
  const accounts = new Set<Account>()
  let used = 0
  const clear = (account: Account): void => {
    used -= account.bytes
    account.bytes = 0
    accounts.delete(account)
  }
  return {
    holder(cut) {
      const account: Account = { bytes: 0, cut }
      return {
        hold(bytes) {
          account.bytes += bytes
          used += bytes
          if (account.bytes > 0) accounts.add(account)
          else clear(account)
          for (const oldest of accounts) {
            if (used <= maxBytes) return
            clear(oldest)
            oldest.cut()
          }
        },
        release: () => clear(account),
      }
    },
    get usedBytes() {
      return used
    },
  }
}
