import { widestOf } from '../../api/networking/service-networks.ts'
import type { FrontChange, ServiceChange } from '../../datapath/claims.ts'
import type { Place } from '../../datapath/links.ts'
import { linkFacts } from '../../datapath/links.ts'
import type { DatapathOptions } from '../../datapath/options.ts'
import { joinAddressOf, managementOf } from '../../datapath/options.ts'
import type { Program } from '../../datapath/program.ts'
import { createProgram } from '../../datapath/program.ts'
import { familiesOf } from '../../datapath/skeleton.ts'
import type { Nft } from '../../host/nft/mod.ts'
import type { Cidr } from '../../lib/cidr.ts'
import { cidrText } from '../../lib/cidr.ts'
import type { Ip } from '../../lib/ip.ts'
import type { NodeFacts } from '../../model/nodes/facts.ts'
import type { Outcome, Vantage } from '../../model/services/types.ts'
import type { Group } from '../../wire/nft/transaction.ts'
import { sweepAffinity } from './affinity.ts'
import { createForget } from './forget.ts'
import { createHealthChecks } from './health-checks.ts'
import { createLinks } from './links.ts'
import type { ProxyHealth } from './proxy-health.ts'
import type { NoLocal, ProxyMetrics } from './proxy-metrics.ts'
import type { NetworkDeps, NetworkOptions } from './role.ts'
import type { Rules } from './rules.ts'
import { createRules } from './rules.ts'
import type { Waker } from './waker.ts'
import { createWaker } from './waker.ts'
import type { Changes, Watch } from './watch.ts'

export interface NodeDeps extends NetworkDeps {
  readonly health: ProxyHealth
  readonly metrics: ProxyMetrics
}

/** One node's links and rules, made so step by step. */
export interface NodeNetwork {
  /** Applies what has changed; with nothing changed, looks whether the kernel still has it. False: the node is not known yet. */
  step(): Promise<boolean>
  close(): void
}

/** What stands, and what it was made for. */
interface Applied {
  readonly program: Program
  readonly rules: Rules
  readonly vantage: Vantage
  readonly sourceAddresses: readonly Ip[]
  readonly serviceNetworks: readonly Cidr[]
}

/** Every element is compared so often; in between the kernel's own note is enough. */
const FULL_AUDIT_MS = 3_600_000

export function createNode(deps: NodeDeps, options: NetworkOptions, watch: Watch, nft: Nft): NodeNetwork {
  const { log, clock, metrics } = deps
  const links = createLinks(deps.link, options.netns, options)
  const checks = createHealthChecks({ ...deps, netns: options.netns, isHealthy: () => deps.health.isHealthy })
  const startMs = clock.now()
  const forget = createForget(deps, options.netns, nft)
  const waker = createWaker(deps.idling, options.netns, log)
  const read = (keys: Iterable<string>, vantage: Vantage): readonly ServiceChange[] =>
    Array.from(keys, key => readService({ watch, metrics, waker }, key, vantage))
  /** Services that changed since all was right last: those that are gone among them. */
  const touched = new Set<string>()
  const all = (): ReadonlySet<string> => new Set([...touched, ...watch.services()])
  let applied: Applied | undefined
  let areLinksDue = true
  let auditedMs = clock.monotonic()

  /** Everything anew: at start, after a refusal, and when the node itself became another. */
  const load = async (self: NodeFacts): Promise<Applied> => {
    const next = prepare(deps, withNetworks(options, watch), watch, nft, self, read(all(), vantageOf(self)))
    areLinksDue = true
    const startedMs = clock.monotonic()
    const adoption = await next.rules.reconcile()
    sweepAffinity(nft, next.program, familiesOf(options), log)
    await forget.strays(next)
    auditedMs = clock.monotonic()
    log.info({ adoption, services: watch.services().length, ms: auditedMs - startedMs }, 'rules stand')
    return next
  }
  const change = async ({ program, rules, vantage }: Applied, changes: Changes): Promise<readonly FrontChange[]> => {
    const delta = program.update(read(touched, vantage))
    const nodes = changes.areNodesChanged ? program.setNodes(addressesOf(watch.nodes())).groups : []
    const groups: readonly Group[] = [...delta.groups, ...nodes]
    if (groups.length > 0) await rules.apply(groups)
    return delta.changes
  }
  const audit = async ({ rules }: Applied): Promise<void> => {
    const isFull = clock.monotonic() - auditedMs >= FULL_AUDIT_MS
    const found = await rules.audit(isFull ? 'elements' : 'note')
    if (isFull) auditedMs = clock.monotonic()
    if (found !== 'adopted') log.warn({ found }, 'something else had changed the rules; they stand again')
  }
  const sync = async (self: NodeFacts, changes: Changes): Promise<void> => {
    const startedMs = clock.monotonic()
    const before = applied
    applied = undefined
    const isSame = before !== undefined && isSamePlace(before, self, withNetworks(options, watch))
    try {
      const isQuiet = isSame && touched.size === 0 && !changes.areNodesChanged
      if (isQuiet) await audit(before)
      const changed = isSame && !isQuiet ? await change(before, changes) : []
      const next = isSame ? before : await load(self)
      applied = next
      if (isQuiet) return
      const counts = { services: changes.services.size, slices: changes.slices }
      metrics.synced(isSame ? 'partial' : 'full', (clock.monotonic() - startedMs) / 1000, counts)
      for (const causeMs of changes.causesMs) if (causeMs >= startMs) metrics.programmed((clock.now() - causeMs) / 1000)
      await forget.changed(changed)
      for (const key of isSame ? touched : all()) await checks.set(key, watch.healthCheck(key, next.vantage))
      touched.clear()
    } catch (error) {
      metrics.syncFailed()
      throw error
    }
  }
  return {
    async step() {
      const changes = watch.take()
      for (const key of changes.services) touched.add(key)
      const self = watch.nodes().find(({ name }) => name === options.node)
      const isAlone = options.transport === 'none'
      if (!self || self.addresses.length === 0 || (self.podNetworks.length === 0 && !isAlone)) return false
      await sync(self, changes)
      areLinksDue ||= changes.areNodesChanged
      if (areLinksDue && !isAlone) links.apply(linkFacts(withNetworks(options, watch), placeOf(watch.nodes(), self)))
      areLinksDue = false
      return true
    },
    close() {
      checks.close()
      forget.close()
      waker.close()
    },
  }
}

