import type { Job, JobCondition, JobStatus } from '../../api/batch/job.ts'
import type { Pod } from '../../api/core/pod.ts'
import { rfc3339 } from '../../lib/clock.ts'
import { withCondition } from '../shared/conditions.ts'
import { isPodActive, isPodReady, restartsOf } from '../shared/pods.ts'
import { type Backoff, NO_FAILURES } from './backoff.ts'
import { failureAction } from './failure.ts'
import { countsOf, indexBackoff, lastFailed } from './index-failures.ts'
import { formatIndexes, parseIndexes, pendingIndexes } from './indexes.ts'
import { indexOf, isTerminating, isTracked } from './pods.ts'

export interface Plan {
  /** One for each pod to be made: its index, or undefined. */
  readonly create: readonly (number | undefined)[]
  readonly remove: readonly Pod[]
  /** Pods that are removed count as failed: the Job itself has failed. */
  readonly isRemovalFailure: boolean
  /** Ended pods, which may go once the status that names them is written. */
  readonly release: readonly Pod[]
  /** Names what is about to be counted; undefined where nothing is. */
  readonly interim: JobStatus | undefined
  /** After the released pods are counted. */
  readonly status: JobStatus
  readonly events: readonly JobEvent[]
  readonly backoff: Backoff
  readonly recheckMs: number | undefined
}

export interface JobEvent {
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly message: string
}

export interface Limits {
  /** How long a Job waits after its first failed pod; it doubles with each. */
  readonly backoffMs: number
}

const MAX_BACKOFF_MS = 600_000

export const hasCondition = ({ status }: Job, type: string): boolean =>
  (status?.conditions ?? []).some(condition => condition.type === type && condition.status === 'True')
export const isFinished = (job: Job): boolean => hasCondition(job, 'Complete') || hasCondition(job, 'Failed')

/** isPodFailed: by default a pod that is asked to end counts as failed at once. */
function hasFailed(job: Job, pod: Pod): boolean {
  if (pod.status?.phase === 'Failed') return true
  return job.spec.podReplacementPolicy !== 'Failed' && isTerminating(pod)
}

/** syncJob. pods: those the Job owns, ended ones too. */
export function decide(job: Job, pods: readonly Pod[], before: Backoff, limits: Limits, nowMs: number): Plan {
  const tracked = pods.filter(isTracked)
  if (job.metadata.deletionTimestamp || isFinished(job)) return closed(job, pods, tracked, before)
  const count = countEnded(job, tracked, before, nowMs)
  const active = pods.filter(isPodActive)
  const started = startedAt(job, nowMs)
  const verdict = verdictOf(job, active, count, started, nowMs)
  const work = manage(job, pods, active, count, verdict, limits, nowMs)
  const leaving = new Set(work.remove)
  const activeAfter = active.length - leaving.size + work.create.length
  const conditions = conditionsOf(job, verdict, active.length + pods.filter(isTerminating).length === 0, nowMs)
  const isComplete = conditions.next.some(one => one.type === 'Complete' && one.status === 'True')
  const startTime = conditions.isResumed || started === undefined ? undefined : rfc3339(started)
  const status: JobStatus = {
    ...(conditions.next.length > 0 ? { conditions: conditions.next } : {}),
    ...((startTime ?? conditions.isResumed) ? { startTime: startTime ?? rfc3339(nowMs) } : {}),
    ...(isComplete ? { completionTime: rfc3339(nowMs) } : {}),
    ...positive('active', activeAfter),
    ...positive('succeeded', count.succeeded),
    ...positive('failed', count.failed),
    terminating: pods.filter(isTerminating).length + leaving.size,
    ...(count.completed && count.completed.size > 0 ? { completedIndexes: formatIndexes(count.completed) } : {}),
    ...(job.spec.backoffLimitPerIndex !== undefined ? { failedIndexes: formatIndexes(count.failedIndexes) } : {}),
    uncountedTerminatedPods: {},
    ready: active.filter(pod => isPodReady(pod) && !leaving.has(pod)).length,
  }
  return {
    ...work,
    isRemovalFailure: verdict.is === 'failed',
    release: count.ended,
    interim: count.interim,
    status,
    events: conditions.events,
    backoff: count.backoff,
    recheckMs: least(work.recheckMs, deadlineMs(job, started, nowMs)),
  }
}

const positive = (name: string, count: number): object => (count > 0 ? { [name]: count } : {})
const least = (...waits: readonly (number | undefined)[]): number | undefined => {
  const known = waits.filter(wait => wait !== undefined)
  return known.length > 0 ? Math.min(...known) : undefined
}

