import { release } from 'node:os'
import { Lease } from '../../api/coordination/lease.ts'
import { Node } from '../../api/core/node.ts'
import type { NodeCondition, NodeStatus } from '../../api/core/node-status.ts'
import { createBackoff } from '../../client/backoff.ts'
import type { Client, Informers } from '../../client/mod.ts'
import { isAlreadyExists, isNotFound } from '../../client/mod.ts'
import type { Clock } from '../../lib/clock.ts'
import { rfc3339, rfc3339Micro } from '../../lib/clock.ts'
import { messageOf } from '../../lib/errors.ts'
import { familyOf } from '../../lib/ip.ts'
import type { Logger } from '../../lib/log.ts'
import { type KubeletOptions, NODE_ROOM } from './options.ts'

export interface NodeDeps {
  readonly client: Client
  readonly informers: Informers
  readonly clock: Clock
  readonly log: Logger
}

const LEASE_NAMESPACE = 'kube-node-lease'
const LEASE_SECONDS = 40
const RENEW_MS = 10_000
/** After a failure. */
const RETRY_MS = 2000
/** The status is told anew so often though nothing changed; in between, the lease says that the node lives. */
const REPORT_EVERY = 30

/** Registers the node and keeps it alive until the signal aborts. Resolves when it is registered; retries until then. */
export async function registerNode(
  deps: NodeDeps,
  options: KubeletOptions,
  signal: AbortSignal,
): Promise<{ readonly done: Promise<void> }> {
  let isNetworkReady = options.networkReady === undefined
  const uid = await retried(deps, () => register(deps, options, isNetworkReady), signal)
  options.networkReady?.then(
    () => {
      isNetworkReady = true
      return retried(deps, () => report(deps, options, true), signal).catch(() => {})
    },
    () => {},
  )
  contradict(deps, options, () => isNetworkReady, signal)
  return { done: beat(deps, options, uid, () => isNetworkReady, signal) }
}

const CONTRADICT_MS = 100

/** A node that was given up while nobody heard it says at once that it lives. */
function contradict(deps: NodeDeps, options: KubeletOptions, isNetworkReady: () => boolean, signal: AbortSignal): void {
  const nodes = deps.informers.of(Node)
  let isBusy = false
  const look = async (): Promise<void> => {
    if (isBusy) return
    isBusy = true
    while (!signal.aborted && isGivenUp(nodes.get({ name: options.node }))) {
      await retried(deps, () => report(deps, options, isNetworkReady()), signal)
      await deps.clock.sleep(CONTRADICT_MS, signal)
    }
    isBusy = false
  }
  nodes.onChange(({ object }) => {
    if (object.metadata.name === options.node) void look().catch(() => {})
  })
}

const isReady = ({ status }: Node): boolean =>
  (status?.conditions ?? []).some(one => one.type === 'Ready' && one.status === 'True')

/** Source: the node lifecycle controller says Unknown, which the node itself never does. */
const isGivenUp = (node: Node | undefined): boolean =>
  (node?.status?.conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'Unknown')

async function retried<T>(deps: NodeDeps, f: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const backoff = createBackoff({ minMs: 20, maxMs: 250 }, deps.clock.monotonic())
  for (;;) {
    try {
      return await f()
    } catch (error) {
      deps.log.debug({ error: messageOf(error) }, 'the node cannot be registered yet')
      await deps.clock.sleep(backoff.next(), signal)
    }
  }
}

/** Answers the Node's UID. A node that is there keeps what others wrote: its taints, pod networks and further labels. */
async function register(deps: NodeDeps, options: KubeletOptions, isNetworkReady: boolean): Promise<string> {
  const labels = {
    'kubernetes.io/hostname': options.node,
    'kubernetes.io/os': 'linux',
    'kubernetes.io/arch': ARCHITECTURES[process.arch] ?? process.arch,
    ...options.labels,
  }
  const status = nodeStatus(options, isNetworkReady, [], deps.clock.now())
  const key = { name: options.node }
  try {
    const made = await deps.client.create(Node, { metadata: { ...key, labels }, spec: {}, status })
    // A server may take the status of new objects from the status subresource alone.
    if (!made.status?.addresses) await report(deps, options, isNetworkReady)
    return made.metadata.uid
  } catch (error) {
    if (!isAlreadyExists(error)) throw error
    const known = await deps.client.patch(Node, key, { type: 'merge', body: { metadata: { labels } } })
    // What the agent before this one left in the kernel goes on: a node that was ready is, unless the next reports say otherwise.
    await report(deps, options, isNetworkReady || isReady(known))
    return known.metadata.uid
  }
}

