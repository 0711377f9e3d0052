import type { FrontChange } from '../../datapath/claims.ts'
import type { Program } from '../../datapath/program.ts'
import type { FlowFilter } from '../../host/conntrack/mod.ts'
import type { Netns } from '../../host/netns/mod.ts'
import type { Nft } from '../../host/nft/mod.ts'
import type { Cidr } from '../../lib/cidr.ts'
import { contains } from '../../lib/cidr.ts'
import { messageOf } from '../../lib/errors.ts'
import type { Ip } from '../../lib/ip.ts'
import type { Vantage } from '../../model/services/types.ts'
import { forgetAffinity } from './affinity.ts'
import { staleFlows, strayFlows } from './flows.ts'
import type { NodeDeps } from './node.ts'

/** What the kernel remembers of connections must not outlive the backends; failing at it is no reason to stop. */
export interface Forget {
  /** After a change was applied. */
  changed(changes: readonly FrontChange[]): Promise<void>
  /** After everything was made anew: what became stale while no agent looked. */
  strays(stands: Stands): Promise<void>
  close(): void
}

interface Stands {
  readonly program: Program
  readonly vantage: Vantage
  readonly serviceNetworks: readonly Cidr[]
}

/**
 * A first packet of TCP or SCTP is sent again after a second: until then its connection must be forgotten, and one walk over the
 * kernel's table does for many changes.
 */
const PATIENCE_MS = 300
const NODE_PORTS = { first: 30_000, last: 32_767 }

export function createForget({ conntrack: driver, clock, log, metrics }: NodeDeps, netns: Netns, nft: Nft): Forget {
  const conntrack = driver.open(netns)
  const clean = async (what: () => Promise<number>): Promise<void> => {
    const startedMs = clock.monotonic()
    try {
      const forgotten = await what()
      metrics.conntrackCleaned((clock.monotonic() - startedMs) / 1000, forgotten)
      log.debug({ forgotten }, 'connections forgotten')
    } catch (error) {
      log.warn({ error: messageOf(error) }, 'stale connections cannot be forgotten')
    }
  }
  let waiting: FlowFilter[] = []
  let cancel: (() => void) | undefined
  const cleanWaiting = (): void => {
    const filters = waiting
    waiting = []
    cancel = undefined
    void clean(() => conntrack.forget(filters))
  }
  return {
    async changed(changes) {
      forgetAffinity(nft, changes, log)
      const filters = staleFlows(changes)
      const prompt = filters.filter(({ isUnanswered }) => !isUnanswered)
      for (const filter of filters) if (filter.isUnanswered) waiting.push(filter)
      if (waiting.length > 0) cancel ??= clock.after(PATIENCE_MS, cleanWaiting)
      if (prompt.length > 0) await clean(() => conntrack.forget(prompt))
    },
    close: () => cancel?.(),
    strays: ({ program, vantage, serviceNetworks }) =>
      clean(async () => {
        const nodeAddresses = new Set<Ip>(vantage.nodePortAddresses)
        const targets = {
          isServiceAddress: (address: Ip) => serviceNetworks.some(network => contains(network, address)),
          isNodePort: (address: Ip, port: number) =>
            nodeAddresses.has(address) && port >= NODE_PORTS.first && port <= NODE_PORTS.last,
        }
        return conntrack.drop(strayFlows(await conntrack.flows(), program.fronts(), targets))
      }),
  }
}