/** Nothing more is made; what still waits to be counted is let go. */
function closed(job: Job, pods: readonly Pod[], tracked: readonly Pod[], backoff: Backoff): Plan {
  const isEnding = job.metadata.deletionTimestamp !== undefined
  const release = tracked.filter(pod => isEnding || !isPodActive(pod))
  const terminating = pods.filter(isTerminating).length
  const status = isEnding ? (job.status ?? {}) : { ...job.status, terminating }
  const idle = { create: [], remove: [], isRemovalFailure: false, interim: undefined, events: [], recheckMs: undefined }
  return { ...idle, release, status, backoff }
}

interface Count {
  /** Tracked pods that have ended. */
  readonly ended: readonly Pod[]
  readonly interim: JobStatus | undefined
  readonly succeeded: number
  readonly failed: number
  /** Absent where completions have no index. */
  readonly completed: Set<number> | undefined
  readonly failedIndexes: ReadonlySet<number>
  /** A rule of the failure policy ended the Job. */
  readonly fatal: string | undefined
  readonly backoff: Backoff
}

const isIndexed = ({ spec }: Job): boolean => spec.completionMode === 'Indexed'

/** trackJobStatusAndRemoveFinalizers: each ended pod counts once, whatever happens between the writes. */
function countEnded(job: Job, tracked: readonly Pod[], before: Backoff, nowMs: number): Count {
  const { uncountedTerminatedPods: known } = job.status ?? {}
  const done = tracked.filter(pod => pod.status?.phase === 'Succeeded')
  const broken = tracked.filter(pod => pod.status?.phase !== 'Succeeded' && hasFailed(job, pod))
  const actions = broken.map(pod => ({ pod, action: failureAction(job, pod) }))
  const counted = actions.filter(({ action }) => action.is !== 'ignore').map(({ pod }) => pod)
  const union = (uids: readonly string[] | undefined, pods: readonly Pod[]): readonly string[] => [
    ...new Set([...(uids ?? []), ...pods.map(pod => pod.metadata.uid)]),
  ]
  const succeeded = union(known?.succeeded, done)
  const failed = union(known?.failed, counted)
  const completed = isIndexed(job) ? completedIndexes(job, done) : undefined
  const uncountedTerminatedPods = {
    ...(succeeded.length > 0 ? { succeeded } : {}),
    ...(failed.length > 0 ? { failed } : {}),
  }
  const isNews = done.length + counted.length > 0
  const failedHere = failedIndexes(job, actions)
  const interim = {
    ...job.status,
    uncountedTerminatedPods,
    ...completedText(completed),
    ...(job.spec.backoffLimitPerIndex === undefined ? {} : { failedIndexes: formatIndexes(failedHere) }),
  }
  return {
    ended: [...done, ...broken],
    interim: isNews ? interim : undefined,
    succeeded: completed ? completed.size : (job.status?.succeeded ?? 0) + succeeded.length,
    failed: (job.status?.failed ?? 0) + failed.length,
    completed,
    failedIndexes: failedHere,
    fatal: actions.map(({ action }) => (action.is === 'fail-job' ? action.message : undefined)).find(Boolean),
    backoff: nextBackoff(before, done, counted, nowMs),
  }
}

const completedText = (completed: ReadonlySet<number> | undefined): JobStatus =>
  completed && completed.size > 0 ? { completedIndexes: formatIndexes(completed) } : {}

function completedIndexes(job: Job, done: readonly Pod[]): Set<number> {
  const completions = job.spec.completions ?? 0
  const result = parseIndexes(job.status?.completedIndexes, completions)
  for (const pod of done) {
    const index = indexOf(pod)
    if (index !== undefined && index < completions) result.add(index)
  }
  return result
}

/** With a limit for each index: those whose pods failed once too often, or by a rule. */
function failedIndexes(
  job: Job,
  actions: readonly { readonly pod: Pod; readonly action: { readonly is: string } }[],
): ReadonlySet<number> {
  const limit = job.spec.backoffLimitPerIndex
  const result = parseIndexes(job.status?.failedIndexes)
  if (limit === undefined) return result
  for (const { pod, action } of actions) {
    const index = indexOf(pod)
    if (index === undefined) continue
    if (action.is === 'fail-index' || (action.is === 'count' && countsOf(pod).counted >= limit)) result.add(index)
  }
  return result
}

function nextBackoff(before: Backoff, done: readonly Pod[], failed: readonly Pod[], nowMs: number): Backoff {
  if (done.length > 0 && failed.length === 0) return NO_FAILURES
  if (failed.length === 0) return before
  return { failures: (done.length > 0 ? 0 : before.failures) + failed.length, lastFailureMs: nowMs }
}

