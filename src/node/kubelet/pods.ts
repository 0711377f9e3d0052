import { Pod } from '../../api/core/pod.ts'
import type { EventRecorder } from '../../client/events.ts'
import type { Change, Client, Informer } from '../../client/mod.ts'
import { isNotFound } from '../../client/mod.ts'
import type { ProgressCollector } from '../../client/progress.ts'
import type { Queue } from '../../client/queue.ts'
import { createQueue } from '../../client/queue.ts'
import type { Clock } from '../../lib/clock.ts'
import { messageOf, unreachable } from '../../lib/errors.ts'
import type { Logger } from '../../lib/log.ts'
import type { Operations } from './act/operations.ts'
import type { Action, Decision } from './decide.ts'
import { decide } from './decide.ts'
import type { PodFacts } from './facts.ts'
import { wasOver } from './facts.ts'
import type { KubeletOptions } from './options.ts'
import type { ProbeManager } from './probes.ts'
import { runsOf } from './runs.ts'
import type { RuntimeView } from './runtime-view.ts'
import { portHint } from './spec/security.ts'
import { statusOf } from './status.ts'
import type { StatusWriter } from './status-writer.ts'
import type { Tracked } from './tracked.ts'
import { laterOf, track } from './tracked.ts'
import type { VolumeFollower } from './volumes/follow.ts'
import type { StorageLimits } from './volumes/limits.ts'

export interface PodsDeps {
  readonly client: Client
  readonly pods: Informer<Pod>
  readonly view: RuntimeView
  readonly operations: Operations
  readonly probes: ProbeManager
  readonly statuses: StatusWriter
  readonly volumes: VolumeFollower
  readonly limits: StorageLimits
  readonly events: EventRecorder
  /** Whether pods can have a network of their own. */
  readonly isNetworkReady: () => boolean
  readonly progress: ProgressCollector
  readonly clock: Clock
  readonly log: Logger
}

export interface PodLoop {
  /** Looks at one pod again, or at all. */
  look(podUid?: string): void
  readonly done: Promise<void>
}

/** A pod that the API has no more gets this long to end. */
const ORPHAN_GRACE_SECONDS = 1
/** Pods looked at side by side; looking takes no longer than a request. */
const WORKERS = 64

/** Brings each pod of the node to what the API asks for: looks, decides, acts, and tells what became of it. */
export function runPods(deps: PodsDeps, options: KubeletOptions, signal: AbortSignal): PodLoop {
  const tracked = new Map<string, Tracked>()
  const busy = new Set<string>()
  const worker = deps.progress.worker('kubelet')
  const setBusy = (podUid: string, value: boolean): void => {
    if (value) busy.add(podUid)
    else busy.delete(podUid)
    worker.busy(busy.size > 0)
  }
  const queue: Queue = createQueue(
    deps,
    {
      name: 'kubelet pods',
      workers: WORKERS,
      handle: async podUid => {
        const one = tracked.get(podUid)
        if (!one) return
        if (!deps.view.isConnected) return setBusy(podUid, true)
        if (await syncPod(deps, options, queue, one)) tracked.delete(podUid)
        setBusy(podUid, tracked.has(podUid) && one.isBusy)
      },
    },
    signal,
  )
  const take = (pod: Pod | undefined, podUid: string): void => {
    const one = tracked.get(podUid) ?? track(pod, podUid)
    one.pod = pod && laterOf(one.pod, pod)
    tracked.set(podUid, one)
    queue.add(podUid)
  }
  const onChange = ({ type, object, old }: Change<Pod>): void => {
    if (old && old.metadata.uid !== object.metadata.uid) take(undefined, old.metadata.uid)
    take(type === 'deleted' ? undefined : object, object.metadata.uid)
  }
  const adopt = (): void => {
    for (const { spec, stopped } of deps.view.all()) {
      const one = tracked.get(spec.podUid) ?? track(undefined, spec.podUid)
      tracked.set(spec.podUid, one)
      one.isSetUp = !stopped
      one.addresses = spec.podIps
    }
    for (const one of tracked.values()) if (!deps.view.get(one.podUid)) one.isSetUp = false
  }
  for (const pod of deps.pods.list()) tracked.set(pod.metadata.uid, track(pod, pod.metadata.uid))
  deps.pods.onChange(onChange)
  return {
    look: podUid => {
      if (podUid !== undefined) return queue.add(podUid)
      adopt()
      // What others depend on comes first: a router, before the pods behind it.
      const byPriority = [...tracked.values()].sort((a, b) => priorityOf(b) - priorityOf(a))
      for (const { podUid } of byPriority) queue.add(podUid)
    },
    done: queue.done,
  }
}

