import { Node } from '../../api/core/node.ts'
import { Pod } from '../../api/core/pod.ts'
import { Service } from '../../api/core/service.ts'
import { createEventRecorder } from '../../client/events.ts'
import type { Informer, Role } from '../../client/mod.ts'
import { isNotFound } from '../../client/mod.ts'
import type { Cidr } from '../../lib/cidr.ts'
import { parseCidr } from '../../lib/cidr.ts'
import { messageOf } from '../../lib/errors.ts'
import { createCni } from '../cni/cni.ts'
import type { HostPorts } from '../cni/host-ports.ts'
import { createHostPorts } from '../cni/host-ports.ts'
import type { Cni } from '../cni/mod.ts'
import type { PodRef } from '../cni/plugin/request.ts'
import { servePlugin } from '../cni/plugin/serve.ts'
import { createOperations, livePods } from './act/operations.ts'
import { registerNode } from './node.ts'
import type { KubeletDeps, KubeletOptions } from './options.ts'
import type { PodLoop } from './pods.ts'
import { runPods } from './pods.ts'
import { createProbeManager } from './probes.ts'
import type { RuntimeView } from './runtime-view.ts'
import { followRuntime } from './runtime-view.ts'
import { createStatusWriter } from './status-writer.ts'
import { createVolumeFollower } from './volumes/follow.ts'
import { createStorageLimits } from './volumes/limits.ts'
import { createTokens } from './volumes/tokens.ts'

/**
 * The kubelet of one node: registers it, keeps its lease, and runs the pods that are bound to it. Resolves when the node is
 * registered and its caches are synced. Ending it changes nothing: pods live on, and the next one finds them.
 */
export async function startKubelet(deps: KubeletDeps, options: KubeletOptions, signal: AbortSignal): Promise<Role> {
  const pods = deps.informers.of(Pod, { fieldSelector: `spec.nodeName=${options.node}` })
  const nodes = deps.informers.of(Node)
  const services = deps.informers.of(Service)
  const loop: { current?: PodLoop } = {}
  const look = (podUid?: string): void => loop.current?.look(podUid)
  const view = followRuntime(deps, options.node, look, signal)
  const [registration] = await Promise.all([registerNode(deps, options, signal), deps.informers.sync(signal)])
  const network: { current?: PodNetworks } = {}
  loop.current = startPods(deps, options, { pods, services, view, network, look }, signal)
  look()
  openPlugin(deps, options, pods, network, signal)
  openNetwork(deps, options, { nodes, pods, view }, signal).then(
    networks => {
      network.current = networks
      look()
    },
    error => {
      if (!signal.aborted) deps.log.error({ error: messageOf(error) }, "the node's pod network cannot be opened")
    },
  )
  const done = Promise.all([loop.current.done, view.done, registration.done]).then(() => {})
  return { progress: deps.progress.progress, done }
}

const absent = (error: unknown): undefined => {
  if (!isNotFound(error)) throw error
}

/** For container engines that run pods of this node beside the twin's own runtime. */
function openPlugin(
  deps: KubeletDeps,
  options: KubeletOptions,
  pods: Informer<Pod>,
  network: { readonly current?: PodNetworks },
  signal: AbortSignal,
): void {
  const plugin = {
    ...deps,
    node: deps.netns.home,
    sockets: deps.socket,
    // The engine may be asked for a pod before the cache has it.
    pod: async (ref: PodRef) => pods.get(ref) ?? (await deps.client.get(Pod, ref).catch(absent)),
    network: () => network.current,
  }
  deps.fs.mkdir(options.stateDir)
  servePlugin(plugin, `${options.stateDir}/cni.sock`, signal).catch(error =>
    deps.log.error({ error: messageOf(error) }, 'container engines cannot be served'),
  )
}

interface PodNetworks {
  readonly cni: Cni
  readonly ranges: readonly Cidr[]
  readonly mtu: number
  readonly hostPorts: HostPorts
}

interface Known {
  readonly pods: Informer<Pod>
  readonly services: Informer<Service>
  readonly view: RuntimeView
  readonly network: { readonly current?: PodNetworks }
  readonly look: (podUid?: string) => void
}