type Verdict =
  | { readonly is: 'running' }
  | { readonly is: 'failed' | 'succeeded'; readonly reason: string; readonly message: string }

function verdictOf(job: Job, active: readonly Pod[], count: Count, startedMs: number | undefined, nowMs: number) {
  const fail = (reason: string, message: string): Verdict => ({ is: 'failed', reason, message })
  const target = job.status?.conditions?.find(one => one.type === 'FailureTarget' && one.status === 'True')
  if (target) return fail(target.reason ?? '', target.message ?? '')
  const { spec } = job
  if (count.fatal !== undefined) return fail('PodFailurePolicy', count.fatal)
  const limit = spec.backoffLimit ?? 6
  if (count.failed > limit || restartsExceed(job, active, limit))
    return fail('BackoffLimitExceeded', 'Job has reached the specified backoff limit')
  if (deadlineMs(job, startedMs, nowMs) === 0)
    return fail('DeadlineExceeded', 'Job was active longer than specified deadline')
  if (spec.maxFailedIndexes !== undefined && count.failedIndexes.size > spec.maxFailedIndexes)
    return fail('MaxFailedIndexesExceeded', 'Job has exceeded the specified maximal number of failed indexes')
  const met = successOf(job, count)
  if (met) return { is: 'succeeded', reason: 'SuccessPolicy', message: met } as const
  const { completions } = spec
  const failedIndexes = isIndexed(job) ? count.failedIndexes.size : 0
  const isEnough = completions === undefined ? count.succeeded > 0 : count.succeeded + failedIndexes >= completions
  if (!isEnough || active.length > 0) return { is: 'running' } as const
  if (failedIndexes > 0) return fail('FailedIndexes', 'Job has failed indexes')
  const message = 'Reached expected number of succeeded pods'
  return { is: 'succeeded', reason: 'CompletionsReached', message } as const
}

/** pastBackoffLimitOnFailure: pods that are restarted in place count by their restarts. */
function restartsExceed({ spec }: Job, active: readonly Pod[], limit: number): boolean {
  if (spec.template.spec?.restartPolicy !== 'OnFailure') return false
  const restarts = active.reduce((sum, pod) => sum + restartsOf(pod), 0)
  return limit === 0 ? restarts > 0 : restarts >= limit
}

/** matchSuccessPolicy. */
function successOf({ spec }: Job, { completed }: Count): string | undefined {
  for (const [index, rule] of (spec.successPolicy?.rules ?? []).entries()) {
    const wanted = rule.succeededIndexes === undefined ? undefined : parseIndexes(rule.succeededIndexes)
    const here = [...(completed ?? [])].filter(one => wanted?.has(one) ?? true).length
    if (here >= (rule.succeededCount ?? wanted?.size ?? Number.POSITIVE_INFINITY))
      return `Matched rules at index ${index}`
  }
  return undefined
}

const isSuspended = ({ spec }: Job): boolean => spec.suspend === true

/** The clock of the deadline stands still while the Job is suspended. */
function startedAt(job: Job, nowMs: number): number | undefined {
  if (job.status?.startTime) return Date.parse(job.status.startTime)
  return isSuspended(job) ? undefined : nowMs
}

function deadlineMs(job: Job, startedMs: number | undefined, nowMs: number): number | undefined {
  const seconds = job.spec.activeDeadlineSeconds
  if (seconds === undefined || startedMs === undefined || isSuspended(job)) return undefined
  return Math.max(0, startedMs + seconds * 1000 - nowMs)
}

/** manageJob: how many pods come or go. */
function manage(
  job: Job,
  pods: readonly Pod[],
  active: readonly Pod[],
  count: Count,
  verdict: Verdict,
  limits: Limits,
  nowMs: number,
): Pick<Plan, 'create' | 'remove' | 'recheckMs'> {
  if (verdict.is !== 'running' || isSuspended(job)) return { create: [], remove: active, recheckMs: undefined }
  const { parallelism = 1, completions } = job.spec
  const left = completions === undefined ? parallelism : completions - count.succeeded
  const wanted =
    completions === undefined && count.succeeded > 0 ? active.length : Math.max(0, Math.min(left, parallelism))
  const remove = surplus(job, active, active.length - wanted, count)
  const ending = job.spec.podReplacementPolicy === 'Failed' ? pods.filter(isTerminating).length : 0
  const missing = wanted - ending - (active.length - remove.length)
  if (missing <= 0) return { create: [], remove, recheckMs: undefined }
  const isEach = job.spec.backoffLimitPerIndex !== undefined
  const waitMs = isEach ? 0 : backoffLeft(count.backoff, limits, nowMs)
  if (waitMs > 0) return { create: [], remove, recheckMs: waitMs }
  if (!isIndexed(job)) return { create: Array.from({ length: missing }, () => undefined), remove, recheckMs: undefined }
  const busy = active.filter(pod => !remove.includes(pod)).map(indexOf)
  const taken = new Set([...(count.completed ?? []), ...count.failedIndexes, ...busy] as number[])
  const next = pendingIndexes(missing, completions ?? 0, taken)
  if (!isEach) return { create: next, remove, recheckMs: undefined }
  const waits = next.map(index => ({
    index,
    waitMs: backoffLeft(indexBackoff(lastFailed(index, pods)), limits, nowMs),
  }))
  const create = waits.filter(one => one.waitMs === 0).map(one => one.index)
  return { create, remove, recheckMs: least(...waits.map(one => one.waitMs).filter(wait => wait > 0)) }
}

