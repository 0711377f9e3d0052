import { CronJob, type CronJobStatus } from '../../api/batch/cron-job.ts'
import type { Job } from '../../api/batch/job.ts'
import { isTimeZone, nextAfter, parseSchedule, type Schedule, zonedTime } from '../../api/batch/schedule.ts'
import type { Draft } from '../../client/mod.ts'
import { controllerReference } from '../../client/owner.ts'
import { rfc3339 } from '../../lib/clock.ts'
import { hasCondition, isFinished } from '../job/decide.ts'

export interface Plan {
  readonly create: Draft<Job> | undefined
  /** The time the created Job was due. */
  readonly dueMs: number | undefined
  readonly remove: readonly Job[]
  /** Before anything is created. */
  readonly status: CronJobStatus
  readonly events: readonly CronJobEvent[]
  readonly recheckMs: number | undefined
}

export interface CronJobEvent {
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly message: string
}

/** Says when the Job was due, in the schedule's own zone. */
const SCHEDULED_AT = 'batch.kubernetes.io/cronjob-scheduled-timestamp'
/** More than so many missed times are told of. */
const MANY = 100

/** syncCronJob. jobs: those the CronJob owns. */
export function decide(cron: CronJob, jobs: readonly Job[], nowMs: number): Plan {
  const events: CronJobEvent[] = []
  const status = follow(cron, jobs, events)
  const spent = surplus(cron, jobs)
  const idle = { create: undefined, dueMs: undefined, remove: spent, status, events, recheckMs: undefined }
  if (cron.metadata.deletionTimestamp) return { ...idle, remove: [] }
  if (cron.spec.suspend) return idle
  const schedule = scheduleOf(cron, events)
  if (!schedule) return idle
  const zone = cron.spec.timeZone ?? 'UTC'
  const next = nextAfter(schedule, nowMs, zone)
  // Upstream too waits a little longer, so that the time has surely come.
  const waiting = { ...idle, recheckMs: next === undefined ? undefined : next - nowMs + 100 }
  const dueMs = lastDue(cron, schedule, zone, nowMs, events)
  if (dueMs === undefined || isTooLate(cron, dueMs, nowMs, events)) return waiting
  const create = jobDraft(cron, dueMs)
  const isMade = cron.status?.lastScheduleTime === rfc3339(dueMs) || jobs.some(has(create.metadata.name!))
  if (isMade) return waiting
  const active = jobs.filter(job => status.active?.some(one => one.uid === job.metadata.uid))
  if (cron.spec.concurrencyPolicy === 'Forbid' && active.length > 0) {
    const message = 'Not starting job because prior execution is running and concurrency policy is Forbid'
    return { ...waiting, events: [...events, { type: 'Normal', reason: 'JobAlreadyActive', message }] }
  }
  const replaced = cron.spec.concurrencyPolicy === 'Replace' ? active : []
  const left = (status.active ?? []).filter(one => !replaced.some(job => job.metadata.uid === one.uid))
  const { active: _, ...rest } = status
  return {
    ...waiting,
    create,
    dueMs,
    remove: [...spent, ...replaced],
    status: { ...rest, ...(left.length > 0 ? { active: left } : {}) },
  }
}

const has =
  (name: string) =>
  ({ metadata }: Job): boolean =>
    metadata.name === name

/** What has become of the Jobs that were running. */
function follow(cron: CronJob, jobs: readonly Job[], events: CronJobEvent[]): CronJobStatus {
  const known = cron.status?.active ?? []
  const left: (typeof known)[number][] = []
  for (const one of known) {
    const job = jobs.find(({ metadata }) => metadata.uid === one.uid)
    if (!job) events.push({ type: 'Normal', reason: 'MissingJob', message: `Active job went missing: ${one.name}` })
    else if (!isFinished(job)) left.push(one)
    else {
      const condition = hasCondition(job, 'Complete') ? 'Complete' : 'Failed'
      const message = `Saw completed job: ${one.name}, condition: ${condition}`
      events.push({ type: 'Normal', reason: 'SawCompletedJob', message })
    }
  }
  for (const job of jobs)
    if (!isFinished(job) && !known.some(one => one.uid === job.metadata.uid)) {
      const message = `Saw a job that the controller did not create or forgot: ${job.metadata.name}`
      events.push({ type: 'Warning', reason: 'UnexpectedJob', message })
    }
  const succeeded = jobs.filter(job => hasCondition(job, 'Complete')).map(job => job.status?.completionTime ?? '')
  const lastSuccessfulTime = [cron.status?.lastSuccessfulTime ?? '', ...succeeded].sort().at(-1)
  const { lastScheduleTime } = cron.status ?? {}
  return {
    ...(left.length > 0 ? { active: left } : {}),
    ...(lastScheduleTime ? { lastScheduleTime } : {}),
    ...(lastSuccessfulTime ? { lastSuccessfulTime } : {}),
  }
}

