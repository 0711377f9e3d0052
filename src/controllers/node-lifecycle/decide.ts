import type { Node, Taint } from '../../api/core/node.ts'
import type { NodeCondition } from '../../api/core/node-status.ts'
import type { PodStatus } from '../../api/core/pod/status.ts'
import type { Pod } from '../../api/core/pod.ts'
import { rfc3339 } from '../../lib/clock.ts'
import { NOT_READY, UNREACHABLE, UNSCHEDULABLE } from '../placement/taints.ts'
import { withCondition } from '../shared/conditions.ts'
import { podCondition } from '../shared/pods.ts'
import { sameValue } from '../shared/values.ts'

/** Conditions that only the node's agent can know; without it they are unknown. */
const REPORTED = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'] as const

export interface Plan {
  /** The node's conditions, where they must change. */
  readonly conditions: readonly NodeCondition[] | undefined
  /** The node's taints, where they must change. */
  readonly taints: readonly Taint[] | undefined
  /** Pods on it must not count as ready. */
  readonly isLost: boolean
}

/** silent: the node's agent has not been heard for longer than allowed. */
export function decide(node: Node, silent: boolean, nowMs: number): Plan {
  const conditions = silent ? unknown(node, nowMs) : (node.status?.conditions ?? [])
  const ready = conditions.find(({ type }) => type === 'Ready')?.status
  const taints = taintsFor(node, ready, nowMs)
  return {
    conditions: sameValue(conditions, node.status?.conditions ?? []) ? undefined : conditions,
    taints: sameValue(taints, node.spec.taints ?? []) ? undefined : taints,
    isLost: ready === 'Unknown',
  }
}

function unknown({ status }: Node, nowMs: number): readonly NodeCondition[] {
  const lastTransitionTime = rfc3339(nowMs)
  let conditions: readonly NodeCondition[] = status?.conditions ?? []
  for (const type of REPORTED) {
    const old = conditions.find(condition => condition.type === type)
    const [reason, message] = old
      ? ['NodeStatusUnknown', 'Kubelet stopped posting node status.']
      : ['NodeStatusNeverUpdated', 'Kubelet never posted node status.']
    if (old?.status === 'Unknown') continue
    const heartbeat = old?.lastHeartbeatTime ? { lastHeartbeatTime: old.lastHeartbeatTime } : {}
    conditions = withCondition(conditions, {
      type,
      status: 'Unknown',
      reason,
      message,
      lastTransitionTime,
      ...heartbeat,
    })
  }
  return conditions
}

/** The taints this controller owns, by what the node is; all others stay. */
function taintsFor({ spec }: Node, ready: string | undefined, nowMs: number): readonly Taint[] {
  const old = spec.taints ?? []
  const wanted: Taint[] = []
  // A node that has not reported yet is given its time: its first status is a moment away.
  const key = ready === 'Unknown' ? UNREACHABLE : ready === 'False' ? NOT_READY : undefined
  if (key) wanted.push({ key, effect: 'NoSchedule' }, { key, effect: 'NoExecute', timeAdded: rfc3339(nowMs) })
  if (spec.unschedulable) wanted.push({ key: UNSCHEDULABLE, effect: 'NoSchedule', timeAdded: rfc3339(nowMs) })
  const isOurs = (taint: Taint): boolean => [NOT_READY, UNREACHABLE, UNSCHEDULABLE].includes(taint.key)
  const isSame = (a: Taint, b: Taint): boolean => a.key === b.key && a.effect === b.effect
  const kept = old.filter(taint => !isOurs(taint) || wanted.some(other => isSame(taint, other)))
  return [...kept, ...wanted.filter(taint => !kept.some(other => isSame(taint, other)))]
}

/** The status of a pod whose node is lost: it may run, but nothing should be sent to it. Undefined where it says so already. */
export function lostStatus(pod: Pod, nowMs: number): PodStatus | undefined {
  const ready = podCondition(pod, 'Ready')
  if (ready?.status !== 'True') return undefined
  const next = {
    type: 'Ready',
    status: 'False',
    reason: 'NodeNotReady',
    message: 'Node is not ready',
    lastTransitionTime: rfc3339(nowMs),
  }
  return { ...pod.status, conditions: withCondition(pod.status?.conditions, next) }
}
