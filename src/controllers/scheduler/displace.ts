import { Pod } from '../../api/core/pod.ts'
import type { EventRecorder } from '../../client/events.ts'
import { type Client, isNotFound } from '../../client/mod.ts'
import type { Clock } from '../../lib/clock.ts'
import { rfc3339 } from '../../lib/clock.ts'
import { withCondition } from '../shared/conditions.ts'
import { podCondition } from '../shared/pods.ts'
import { type Preemption, priorityOf } from './preempt.ts'

interface Deps {
  readonly client: Client
  readonly events: EventRecorder
  readonly clock: Clock
}

/** Ends the pods whose place another takes: told why in their status, then deleted with their own grace. */
export async function displace(
  { client, events, clock }: Deps,
  scheduler: string,
  pod: Pod,
  { node, victims }: Preemption,
): Promise<void> {
  const end = async (victim: Pod): Promise<void> => {
    const { namespace, name, uid } = victim.metadata
    const conditions = withCondition(victim.status?.conditions, {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'PreemptionByScheduler',
      message: `${scheduler}: preempting to accommodate a higher priority pod`,
      lastTransitionTime: rfc3339(clock.now()),
    })
    try {
      await client.updateStatus(Pod, { ...victim, status: { ...victim.status, conditions } })
      await client.delete(Pod, { namespace: namespace!, name }, { preconditions: { uid } })
      events.record(victim, 'Normal', 'Preempted', `Preempted by pod ${pod.metadata.uid} on node ${node}`)
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }
  await Promise.all(victims.filter(({ metadata }) => metadata.deletionTimestamp === undefined).map(end))
}

/** Tells why the pod waits, once. nominated: where room is being made for it. */
export async function tell(
  { client, events, clock }: Deps,
  pod: Pod,
  message: string,
  nominated: string | undefined,
): Promise<void> {
  const old = podCondition(pod, 'PodScheduled')
  const isTold = old?.status === 'False' && old.message === message
  if (isTold && (nominated ?? '') === (pod.status?.nominatedNodeName ?? '')) return
  if (!isTold) events.record(pod, 'Warning', 'FailedScheduling', message)
  const lastTransitionTime = rfc3339(clock.now())
  const next = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message, lastTransitionTime }
  const conditions = withCondition(pod.status?.conditions, next)
  const { nominatedNodeName: _, ...rest } = pod.status ?? {}
  const status = { ...rest, conditions, ...(nominated ? { nominatedNodeName: nominated } : {}) }
  await client.updateStatus(Pod, { ...pod, status }).catch(error => {
    if (!isNotFound(error)) throw error
  })
}

/** Room on the node was promised to it, and a more important pod takes that. */
export const isOutranked = (other: Pod, pod: Pod, node: string): boolean =>
  other.status?.nominatedNodeName === node && priorityOf(other) < priorityOf(pod)