/** cleanupFinishedJobs: the oldest beyond the limits. */
function surplus({ spec }: CronJob, jobs: readonly Job[]): readonly Job[] {
  const oldest = (some: readonly Job[], limit: number): readonly Job[] => {
    const sorted = [...some].sort((a, b) => ((a.status?.startTime ?? '') < (b.status?.startTime ?? '') ? -1 : 1))
    return sorted.slice(0, Math.max(0, some.length - limit))
  }
  const here = jobs.filter(job => !job.metadata.deletionTimestamp)
  return [
    ...oldest(
      here.filter(job => hasCondition(job, 'Complete')),
      spec.successfulJobsHistoryLimit ?? 3,
    ),
    ...oldest(
      here.filter(job => hasCondition(job, 'Failed')),
      spec.failedJobsHistoryLimit ?? 1,
    ),
  ]
}

function scheduleOf({ spec }: CronJob, events: CronJobEvent[]): Schedule | undefined {
  if (spec.timeZone !== undefined && !isTimeZone(spec.timeZone)) {
    const message = `invalid timeZone: ${JSON.stringify(spec.timeZone)}: unknown time zone ${spec.timeZone}`
    events.push({ type: 'Warning', reason: 'UnknownTimeZone', message })
    return undefined
  }
  const schedule = parseSchedule(spec.schedule)
  if (typeof schedule !== 'string') return schedule
  const message = `unparseable schedule: ${JSON.stringify(spec.schedule)} : ${schedule}`
  events.push({ type: 'Warning', reason: 'UnparseableSchedule', message })
  return undefined
}

/** mostRecentScheduleTime: the last time that has come and was not served; of several that were missed only the last counts. */
function lastDue(
  { metadata, spec, status }: CronJob,
  schedule: Schedule,
  zone: string,
  nowMs: number,
  events: CronJobEvent[],
): number | undefined {
  const since = Date.parse(status?.lastScheduleTime ?? metadata.creationTimestamp)
  const deadline = spec.startingDeadlineSeconds
  let at = deadline === undefined ? since : Math.max(since, nowMs - deadline * 1000)
  const first = nextAfter(schedule, at, zone)
  if (first === undefined || first > nowMs) return undefined
  const second = nextAfter(schedule, first, zone)
  const missed = second === undefined ? 1 : Math.floor((nowMs - first) / (second - first)) + 1
  if (missed > MANY) {
    const message = 'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew'
    events.push({ type: 'Warning', reason: 'TooManyMissedTimes', message })
  }
  // Far behind, the search begins shortly before now: two periods hold at least one time.
  at = missed > MANY && second !== undefined ? nowMs - 2 * (second - first) : at
  let due = first
  for (let next = nextAfter(schedule, at, zone); next !== undefined && next <= nowMs; ) {
    due = next
    next = nextAfter(schedule, next, zone)
  }
  return due
}

function isTooLate({ spec }: CronJob, dueMs: number, nowMs: number, events: CronJobEvent[]): boolean {
  if (spec.startingDeadlineSeconds === undefined) return false
  if (dueMs + spec.startingDeadlineSeconds * 1000 >= nowMs) return false
  const when = new Date(dueMs).toUTCString().replace('GMT', '+0000')
  events.push({ type: 'Warning', reason: 'MissSchedule', message: `Missed scheduled time to start a job: ${when}` })
  return true
}

/** getJobFromTemplate2: named after the minute it was due, so that no time is served twice. */
export function jobDraft(cron: CronJob, dueMs: number): Draft<Job> {
  const { metadata, spec } = cron.spec.jobTemplate
  return {
    metadata: {
      namespace: cron.metadata.namespace!,
      name: `${cron.metadata.name}-${Math.floor(dueMs / 60_000)}`,
      ...(metadata?.labels ? { labels: metadata.labels } : {}),
      annotations: { ...metadata?.annotations, [SCHEDULED_AT]: zonedTime(dueMs, cron.spec.timeZone ?? 'UTC') },
      ownerReferences: [controllerReference(CronJob, cron)],
    },
    spec,
  }
}
