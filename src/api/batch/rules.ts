/** The rules of Jobs. Source: k8s.io/kubernetes/pkg/apis/batch/validation. */
import { invalid, required } from '../../schema/field-error.ts'
import type { FieldError } from '../../schema/kind.ts'
import { templateErrors } from '../core/pod/rules/spec.ts'
import { matchesSelector } from '../meta/matches.ts'
import { immutable, notNegative, same, selectorErrors } from '../meta/rules.ts'
import type { CronJob } from './cron-job.ts'
import type { Job, JobSpec } from './job.ts'
import { isTimeZone, parseSchedule } from './schedule.ts'

const MAX_INDEXED_PARALLELISM = 100_000

export function jobErrors(object: Job, old?: Job): readonly FieldError[] {
  const { spec } = object
  const labels = spec.template.metadata?.labels ?? {}
  return [
    ...(spec.selector ? selectorErrors(spec.selector, 'spec.selector') : [required('spec.selector')]),
    ...(spec.selector && !matchesSelector(spec.selector, labels)
      ? [invalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`')]
      : []),
    ...jobSpecErrors(spec, 'spec'),
    ...(old ? changeErrors(spec, old.spec, old) : []),
  ]
}

function jobSpecErrors(spec: JobSpec, path: string): readonly FieldError[] {
  const { restartPolicy } = spec.template.spec ?? {}
  return [
    ...notNegative(`${path}.parallelism`, spec.parallelism),
    ...notNegative(`${path}.completions`, spec.completions),
    ...notNegative(`${path}.activeDeadlineSeconds`, spec.activeDeadlineSeconds),
    ...notNegative(`${path}.backoffLimit`, spec.backoffLimit),
    ...notNegative(`${path}.ttlSecondsAfterFinished`, spec.ttlSecondsAfterFinished),
    ...notNegative(`${path}.backoffLimitPerIndex`, spec.backoffLimitPerIndex),
    ...notNegative(`${path}.maxFailedIndexes`, spec.maxFailedIndexes),
    ...indexedErrors(spec, path),
    ...templateErrors(spec.template, `${path}.template`),
    ...(restartPolicy === 'OnFailure' || restartPolicy === 'Never'
      ? []
      : [required(`${path}.template.spec.restartPolicy`, 'valid values: "OnFailure", "Never"')]),
  ]
}

function indexedErrors(spec: JobSpec, path: string): readonly FieldError[] {
  if (spec.completionMode !== 'Indexed')
    return spec.backoffLimitPerIndex === undefined
      ? []
      : [invalid(`${path}.backoffLimitPerIndex`, spec.backoffLimitPerIndex, 'requires indexed completion mode')]
  if (spec.completions === undefined) return [required(`${path}.completions`, 'when completion mode is Indexed')]
  return (spec.parallelism ?? 0) > MAX_INDEXED_PARALLELISM
    ? [
        invalid(
          `${path}.parallelism`,
          spec.parallelism,
          `must be less than or equal to ${MAX_INDEXED_PARALLELISM} when completion mode is Indexed`,
        ),
      ]
    : []
}

/** ValidateJobSpecUpdate: what pods are made from does not change once the Job may have some. */
function changeErrors(spec: JobSpec, old: JobSpec, { status }: Job): readonly FieldError[] {
  const isElastic =
    spec.completionMode === 'Indexed' && same(spec.completions, spec.parallelism) && spec.completions !== undefined
  const isFresh = old.suspend === true && status?.startTime === undefined
  return [
    ...(isElastic ? [] : immutable('spec.completions', spec.completions, old.completions)),
    ...immutable('spec.selector', spec.selector, old.selector),
    ...(isFresh ? [] : immutable('spec.template', spec.template, old.template)),
    ...immutable('spec.completionMode', spec.completionMode, old.completionMode),
    ...immutable('spec.podFailurePolicy', spec.podFailurePolicy, old.podFailurePolicy),
    ...immutable('spec.backoffLimitPerIndex', spec.backoffLimitPerIndex, old.backoffLimitPerIndex),
    ...immutable('spec.managedBy', spec.managedBy, old.managedBy),
    ...immutable('spec.successPolicy', spec.successPolicy, old.successPolicy),
  ]
}

const MAX_CRON_JOB_NAME = 52

export function cronJobErrors(object: CronJob, old?: CronJob): readonly FieldError[] {
  const { spec, metadata } = object
  return [
    ...(metadata.name && metadata.name.length > MAX_CRON_JOB_NAME && !old
      ? [invalid('metadata.name', metadata.name, `must be no more than ${MAX_CRON_JOB_NAME} characters`)]
      : []),
    ...scheduleErrors(spec.schedule),
    ...zoneErrors(spec.timeZone),
    ...notNegative('spec.startingDeadlineSeconds', spec.startingDeadlineSeconds),
    ...notNegative('spec.successfulJobsHistoryLimit', spec.successfulJobsHistoryLimit),
    ...notNegative('spec.failedJobsHistoryLimit', spec.failedJobsHistoryLimit),
    ...jobSpecErrors(spec.jobTemplate.spec, 'spec.jobTemplate.spec'),
  ]
}

function scheduleErrors(schedule: string): readonly FieldError[] {
  if (schedule === '') return [required('spec.schedule')]
  if (schedule.includes('TZ'))
    return [invalid('spec.schedule', schedule, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead')]
  const parsed = parseSchedule(schedule)
  return typeof parsed === 'string' ? [invalid('spec.schedule', schedule, parsed)] : []
}

function zoneErrors(zone: string | undefined): readonly FieldError[] {
  if (zone === undefined) return []
  if (zone === '') return [invalid('spec.timeZone', zone, 'timeZone must be nil or non-empty string')]
  if (zone.toLowerCase() === 'local')
    return [
      invalid(
        'spec.timeZone',
        zone,
        'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones',
      ),
    ]
  return isTimeZone(zone) ? [] : [invalid('spec.timeZone', zone, `unknown time zone ${zone}`)]
}
