/** With a limit for each index, pods carry how often their index failed before. Source: pkg/controller/job/indexed_job_utils.go. */
import type { Job } from '../../api/batch/job.ts'
import type { Pod } from '../../api/core/pod.ts'
import { podCondition } from '../shared/pods.ts'
import { type Backoff, NO_FAILURES } from './backoff.ts'
import { failureAction } from './failure.ts'
import { indexOf } from './pods.ts'

const COUNTED = 'batch.kubernetes.io/job-index-failure-count'
/** Failures that a rule of the failure policy ignores. */
const IGNORED = 'batch.kubernetes.io/job-index-ignored-failure-count'

interface Counts {
  readonly counted: number
  readonly ignored: number
}

/** Of the failures before the pod's own. */
export function countsOf({ metadata }: Pod): Counts {
  const of = (name: string): number => Number(metadata.annotations?.[name] ?? 0) || 0
  return { counted: of(COUNTED), ignored: of(IGNORED) }
}

const all = (pod: Pod): number => countsOf(pod).counted + countsOf(pod).ignored

export const lastFailed = (index: number | undefined, pods: readonly Pod[]): Pod | undefined =>
  pods
    .filter(pod => indexOf(pod) === index && pod.status?.phase === 'Failed')
    .reduce<Pod | undefined>((last, pod) => (last && all(last) >= all(pod) ? last : pod), undefined)

/** What the next pod of the index carries. */
export function failureAnnotations(job: Job, before: Pod | undefined): Readonly<Record<string, string>> {
  if (!before) return { [COUNTED]: '0' }
  const { counted, ignored } = countsOf(before)
  const isIgnored = failureAction(job, before).is === 'ignore'
  const ignoredNow = ignored + (isIgnored ? 1 : 0)
  return {
    [COUNTED]: String(counted + (isIgnored ? 0 : 1)),
    ...(ignoredNow > 0 ? { [IGNORED]: String(ignoredNow) } : {}),
  }
}

/** getRemainingTimePerIndex: each index waits for its own failures alone. */
export const indexBackoff = (last: Pod | undefined): Backoff =>
  last ? { failures: all(last) + 1, lastFailureMs: finishedMs(last) } : NO_FAILURES

/** getFinishedTime. */
function finishedMs(pod: Pod): number {
  const { metadata, spec, status } = pod
  const lasting = new Set(
    (spec.initContainers ?? []).filter(one => one.restartPolicy === 'Always').map(({ name }) => name),
  )
  const statuses = [
    ...(status?.containerStatuses ?? []),
    ...(status?.initContainerStatuses ?? []).filter(({ name }) => lasting.has(name)),
  ]
  const ends = statuses.map(({ state }) => state?.terminated?.finishedAt).filter(end => end !== undefined)
  if (ends.length > 0 && ends.length === statuses.length) return Math.max(...ends.map(end => Date.parse(end)))
  const ready = podCondition(pod, 'Ready')
  const since = ready?.status === 'False' ? ready.lastTransitionTime : undefined
  return Date.parse(since ?? metadata.deletionTimestamp ?? metadata.creationTimestamp ?? '') || 0
}
