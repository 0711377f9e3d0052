import type { PodCondition } from '../../api/core/pod/status.ts'
import type { Pod } from '../../api/core/pod.ts'
import type { ObjectMeta } from '../../api/meta/meta.ts'

export const podCondition = (pod: Pod, type: string): PodCondition | undefined =>
  pod.status?.conditions?.find(condition => condition.type === type)

export const isPodReady = (pod: Pod): boolean => podCondition(pod, 'Ready')?.status === 'True'

/** Succeeded or Failed: its containers will not run again. */
export const isPodTerminal = (pod: Pod): boolean => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'

export const isPodActive = (pod: Pod): boolean => !isPodTerminal(pod) && !pod.metadata.deletionTimestamp

/** Milliseconds until a ready pod counts as available; 0 when it does, undefined when it is not ready. */
export function msUntilAvailable(pod: Pod, minReadySeconds: number, nowMs: number): number | undefined {
  const ready = podCondition(pod, 'Ready')
  if (ready?.status !== 'True') return undefined
  if (minReadySeconds === 0) return 0
  return Math.max(0, Date.parse(ready.lastTransitionTime ?? '') + minReadySeconds * 1000 - nowMs)
}

export const restartsOf = (pod: Pod): number =>
  Math.max(0, ...(pod.status?.containerStatuses ?? []).map(status => status.restartCount))

/** A pod's metadata from a template: the server completes the name. */
export const metadataFromTemplate = (template: ObjectMeta | undefined): Partial<ObjectMeta> => ({
  ...(template?.labels ? { labels: template.labels } : {}),
  ...(template?.annotations ? { annotations: template.annotations } : {}),
  ...(template?.finalizers ? { finalizers: template.finalizers } : {}),
})
