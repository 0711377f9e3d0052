import { Namespace } from '../../api/core/namespace.ts'
import { Node } from '../../api/core/node.ts'
import { Pod } from '../../api/core/pod.ts'
import { Service } from '../../api/core/service.ts'
import { PodDisruptionBudget } from '../../api/policy/pod-disruption-budget.ts'
import { runLoop } from '../../client/loop.ts'
import { isConflict, isNotFound } from '../../client/mod.ts'
import type { Controller, ControllerDeps } from '../shared/controller.ts'
import { isPodTerminal, podCondition } from '../shared/pods.ts'
import { type Placement, place } from './decide.ts'
import { displace, isOutranked, tell } from './displace.ts'

export interface SchedulerOptions {
  /** Pods that name this scheduler are placed. */
  readonly name?: string
}

/** Binds pods to nodes. Each round places all that wait; what cannot be placed is looked at again whenever anything changes. */
export async function startScheduler(
  deps: ControllerDeps,
  options: SchedulerOptions,
  signal: AbortSignal,
): Promise<Controller> {
  const { client, informers, clock } = deps
  const name = options.name ?? 'default-scheduler'
  const events = deps.events(name)
  const log = deps.log.child({ controller: 'scheduler' })
  const pods = informers.of(Pod, { indexes: { unbound } })
  const nodes = informers.of(Node)
  const services = informers.of(Service)
  const namespaces = informers.of(Namespace)
  const budgets = informers.of(PodDisruptionBudget)
  const namespaceLabels = (name: string) => namespaces.get({ name })?.metadata.labels
  /** Bound by us, while the cache does not say so yet: UID to node. */
  const assumed = new Map<string, string>()

  const isWaiting = (pod: Pod): boolean =>
    !assumed.has(pod.metadata.uid) &&
    (pod.spec.schedulerName ?? name) === name &&
    !pod.metadata.deletionTimestamp &&
    !pod.spec.schedulingGates?.length &&
    !isPodTerminal(pod)
  const forgetKnown = (): void => {
    if (assumed.size === 0) return
    const unknown = new Set(pods.by('unbound', '').map(pod => pod.metadata.uid))
    for (const uid of assumed.keys()) if (!unknown.has(uid)) assumed.delete(uid)
  }
  const placed = () =>
    pods.list().flatMap(pod => {
      const node = pod.spec.nodeName || assumed.get(pod.metadata.uid)
      return node && !isPodTerminal(pod) ? [{ pod, node }] : []
    })
  const bind = async (pod: Pod, node: string): Promise<void> => {
    const { namespace, name: podName, uid } = pod.metadata
    const target = { apiVersion: 'v1', kind: 'Node', name: node }
    const metadata = { name: podName, namespace, uid }
    assumed.set(uid, node)
    try {
      const path = `/api/v1/namespaces/${namespace}/pods/${podName}/binding`
      await client.request('POST', path, { apiVersion: 'v1', kind: 'Binding', metadata, target })
      events.record(pod, 'Normal', 'Scheduled', `Successfully assigned ${namespace}/${podName} to ${node}`)
    } catch (error) {
      assumed.delete(uid)
      // Gone, or placed by another: the cache will tell.
      if (!isNotFound(error) && !isConflict(error)) throw error
    }
  }
  const refuse = (pod: Pod, message: string, nominated: string | undefined): Promise<void> =>
    tell({ client, events, clock }, pod, message, nominated)
  const apply = async (placement: Placement): Promise<void> => {
    if (placement.node !== undefined) return bind(placement.pod, placement.node)
    const { pod, message, preemption } = placement
    if (preemption) {
      await displace({ client, events, clock }, name, pod, preemption)
      const lesser = pods.by('unbound', '').filter(other => isOutranked(other, pod, preemption.node))
      await Promise.all(
        lesser.map(other => refuse(other, podCondition(other, 'PodScheduled')?.message ?? '', undefined)),
      )
    }
    await refuse(pod, message, preemption?.node ?? pod.status?.nominatedNodeName)
  }

  const step = async (): Promise<void> => {
    forgetKnown()
    const waiting = pods.by('unbound', '').filter(isWaiting)
    if (waiting.length === 0) return
    const placements = place(waiting, {
      nodes: nodes.list(),
      placed: placed(),
      services: services.list(),
      budgets: budgets.list(),
      namespaceLabels,
    })
    const results = await Promise.allSettled(placements.map(apply))
    const failed = results.find(result => result.status === 'rejected')
    if (failed) throw failed.reason
    log.debug({ pods: placements.length }, 'placed')
  }
  await informers.sync(signal)
  return runLoop({ ...deps, log }, { name: 'scheduler', informers: [pods, nodes, services], step }, signal)
}

const unbound = (pod: Pod): readonly string[] => (pod.spec.nodeName ? [] : [''])