function startPods(deps: KubeletDeps, options: KubeletOptions, known: Known, signal: AbortSignal): PodLoop {
  const events = createEventRecorder(deps, { component: 'kubelet', host: options.node })
  const probes = createProbeManager(
    { ...deps, netns: deps.netns.home },
    {
      changed: known.look,
      unhealthy: (pod, _container, kind, message) =>
        events.record(pod, 'Warning', 'Unhealthy', `${kind} probe failed: ${message}`),
    },
  )
  const worker = deps.progress.worker('kubelet status')
  const statuses = createStatusWriter({ ...deps, busy: value => worker.busy(value) }, signal)
  const cni = (): Cni | undefined => known.network.current?.cni
  const hostPorts = (): HostPorts | undefined => known.network.current?.hostPorts
  const tokens = createTokens(deps)
  const volumesWorker = deps.progress.worker('kubelet volumes')
  const volumes = createVolumeFollower(
    { ...deps, tokens, busy: value => volumesWorker.busy(value) },
    options.stateDir,
    signal,
  )
  const limits = createStorageLimits({ ...deps, changed: known.look }, options.stateDir)
  const operations = createOperations({ ...deps, ...known, options, events, cni, hostPorts, tokens })
  const isNetworkReady = (): boolean => known.network.current !== undefined
  return runPods(
    { ...deps, ...known, operations, probes, statuses, volumes, limits, events, isNetworkReady },
    options,
    signal,
  )
}

/** The network of pods, once somebody has assigned the node its part and the node's own network stands. */
async function openNetwork(
  deps: KubeletDeps,
  options: KubeletOptions,
  { nodes, pods, view }: { readonly nodes: Informer<Node>; readonly pods: Informer<Pod>; readonly view: RuntimeView },
  signal: AbortSignal,
): Promise<PodNetworks> {
  const [ranges] = await Promise.all([podRanges(nodes, options.node, signal), view.ready, options.networkReady])
  const ledgerPath = `${options.stateDir}/cni.json`
  const { mtu, refusesNodeServices = false } = options
  const cni = createCni(deps, { node: deps.netns.home, ranges, mtu, ledgerPath, refusesNodeServices })
  const live = livePods(view)
  cni.collect(live)
  auditRules(deps, cni, signal)
  const hostPorts = createHostPorts(deps, { node: deps.netns.home, nodeAddresses: options.addresses, ranges })
  hostPorts.adopt(
    pods.list().flatMap(pod => {
      const addresses = live.get(pod.metadata.uid)
      return addresses ? [{ pod, addresses }] : []
    }),
  )
  return { cni, hostPorts, ranges, mtu }
}

const AUDIT_MS = 30_000

/** Looks from time to time whether something else has taken away what keeps pods to their own addresses. */
function auditRules(deps: KubeletDeps, cni: Cni, signal: AbortSignal): void {
  const look = (): void => {
    if (signal.aborted) return
    try {
      if (!cni.audit()) deps.log.warn({}, 'something else had taken away the rules of pods; they stand again')
    } catch (error) {
      deps.log.warn({ error: messageOf(error) }, 'the rules of pods cannot be looked at')
    }
    cancel = deps.clock.after(AUDIT_MS, look)
  }
  let cancel = deps.clock.after(AUDIT_MS, look)
  signal.addEventListener('abort', () => cancel(), { once: true })
}

/** Resolves with the node's pod networks as soon as somebody has assigned them. */
function podRanges(nodes: Informer<Node>, name: string, signal: AbortSignal): Promise<readonly Cidr[]> {
  const rangesOf = (): readonly Cidr[] => {
    const { podCIDRs, podCIDR } = nodes.get({ name })?.spec ?? {}
    return (podCIDRs?.length ? podCIDRs : podCIDR ? [podCIDR] : []).flatMap(text => parseCidr(text) ?? [])
  }
  return new Promise((resolve, reject) => {
    const look = (): void => {
      const ranges = rangesOf()
      if (ranges.length === 0) return
      stop()
      resolve(ranges)
    }
    const stop = nodes.onChange(look)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    look()
  })
}
