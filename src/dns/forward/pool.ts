import { randomInt } from 'node:crypto'
import { CLASS } from '../../wire/dns/message.ts'
import type { ForwardCounts } from './counts.ts'
import type { ForwarderOptions } from './forward.ts'
import type { ExchangeDeps, Upstream } from './upstream.ts'
import { exchange } from './upstream.ts'

/** NS records of the root: any answer at all says that a server lives. */
const CHECK = { name: '.', type: 2, class: CLASS.IN }
const CHECK_TIMEOUT_MS = 1000

/** The servers of one forward rule, and which of them live. */
export interface Pool {
  /** Whom to ask, one after the other: healthy ones by the policy, or all when none is. */
  order(): readonly Upstream[]
  /** Somebody did not answer: it is looked after until it does. */
  failed(upstream: Upstream): void
  close(): void
}

interface Member {
  readonly upstream: Upstream
  fails: number
  cancel: (() => void) | undefined
}

export function createPool(
  deps: ExchangeDeps & { readonly counts: ForwardCounts },
  { upstreams, policy, maxFails, healthCheckMs }: Omit<ForwarderOptions, 'cache'>,
): Pool {
  const members: readonly Member[] = upstreams.map(upstream => ({ upstream, fails: 0, cancel: undefined }))
  let turn = 0
  let isClosed = false
  const isDown = ({ fails }: Member): boolean => maxFails > 0 && fails >= maxFails
  const check = async (member: Member): Promise<void> => {
    try {
      await exchange(deps, member.upstream, CHECK, CHECK_TIMEOUT_MS)
      member.fails = 0
      member.cancel = undefined
    } catch {
      member.fails++
      deps.counts.checkFailed(member.upstream)
      if (!isClosed) member.cancel = deps.clock.after(healthCheckMs, () => void check(member))
    }
  }
  const arranged = (some: readonly Member[]): readonly Member[] => {
    if (some.length < 2 || policy === 'sequential') return some
    const first = policy === 'random' ? randomInt(some.length) : turn++ % some.length
    return [...some.slice(first), ...some.slice(0, first)]
  }
  return {
    order() {
      const healthy = members.filter(member => !isDown(member))
      if (healthy.length === 0 && members.length > 0) deps.counts.broken++
      return arranged(healthy.length > 0 ? healthy : members).map(({ upstream }) => upstream)
    },
    failed(upstream) {
      const member = members.find(one => one.upstream === upstream)
      if (!member || member.cancel || maxFails === 0 || isClosed) return
      member.fails++
      member.cancel = () => {}
      void check(member)
    },
    close() {
      isClosed = true
      for (const member of members) member.cancel?.()
    },
  }
}