const priorityOf = ({ pod }: Tracked): number => pod?.spec.priority ?? 0

/** One look at a pod. True when nothing of it is left, neither here nor in the API. */
async function syncPod(deps: PodsDeps, options: KubeletOptions, queue: Queue, one: Tracked): Promise<boolean> {
  const { pod } = one
  const again = (): void => queue.add(one.podUid)
  if (!pod) {
    deps.probes.forget(one.podUid)
    deps.volumes.forget(one.podUid)
    deps.limits.forget(one.podUid)
    one.isBusy = true
    if (one.isGone) return true
    tearDown(deps, options, one, ORPHAN_GRACE_SECONDS, again)
    return false
  }
  if (one.isGone) {
    deps.probes.forget(one.podUid)
    await removeObject(deps, pod)
    // Finalizers are not ours to wait for.
    one.isBusy = !pod.metadata.finalizers?.length
    return false
  }
  // What is left to be told of it is told; the rest is being taken away.
  if (one.isEnded && one.tearingDown) return false
  followProbes(deps, one, pod)
  followVolumes(deps, options, one, pod)
  const facts = factsOf(deps, one, pod)
  const decision = decide(facts)
  for (const action of decision.actions) act(deps, options, one, pod, action, again)
  tellFailure(deps, pod, decision)
  tellBackOff(deps, one, pod, decision)
  tellStatus(deps, options, one, pod, decision)
  if (decision.wakeAtMs !== undefined) queue.addAfter(one.podUid, decision.wakeAtMs - facts.nowMs)
  one.isBusy = decision.isBusy
  return false
}

function factsOf(deps: PodsDeps, one: Tracked, pod: Pod): PodFacts {
  return {
    pod,
    sandbox: deps.view.get(one.podUid),
    isSetUp: one.isSetUp,
    isNetworkReady: pod.spec.hostNetwork === true || deps.isNetworkReady(),
    isSettingUp: one.isSettingUp,
    isTearingDown: one.tearingDown !== undefined,
    changing: one.changing,
    hooking: one.hooking,
    isEnded: one.isEnded,
    blocked: one.blocked,
    checked: deps.probes.checked(one.podUid),
    restarts: one.restarts,
    ...evictionOf(deps, one),
    nowMs: deps.clock.now(),
  }
}

function evictionOf(deps: PodsDeps, { podUid }: Tracked): Pick<PodFacts, 'evicted'> {
  const evicted = deps.limits.exceeded(podUid)
  return evicted === undefined ? {} : { evicted }
}

function followVolumes(deps: PodsDeps, options: KubeletOptions, one: Tracked, pod: Pod): void {
  if (pod.metadata.deletionTimestamp !== undefined || wasOver(pod)) {
    deps.volumes.forget(one.podUid)
    deps.limits.forget(one.podUid)
  } else if (one.isSetUp) {
    deps.limits.follow(pod)
    deps.volumes.follow(pod, { node: options.node, hostIps: options.addresses, podIps: one.addresses })
  }
}

function followProbes(deps: PodsDeps, one: Tracked, pod: Pod): void {
  if (wasOver(pod)) {
    deps.probes.forget(one.podUid)
    return
  }
  const sandbox = deps.view.get(one.podUid)
  const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers]
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])]
  const probed = containers.flatMap(container => {
    const { current } = runsOf(pod, container.name, sandbox, 0)
    if (current?.state.state !== 'running') return []
    const status = statuses.find(({ name, containerID }) => name === container.name && containerID === current.id)
    const before = { started: status?.started ?? false, ready: status?.ready ?? false }
    return [{ container, attempt: current.attempt, startedAtMs: current.state.startedAtMs, before }]
  })
  deps.probes.follow(pod, one.addresses[0] ?? '', probed)
}

