import { runLoop } from '../../client/loop.ts'
import type { Informers, Role } from '../../client/mod.ts'
import type { ProgressCollector } from '../../client/progress.ts'
import type { FrontChange, ServiceChange } from '../../datapath/claims.ts'
import type { Place } from '../../datapath/links.ts'
import { linkFacts } from '../../datapath/links.ts'
import type { DatapathOptions } from '../../datapath/options.ts'
import { joinAddressOf, managementOf } from '../../datapath/options.ts'
import type { Program } from '../../datapath/program.ts'
import { createProgram } from '../../datapath/program.ts'
import type { ConntrackDriver } from '../../host/conntrack/mod.ts'
import type { LinkDriver } from '../../host/link/mod.ts'
import type { Netns } from '../../host/netns/mod.ts'
import type { Nft, NftDriver } from '../../host/nft/mod.ts'
import type { Clock } from '../../lib/clock.ts'
import { messageOf } from '../../lib/errors.ts'
import type { Ip } from '../../lib/ip.ts'
import type { Logger } from '../../lib/log.ts'
import type { NodeFacts } from '../../model/nodes/facts.ts'
import type { Vantage } from '../../model/services/types.ts'
import type { Group } from '../../wire/nft/transaction.ts'
import { forgetAffinity } from './affinity.ts'
import { staleFlows } from './flows.ts'
import { createLinks } from './links.ts'
import type { Rules } from './rules.ts'
import { createRules } from './rules.ts'
import type { Changes, Watch } from './watch.ts'
import { createWatch } from './watch.ts'

export interface NetworkDeps {
  readonly informers: Informers
  readonly progress: ProgressCollector
  readonly nft: NftDriver
  readonly link: LinkDriver
  readonly conntrack: ConntrackDriver
  readonly clock: Clock
  readonly log: Logger
}

export interface NetworkOptions extends DatapathOptions {
  /** The name of the Node whose network this is. */
  readonly node: string
  /** The node's network namespace. */
  readonly netns: Netns
}

export interface NetworkRole extends Role {
  /**
   * Resolves when links, routes and Services stand for the first time. It waits for the Node to have an address and a pod
   * network, so nothing that leads to that may wait for it. Rejects when the signal aborts before.
   */
  readonly ready: Promise<void>
}

/**
 * The network of one node: its tunnel and routes to the other nodes, and what Services do to packets there. Resolves when
 * the caches are synced. Ending it changes nothing in the kernel: connections live on, and the next one takes over.
 */
export async function startNetwork(
  deps: NetworkDeps,
  options: NetworkOptions,
  signal: AbortSignal,
): Promise<NetworkRole> {
  const watch = createWatch(deps.informers, deps.log)
  await deps.informers.sync(signal)
  const nft = deps.nft.open(options.netns)
  const ready = deferred(signal)
  const node = createNode(deps, options, watch, nft)
  const step = async (): Promise<void> => {
    if (await node.step()) ready.resolve()
  }
  const loop = runLoop(deps, { name: 'network', informers: [watch], step }, signal)
  return { progress: deps.progress.progress, done: loop.done.finally(() => nft.close()), ready: ready.promise }
}

function deferred(signal: AbortSignal): { readonly promise: Promise<void>; resolve(): void } {
  let resolve = (): void => {}
  const promise = new Promise<void>((done, reject) => {
    resolve = done
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
  promise.catch(() => {})
  return { promise, resolve: () => resolve() }
}

/** What stands, and what it was made for. */
interface Applied {
  readonly program: Program
  readonly rules: Rules
  readonly vantage: Vantage
  readonly sourceAddresses: readonly Ip[]
}

function createNode(deps: NetworkDeps, options: NetworkOptions, watch: Watch, nft: Nft): { step(): Promise<boolean> } {
  const links = createLinks(deps.link, options.netns, options)
  const conntrack = deps.conntrack.open(options.netns)
  const { log } = deps
  let applied: Applied | undefined
  let areLinksDue = true

  /** Everything anew: at start, after a refusal, and when the node itself became another. */
  const load = async (self: NodeFacts): Promise<Applied> => {
    const next = prepare(deps, options, watch, nft, self)
    const startedMs = deps.clock.monotonic()
    const adoption = await next.rules.reconcile()
    log.info({ adoption, services: watch.services().length, ms: deps.clock.monotonic() - startedMs }, 'rules stand')
    return next
  }
  const change = async ({ program, rules, vantage }: Applied, changes: Changes): Promise<readonly FrontChange[]> => {
    const wanted = [...changes.services].map(key => watch.service(key, vantage))
    const delta = program.update(wanted)
    const nodes = changes.areNodesChanged ? program.setNodes(addressesOf(watch.nodes())).groups : []
    const groups: readonly Group[] = [...delta.groups, ...nodes]
    if (groups.length > 0) await rules.apply(groups)
    return delta.changes
  }
  /** What the kernel remembers of connections must not outlive the backends; failing at it is no reason to stop. */
  const forget = async (changes: readonly FrontChange[]): Promise<void> => {
    forgetAffinity(nft, changes, log)
    const filters = staleFlows(changes)
    if (filters.length === 0) return
    try {
      const forgotten = await conntrack.forget(filters)
      log.debug({ forgotten, filters: filters.length }, 'connections forgotten')
    } catch (error) {
      log.warn({ error: messageOf(error) }, 'stale UDP connections cannot be forgotten')
    }
  }
  return {
    async step() {
      const changes = watch.take()
      const self = watch.nodes().find(({ name }) => name === options.node)
      if (!self || self.podNetworks.length === 0 || self.addresses.length === 0) return false
      const before = applied
      applied = undefined
      if (before && isSamePlace(before, self, options)) {
        const changed = await change(before, changes)
        applied = before
        await forget(changed)
      } else applied = await load(self)
      areLinksDue ||= changes.areNodesChanged
      if (areLinksDue) links.apply(linkFacts(options, placeOf(watch.nodes(), self)))
      areLinksDue = false
      return true
    },
  }
}

const placeOf = (nodes: readonly NodeFacts[], self: NodeFacts): Place => ({
  self,
  others: nodes.filter(({ name }) => name !== self.name),
})

const addressesOf = (nodes: readonly NodeFacts[]): readonly Ip[] => nodes.flatMap(({ addresses }) => addresses)

function prepare({ log }: NetworkDeps, options: NetworkOptions, watch: Watch, nft: Nft, self: NodeFacts): Applied {
  const sourceAddresses = sourceAddressesOf(options, self)
  const vantage = vantageOf(self)
  const program = createProgram({ ...options, sourceAddresses })
  const wanted: readonly ServiceChange[] = watch.services().map(key => watch.service(key, vantage))
  program.update(wanted)
  program.setNodes(addressesOf(watch.nodes()))
  const families = [...new Set(options.clusterNetworks.map(({ cidr }) => cidr.family))]
  return { program, rules: createRules({ nft, program, families, log }), vantage, sourceAddresses }
}

const vantageOf = ({ name, zone, addresses }: NodeFacts): Vantage => ({
  node: name,
  nodePortAddresses: addresses,
  ...(zone === undefined ? {} : { zone }),
})

const sourceAddressesOf = (options: DatapathOptions, { podNetworks }: NodeFacts): readonly Ip[] =>
  podNetworks.map(network => joinAddressOf(options, network) ?? managementOf(network))

const isSamePlace = (applied: Applied, self: NodeFacts, options: DatapathOptions): boolean =>
  JSON.stringify(applied.vantage) === JSON.stringify(vantageOf(self)) &&
  applied.sourceAddresses.join() === sourceAddressesOf(options, self).join()
