/** Defaults of Jobs that follow from other fields. Source: k8s.io/kubernetes/pkg/apis/batch/v1. */
import { completeTemplate } from '../core/pod/complete.ts'
import type { CronJob } from './cron-job.ts'
import type { Job, JobSpec } from './job.ts'

const NO_LIMIT = 2 ** 31 - 1

function completeJobSpec(spec: JobSpec): JobSpec {
  const isSingle = spec.completions === undefined && spec.parallelism === undefined
  return {
    ...spec,
    ...(isSingle ? { completions: 1 } : {}),
    parallelism: spec.parallelism ?? 1,
    backoffLimit: spec.backoffLimit ?? (spec.backoffLimitPerIndex === undefined ? 6 : NO_LIMIT),
    manualSelector: spec.manualSelector ?? false,
    podReplacementPolicy: spec.podReplacementPolicy ?? (spec.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed'),
    template: completeTemplate(spec.template),
  }
}

export const completeJob = (object: Job): Job => ({ ...object, spec: completeJobSpec(object.spec) })

/** A CronJob's template gets the defaults of pods, and only those: the rest is decided when a Job is made. */
export function completeCronJob(object: CronJob): CronJob {
  const { jobTemplate } = object.spec
  const spec = { ...jobTemplate.spec, template: completeTemplate(jobTemplate.spec.template) }
  return { ...object, spec: { ...object.spec, jobTemplate: { ...jobTemplate, spec } } }
}
