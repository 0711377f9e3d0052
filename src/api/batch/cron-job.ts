import { age } from '../../lib/human-duration.ts'
import type { Infer, InferMessage } from '../../schema/field.ts'
import { boolean, int32, int64, list, message, one, ref, string, time } from '../../schema/field.ts'
import { ObjectReference } from '../core/reference.ts'
import { AGE, containerColumns, NAME, selectorText } from '../meta/columns.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind, ObjectMeta } from '../meta/meta.ts'
import { completeCronJob } from './complete.ts'
import { JobSpec } from './job.ts'
import { cronJobErrors } from './rules.ts'

const GROUP = 'io.k8s.api.batch.v1'

export interface JobTemplateSpec extends InferMessage<typeof JobTemplateSpec> {}
export const JobTemplateSpec = message(`${GROUP}.JobTemplateSpec`, 'What Jobs are made from.', {
  metadata: one(1, ref<ObjectMeta>(ObjectMeta), 'Labels and annotations of the Jobs.'),
  spec: one(2, ref<JobSpec>(JobSpec), 'What the Jobs should do.', { present: true }),
})

export interface CronJobSpec extends InferMessage<typeof CronJobSpec> {}
export const CronJobSpec = message(`${GROUP}.CronJobSpec`, 'When a Job is made, and what it does.', {
  schedule: string(1, 'Minute, hour, day of month, month, day of week.', { required: true }),
  timeZone: string(8, 'The time zone of the schedule; UTC where absent.', { explicit: true }),
  startingDeadlineSeconds: int64(2, 'How late a Job may still be made.', { explicit: true }),
  concurrencyPolicy: string(3, 'What happens while an earlier Job still runs.', {
    enum: ['Allow', 'Forbid', 'Replace'],
    default: 'Allow',
  }),
  suspend: boolean(4, 'No Jobs are made.', { explicit: true, default: false }),
  jobTemplate: one(5, ref<JobTemplateSpec>(JobTemplateSpec), 'What Jobs are made from.', { required: true }),
  successfulJobsHistoryLimit: int32(6, 'How many completed Jobs are kept.', { explicit: true, default: 3 }),
  failedJobsHistoryLimit: int32(7, 'How many failed Jobs are kept.', { explicit: true, default: 1 }),
})

export interface CronJobStatus extends InferMessage<typeof CronJobStatus> {}
export const CronJobStatus = message(`${GROUP}.CronJobStatus`, 'How a CronJob stands.', {
  active: list(1, ref<ObjectReference>(ObjectReference), 'Jobs that run.'),
  lastScheduleTime: time(4, 'When a Job was last due and made.'),
  lastSuccessfulTime: time(5, 'When a Job last completed.'),
})

const cronJobFields = {
  spec: one(2, ref<CronJobSpec>(CronJobSpec), 'What it should be.', { present: true }),
  status: one(3, ref<CronJobStatus>(CronJobStatus), 'How it stands; the system writes it.'),
}

export interface CronJob extends KubeObject, Infer<typeof cronJobFields> {}
export const CronJob = defineKind<CronJob>({
  group: 'batch',
  version: 'v1',
  kind: 'CronJob',
  plural: 'cronjobs',
  shortNames: ['cj'],
  categories: ['all'],
  subresources: { status: true },
  namespaced: true,
  definition: 'io.k8s.api.batch.v1.CronJob',
  doc: 'Makes Jobs on a schedule.',
  fields: cronJobFields,
  complete: completeCronJob,
  validate: cronJobErrors,
  columns: [
    NAME,
    { name: 'Schedule', type: 'string', description: 'When Jobs are due.', cell: object => object.spec.schedule },
    {
      name: 'Timezone',
      type: 'string',
      description: 'The time zone of the schedule.',
      cell: object => object.spec.timeZone ?? '<none>',
    },
    {
      name: 'Suspend',
      type: 'boolean',
      description: 'Whether Jobs are made.',
      cell: ({ spec }) => (spec.suspend === undefined ? '<unset>' : spec.suspend ? 'True' : 'False'),
    },
    {
      name: 'Active',
      type: 'integer',
      description: 'How many Jobs run.',
      cell: object => object.status?.active?.length ?? 0,
    },
    {
      name: 'Last Schedule',
      type: 'string',
      description: 'When a Job was last made.',
      cell: ({ status }, nowMs) => (status?.lastScheduleTime ? age(status.lastScheduleTime, nowMs) : '<none>'),
    },
    AGE,
    ...containerColumns<CronJob>(object => object.spec.jobTemplate?.spec?.template),
    {
      name: 'Selector',
      type: 'string',
      description: 'The pods it owns.',
      priority: 1,
      cell: object => selectorText(object.spec.jobTemplate?.spec?.selector),
    },
  ],
})