function backoffLeft({ failures, lastFailureMs }: Backoff, { backoffMs }: Limits, nowMs: number): number {
  if (failures === 0) return 0
  const restMs = Math.min(MAX_BACKOFF_MS, backoffMs * 2 ** Math.min(failures - 1, 20))
  return Math.max(0, lastFailureMs + restMs - nowMs)
}

/** activePodsForRemoval: pods of an index that is done, taken or too high go first, then those that are missed least. */
function surplus(job: Job, active: readonly Pod[], atLeast: number, count: Count): readonly Pod[] {
  const remove: Pod[] = []
  if (isIndexed(job)) {
    const seen = new Set(count.completed)
    for (const pod of [...active].sort(leastMissedLast)) {
      const index = indexOf(pod)
      if (index === undefined || index >= (job.spec.completions ?? 0) || seen.has(index)) remove.push(pod)
      else seen.add(index)
    }
  }
  if (remove.length >= atLeast) return remove
  const others = active
    .filter(pod => !remove.includes(pod))
    .sort(leastMissedLast)
    .reverse()
  return [...remove, ...others.slice(0, atLeast - remove.length)]
}

const weight = (pod: Pod): number => (pod.spec.nodeName ? 1 : 0) + (isPodReady(pod) ? 2 : 0)
const leastMissedLast = (a: Pod, b: Pod): number =>
  weight(b) - weight(a) ||
  ((a.metadata.creationTimestamp ?? '') < (b.metadata.creationTimestamp ?? '') ? -1 : 1) ||
  (a.metadata.name < b.metadata.name ? -1 : 1)

/** A verdict stands as a target until the last pod has ended. */
function conditionsOf(job: Job, verdict: Verdict, isQuiet: boolean, nowMs: number) {
  const at = rfc3339(nowMs)
  const events: JobEvent[] = []
  let next: readonly JobCondition[] = job.status?.conditions ?? []
  const set = (type: string, status: string, reason: string, message: string): void => {
    next = withCondition(next, { type, status, reason, message, lastProbeTime: at, lastTransitionTime: at })
  }
  let isResumed = false
  if (verdict.is !== 'running') {
    const { reason, message } = verdict
    set(verdict.is === 'failed' ? 'FailureTarget' : 'SuccessCriteriaMet', 'True', reason, message)
    if (!isQuiet) return { next, events, isResumed }
    set(verdict.is === 'failed' ? 'Failed' : 'Complete', 'True', reason, message)
    if (verdict.is === 'failed') events.push({ type: 'Warning', reason, message })
    else events.push({ type: 'Normal', reason: 'Completed', message: 'Job completed' })
    return { next, events, isResumed }
  }
  const wasSuspended = hasCondition(job, 'Suspended')
  if (isSuspended(job) && !wasSuspended) {
    set('Suspended', 'True', 'JobSuspended', 'Job suspended')
    events.push({ type: 'Normal', reason: 'Suspended', message: 'Job suspended' })
  } else if (!isSuspended(job) && wasSuspended) {
    isResumed = true
    set('Suspended', 'False', 'JobResumed', 'Job resumed')
    events.push({ type: 'Normal', reason: 'Resumed', message: 'Job resumed' })
  }
  return { next, events, isResumed }
}

/** When a finished Job goes by itself; undefined where it stays. */
export function msUntilExpired(job: Job, nowMs: number): number | undefined {
  const seconds = job.spec.ttlSecondsAfterFinished
  const end = job.status?.conditions?.find(
    one => (one.type === 'Complete' || one.type === 'Failed') && one.status === 'True',
  )
  if (seconds === undefined || !end) return undefined
  return Math.max(0, Date.parse(end.lastTransitionTime ?? '') + seconds * 1000 - nowMs)
}
