import type { EventRecorder } from '../../client/events.ts'
import { runLoop } from '../../client/loop.ts'
import type { Informers, Role } from '../../client/mod.ts'
import type { ProgressCollector } from '../../client/progress.ts'
import type { DatapathOptions } from '../../datapath/options.ts'
import { familiesOf } from '../../datapath/skeleton.ts'
import type { ConntrackDriver } from '../../host/conntrack/mod.ts'
import type { LinkDriver } from '../../host/link/mod.ts'
import type { Netns } from '../../host/netns/mod.ts'
import type { NftDriver } from '../../host/nft/mod.ts'
import type { SocketDriver } from '../../host/socket/mod.ts'
import type { Clock } from '../../lib/clock.ts'
import { messageOf } from '../../lib/errors.ts'
import type { Logger } from '../../lib/log.ts'
import { createNode } from './node.ts'
import type { ProxyHealth } from './proxy-health.ts'
import { createProxyHealth, serveProxyHealth } from './proxy-health.ts'
import type { ProxyMetrics } from './proxy-metrics.ts'
import { createProxyMetrics } from './proxy-metrics.ts'
import { watchRoom } from './room.ts'
import type { WakerDeps } from './waker.ts'
import { createWatch } from './watch.ts'

export interface NetworkDeps {
  readonly informers: Informers
  readonly progress: ProgressCollector
  readonly nft: NftDriver
  readonly link: LinkDriver
  readonly conntrack: ConntrackDriver
  readonly sockets: SocketDriver
  /** Absent: Events are not written. */
  readonly events?: EventRecorder
  /** Absent: idled Services do not wake up. */
  readonly idling?: WakerDeps
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
  const watch = createWatch(deps.informers, deps.clock, deps.log)
  await deps.informers.sync(signal)
  const nft = deps.nft.open(options.netns)
  const ready = deferred(signal)
  const health = createProxyHealth(deps.clock, () => watch.isLeaving(options.node))
  const metrics = createProxyMetrics(deps.clock.now, watch.pending)
  const { conntrack: connections, clock, events } = deps
  const stopLooking = watchRoom(
    { conntrack: connections.open(options.netns), metrics, clock, ...(events ? { events } : {}) },
    options.node,
  )
  const stopServing = await serveHealth(deps, options, health, metrics)
  const node = createNode({ ...deps, health, metrics }, options, watch, nft)
  watch.onChange(health.queued)
  watch.onChange(metrics.queued)
  const step = async (): Promise<void> => {
    if (!(await node.step())) return
    health.updated()
    ready.resolve()
  }
  const loop = runLoop(deps, { name: 'network', informers: [watch], step, resyncMs: AUDIT_MS }, signal)
  const done = loop.done.finally(() => {
    stopServing()
    stopLooking()
    node.close()
    nft.close()
  })
  return { progress: deps.progress.progress, done, ready: ready.promise }
}

/** How often the kernel's note is looked at when nothing changes. */
const AUDIT_MS = 30_000

/** Ports that something else has on this node are no reason to have no network. */
async function serveHealth(
  { sockets, clock, log }: NetworkDeps,
  { netns, ...options }: NetworkOptions,
  health: ProxyHealth,
  metrics: ProxyMetrics,
): Promise<() => void> {
  const families = familiesOf(options).map(family => (family === 4 ? 'IPv4' : 'IPv6'))
  const text = (): string => families.map(metrics.text).join('')
  try {
    return await serveProxyHealth({ sockets, netns, clock }, health, text)
  } catch (error) {
    log.warn({ error: messageOf(error) }, "the proxy's health and metrics cannot be served")
    return () => {}
  }
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