interface Readers extends Pick<NodeDeps, 'metrics'> {
  readonly watch: Watch
  readonly waker: Waker
}

function readService({ watch, metrics, waker }: Readers, key: string, vantage: Vantage): ServiceChange {
  const one = watch.service(key, vantage)
  metrics.noLocalEndpoints(key, noLocal(one))
  waker.set(one)
  return one
}

/** Ports that drop connections only because no endpoint is here. */
function noLocal({ fronts }: ServiceChange): NoLocal {
  const isDropped = (outcome: Outcome): boolean => outcome.is === 'drop'
  const inner = fronts.filter(({ role }) => role === 'clusterIP')
  const outer = fronts.filter(({ role }) => role !== 'clusterIP')
  return {
    internal: inner.filter(({ within }) => isDropped(within)).length,
    external: new Set(outer.filter(({ outside }) => isDropped(outside)).map(({ portName }) => portName)).size,
  }
}

const placeOf = (nodes: readonly NodeFacts[], self: NodeFacts): Place => ({
  self,
  others: nodes.filter(({ name }) => name !== self.name),
})

const addressesOf = (nodes: readonly NodeFacts[]): readonly Ip[] => nodes.flatMap(({ addresses }) => addresses)

function prepare(
  { log }: NodeDeps,
  options: NetworkOptions,
  watch: Watch,
  nft: Nft,
  self: NodeFacts,
  wanted: readonly ServiceChange[],
): Applied {
  const sourceAddresses = sourceAddressesOf(options, self)
  const vantage = vantageOf(self)
  const program = createProgram({ ...options, sourceAddresses })
  program.fill(wanted)
  program.setNodes(addressesOf(watch.nodes()))
  const rules = createRules({ nft, program, families: familiesOf(options), log })
  return { program, rules, vantage, sourceAddresses, serviceNetworks: options.serviceNetworks }
}

/** The networks that the cluster began with, and those that ServiceCIDRs have added. */
const withNetworks = (options: NetworkOptions, watch: Watch): NetworkOptions => ({
  ...options,
  serviceNetworks: widestOf([...options.serviceNetworks, ...watch.serviceNetworks()]),
})

const vantageOf = ({ name, zone, addresses }: NodeFacts): Vantage => ({
  node: name,
  nodePortAddresses: addresses,
  ...(zone === undefined ? {} : { zone }),
})

const sourceAddressesOf = (options: DatapathOptions, { podNetworks }: NodeFacts): readonly Ip[] =>
  (options.transport === 'none' ? [] : podNetworks).map(
    network => joinAddressOf(options, network) ?? managementOf(network),
  )

const isSamePlace = (applied: Applied, self: NodeFacts, options: DatapathOptions): boolean =>
  JSON.stringify(applied.vantage) === JSON.stringify(vantageOf(self)) &&
  applied.sourceAddresses.join() === sourceAddressesOf(options, self).join() &&
  applied.serviceNetworks.map(cidrText).join() === options.serviceNetworks.map(cidrText).join()
