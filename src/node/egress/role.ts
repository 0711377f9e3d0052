import { Node } from '../../api/core/node.ts'
import type { Pod } from '../../api/core/pod.ts'
import type { EventRecorder } from '../../client/events.ts'
import { runLoop } from '../../client/loop.ts'
import type { Client, Informers, Role } from '../../client/mod.ts'
import type { ProgressCollector } from '../../client/progress.ts'
import type { EgressInput } from '../../datapath/egress/compile.ts'
import { compileEgress } from '../../datapath/egress/compile.ts'
import { steeringFacts, tableFacts, tableSteerings, tablesAt } from '../../datapath/egress/steering.ts'
import type { DatapathOptions } from '../../datapath/options.ts'
import type { ArpDriver } from '../../host/arp/mod.ts'
import type { ConntrackDriver } from '../../host/conntrack/mod.ts'
import type { FsDriver } from '../../host/fs/mod.ts'
import type { LinkDriver } from '../../host/link/mod.ts'
import type { Netns } from '../../host/netns/mod.ts'
import type { NftDriver } from '../../host/nft/mod.ts'
import type { SocketDriver } from '../../host/socket/mod.ts'
import type { Clock } from '../../lib/clock.ts'
import { messageOf } from '../../lib/errors.ts'
import type { Ip } from '../../lib/ip.ts'
import type { Logger } from '../../lib/log.ts'
import type { Given } from '../network/policy/watch.ts'
import type { Ways } from './flows.ts'
import { isNarrower, sweepFlows, waysOf } from './flows.ts'
import { byLinks, linkRoutes, secondLinks } from './links.ts'
import { createOwnership } from './ownership.ts'
import { createNetworkWarnings, createReport, hostAddresses } from './report.ts'
import { createEgressRules } from './rules.ts'
import { createSteering } from './steering.ts'
import { routingTables } from './tables.ts'
import { createEgressWatch } from './watch.ts'

export interface EgressDeps {
  readonly client: Client
  readonly informers: Informers
  readonly progress: ProgressCollector
  readonly nft: NftDriver
  readonly link: LinkDriver
  readonly conntrack: ConntrackDriver
  readonly sockets: SocketDriver
  readonly arp: ArpDriver
  /** Where names of routing tables stand. */
  readonly fs: Pick<FsDriver, 'read' | 'list'>
  /** Absent: nobody is told. */
  readonly events?: EventRecorder
  readonly clock: Clock
  readonly log: Logger
}

export interface EgressOptions extends DatapathOptions {
  /** The name of the Node. */
  readonly node: string
  readonly netns: Netns
}

export interface EgressRole extends Role {
  /**
   * Resolves when what a pod of this node sends out takes its way: before its first process. The API need not show the addresses
   * yet. At once where nobody asks for egress.
   */
  secure(pod: Pod, addresses: readonly Ip[]): Promise<void>
  forget(podUid: string): void
}

/** Rules that something else took away are put back within so long. */
const AUDIT_MS = 30_000

/**
 * EgressIPs and EgressServices on one node: steers what its pods send out of the cluster, gives what leaves here its address, and has
 * the addresses that were given to it. Idle while nobody asks for any. Ending it changes nothing in the kernel, but addresses
 * of this node are then soon answered for no longer.
 */
export async function startEgress(deps: EgressDeps, options: EgressOptions, signal: AbortSignal): Promise<EgressRole> {
  const { informers, log } = deps
  const watch = createEgressWatch(informers)
  const ownNodes = informers.of(Node)
  await informers.sync(signal)
  const nft = deps.nft.open(options.netns)
  const conntrack = deps.conntrack.open(options.netns)
  const rules = createEgressRules(nft)
  const steering = createSteering(deps.link, options.netns)
  const report = createReport(deps.client, options.node, deps)
  const warn = createNetworkWarnings(options.node, deps.events)
  const annotations = () => ownNodes.get({ name: options.node })?.metadata.annotations ?? {}
  const ownership = createOwnership({ ...deps, nft, watch, report, annotations }, options)
  let before: Ways | undefined
  let isInUse = rules.isThere || ownership.isLeft
  const given = new Map<string, Given>()
  const waiting = new Set<() => void>()

  const forget = async (next: Ways): Promise<void> => {
    const old = before
    before = next
    if (old && !isNarrower(old, next)) return
    try {
      const forgotten = await sweepFlows(conntrack, options, next, old?.addresses ?? new Set<Ip>())
      if (forgotten > 0) log.info({ forgotten }, 'connections that left otherwise are forgotten')
    } catch (error) {
      log.warn({ error: messageOf(error) }, 'connections that left otherwise cannot be forgotten')
    }
  }
  const step = async (): Promise<void> => {
    const served = [...waiting]
    const nodes = watch.nodes()
    const self = nodes.find(({ name }) => name === options.node)
    if (!self || self.podNetworks.length === 0) return
    const addresses = deps.link.addresses(options.netns)
    const all = deps.link.links(options.netns)
    const links = secondLinks(all, addresses, self.addresses)
    const shown = hostAddresses(addresses, self.addresses, links)
    if (shown) report.set(shown, annotations())
    if (watch.isIdle() && !isInUse) return
    isInUse = true
    const tableOf = routingTables(deps.fs, all)
    const groups = byLinks(watch.groups(given, tableOf), options.node, links)
    warn(watch.byNetwork(), groups, tableOf)
    const used = links.filter(({ table }) => tablesAt(self.name, groups).includes(table))
    const input: EgressInput = { options, self, nodes, groups, tables: tableSteerings(groups) }
    steering.apply([...factsOf(input), ...linkRoutes(deps.link, options.netns, used)])
    rules.apply(compileEgress(input))
    for (const resolve of served) {
      waiting.delete(resolve)
      resolve()
    }
    await ownership.step(self, nodes)
    await forget(waysOf(input))
  }
  const loop = runLoop(deps, { name: 'egress', informers: watch.sources, step, resyncMs: AUDIT_MS }, signal)
  const done = loop.done.finally(() => {
    ownership.close()
    nft.close()
  })
  return {
    progress: deps.progress.progress,
    done,
    secure(pod, addresses) {
      if (watch.isIdle() || signal.aborted) return Promise.resolve()
      given.set(pod.metadata.uid, { pod, addresses })
      return new Promise(resolve => {
        waiting.add(resolve)
        loop.trigger()
      })
    },
    forget: podUid => void given.delete(podUid),
  }
}

function factsOf(input: EgressInput) {
  const { options, self, nodes, groups } = input
  const targets = new Set(groups.flatMap(({ ways }) => ways.map(({ node }) => node)))
  const others = nodes.filter(({ name }) => name !== self.name && targets.has(name))
  return [...steeringFacts(options, others), ...tableFacts(input, tablesAt(self.name, groups))]
}