/** Starts what is to be done; when it has ended, the pod is looked at again. */
function act(deps: PodsDeps, options: KubeletOptions, one: Tracked, pod: Pod, action: Action, again: () => void): void {
  const { operations } = deps
  switch (action.do) {
    case 'set-up':
      operations.setUp(one, pod).then(again)
      break
    case 'start':
      operations.start(one, pod, action).then(again)
      break
    case 'stop':
      operations.stop(one, pod, action).then(again)
      break
    case 'release':
      operations.release(one, pod, action.graceSeconds).then(again)
      break
    case 'tear-down':
      tearDown(deps, options, one, action.graceSeconds, again)
      break
    default:
      unreachable(action)
  }
}

const RETRY_MS = 100

/** Asked again with less time, containers get less time. What is being set up must stand first, or it would be left over. */
function tearDown(
  deps: PodsDeps,
  options: KubeletOptions,
  one: Tracked,
  graceSeconds: number,
  again: () => void,
): void {
  const before = one.tearingDown
  if (one.isSettingUp || one.isGone || (before && before.graceSeconds <= graceSeconds)) return
  const current = { graceSeconds }
  one.tearingDown = current
  takeDown(deps, options, one, current).then(isDone => {
    if (one.tearingDown !== current) return
    one.tearingDown = undefined
    one.isGone = isDone
    if (isDone) again()
    else deps.clock.after(RETRY_MS, again)
  })
}

/** Its containers end; the API is told how; then nothing is left of it. False when it has to be tried again. */
async function takeDown(
  deps: PodsDeps,
  options: KubeletOptions,
  one: Tracked,
  current: { readonly graceSeconds: number },
): Promise<boolean> {
  const { pod } = one
  if (pod && !one.isEnded) {
    try {
      await deps.operations.end(one, pod, current.graceSeconds)
    } catch (error) {
      deps.log.debug({ pod: pod.metadata.name, error: messageOf(error) }, 'a pod could not be ended')
      return false
    }
    if (one.tearingDown !== current) return false
    one.isEnded = true
    if (one.pod) tellStatus(deps, options, one, one.pod, decide(factsOf(deps, one, one.pod)))
  }
  return deps.operations.tearDown(one, pod ? 0 : current.graceSeconds)
}

function tellFailure(deps: PodsDeps, pod: Pod, { failure, actions }: Decision): void {
  if (failure && actions.some(action => action.do === 'release'))
    deps.events.record(pod, failure.reason === 'Evicted' ? 'Warning' : 'Normal', failure.reason, failure.message)
}

/** Once for each attempt that failed too soon after the one before. */
function tellBackOff(deps: PodsDeps, one: Tracked, pod: Pod, decision: Decision): void {
  for (const { container, waiting, runs } of decision.views) {
    const { attempt, state } = runs.current ?? {}
    if (
      waiting?.reason !== 'CrashLoopBackOff' ||
      attempt === undefined ||
      one.backedOff.get(container.name) === attempt
    )
      continue
    one.backedOff.set(container.name, attempt)
    const { name, namespace, uid } = pod.metadata
    const where = `container ${container.name} in pod ${name}_${namespace}(${uid})`
    deps.events.record(pod, 'Warning', 'BackOff', `Back-off restarting failed ${where}`)
    const hint = portHint(pod, container, state?.state === 'ended' ? state.message : undefined)
    if (hint !== undefined) deps.events.record(pod, 'Warning', 'PrivilegedPort', hint)
  }
}

async function removeObject(deps: PodsDeps, pod: Pod): Promise<void> {
  const { namespace, name, uid } = pod.metadata
  try {
    await deps.statuses.flush(uid)
    await deps.client.delete(Pod, { namespace: namespace!, name }, { gracePeriodSeconds: 0, preconditions: { uid } })
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}

function tellStatus(deps: PodsDeps, options: KubeletOptions, one: Tracked, pod: Pod, decision: Decision): void {
  const isOnHost = pod.spec.hostNetwork === true
  const known =
    one.addresses.length > 0
      ? one.addresses
      : isOnHost
        ? options.addresses
        : (pod.status?.podIPs ?? []).map(({ ip }) => ip)
  const addresses = { pod: known, host: options.addresses }
  const hasSandbox = one.isSetUp && deps.view.get(one.podUid)?.stopped === false
  one.wanted = statusOf(pod, decision, addresses, hasSandbox, deps.clock.now())
  deps.statuses.tell(one, { isPassing: decision.isBusy })
}
