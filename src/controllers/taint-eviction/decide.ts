import type { Node, Taint } from '../../api/core/node.ts'
import type { Pod } from '../../api/core/pod.ts'
import { tolerates } from '../placement/taints.ts'

/** NoExecute taints of a node. */
export const driving = (node: Node | undefined): readonly Taint[] =>
  (node?.spec.taints ?? []).filter(({ effect }) => effect === 'NoExecute')

/**
 * When the pod must leave its node, in milliseconds from now; undefined where it may stay. The clock of a toleration starts
 * when the taint was added. Source: pkg/controller/tainteviction.
 */
export function msUntilEviction(pod: Pod, node: Node | undefined, nowMs: number): number | undefined {
  if (pod.metadata.deletionTimestamp) return undefined
  let least: number | undefined
  for (const taint of driving(node)) {
    const fitting = (pod.spec.tolerations ?? []).filter(toleration => tolerates(toleration, taint))
    if (fitting.length === 0) return 0
    const seconds = fitting.flatMap(({ tolerationSeconds }) => tolerationSeconds ?? [])
    if (seconds.length === 0) continue
    const since = taint.timeAdded ? Date.parse(taint.timeAdded) : nowMs
    const restMs = Math.max(0, since + Math.max(0, Math.min(...seconds)) * 1000 - nowMs)
    least = Math.min(least ?? restMs, restMs)
  }
  return least
}