/** Tells the node's state; conditions keep the time of their last change. */
async function report(deps: NodeDeps, options: KubeletOptions, isNetworkReady: boolean): Promise<void> {
  const key = { name: options.node }
  // The cache will do: only since when conditions are as they are is read from it.
  const node = deps.informers.of(Node).get(key) ?? (await deps.client.get(Node, key))
  const status = nodeStatus(options, isNetworkReady, node.status?.conditions ?? [], deps.clock.now())
  // Addresses merge by type, of which a node of two families has two alike: the whole list is meant.
  const addresses = [...status.addresses!, { $patch: 'replace' }]
  await deps.client.patch(Node, key, { type: 'strategic', body: { status: { ...status, addresses } } }, 'status')
}

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' }

function nodeStatus(
  options: KubeletOptions,
  isNetworkReady: boolean,
  before: readonly NodeCondition[],
  nowMs: number,
): NodeStatus {
  const resources = { ...NODE_ROOM, pods: String(options.maxPods) }
  const families = [...new Set(options.addresses.map(familyOf))]
  const internal = families.map(family => options.addresses.find(address => familyOf(address) === family)!)
  return {
    capacity: resources,
    allocatable: resources,
    conditions: conditionsOf(isNetworkReady).map(condition => timed(before, condition, nowMs)),
    addresses: [
      ...internal.map(address => ({ type: 'InternalIP', address })),
      { type: 'Hostname', address: options.node },
    ],
    nodeInfo: {
      machineID: options.node,
      systemUUID: options.node,
      bootID: options.node,
      kernelVersion: release(),
      osImage: 'Fairlead twin',
      containerRuntimeVersion: 'fairlead://1',
      kubeletVersion: options.version,
      kubeProxyVersion: '',
      operatingSystem: 'linux',
      architecture: ARCHITECTURES[process.arch] ?? process.arch,
    },
  }
}

type Judgement = Pick<NodeCondition, 'type' | 'status' | 'reason' | 'message'>

function conditionsOf(isNetworkReady: boolean): readonly Judgement[] {
  const healthy = (type: string, reason: string, message: string): Judgement => ({
    type,
    status: 'False',
    reason,
    message,
  })
  return [
    healthy('MemoryPressure', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'),
    healthy('DiskPressure', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
    healthy('PIDPressure', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
    isNetworkReady
      ? { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' }
      : {
          type: 'Ready',
          status: 'False',
          reason: 'KubeletNotReady',
          message:
            "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:the node's network is being set up",
        },
  ]
}

function timed(before: readonly NodeCondition[], judgement: Judgement, nowMs: number): NodeCondition {
  const old = before.find(({ type }) => type === judgement.type)
  const now = rfc3339(nowMs)
  const lastTransitionTime = old?.status === judgement.status && old.lastTransitionTime ? old.lastTransitionTime : now
  return { ...judgement, lastHeartbeatTime: now, lastTransitionTime }
}

async function beat(
  deps: NodeDeps,
  options: KubeletOptions,
  uid: string,
  isNetworkReady: () => boolean,
  signal: AbortSignal,
): Promise<void> {
  for (let count = 1; !signal.aborted; count++) {
    let restMs = RENEW_MS
    try {
      await renew(deps, options, uid)
      if (count % REPORT_EVERY === 0) await report(deps, options, isNetworkReady())
    } catch (error) {
      restMs = RETRY_MS
      if (!signal.aborted) deps.log.warn({ error: messageOf(error) }, "the node's lease could not be renewed")
    }
    await deps.clock.sleep(restMs, signal).catch(() => {})
  }
}

async function renew({ client, clock }: NodeDeps, options: KubeletOptions, uid: string): Promise<void> {
  const key = { namespace: LEASE_NAMESPACE, name: options.node }
  const spec = {
    holderIdentity: options.node,
    leaseDurationSeconds: LEASE_SECONDS,
    renewTime: rfc3339Micro(clock.now()),
  }
  try {
    await client.patch(Lease, key, { type: 'merge', body: { spec } })
  } catch (error) {
    if (!isNotFound(error)) throw error
    const ownerReferences = [{ apiVersion: 'v1', kind: 'Node', name: options.node, uid }]
    await client.create(Lease, { metadata: { ...key, ownerReferences }, spec })
  }
}
