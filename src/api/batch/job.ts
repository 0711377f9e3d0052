import { humanDuration } from '../../lib/human-duration.ts'
import type { Infer, InferMessage } from '../../schema/field.ts'
import { boolean, int32, int64, list, message, one, ref, STRING, string, time } from '../../schema/field.ts'
import { PodTemplateSpec } from '../core/pod/template.ts'
import { AGE, containerColumns, NAME, selectorText } from '../meta/columns.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { LabelSelector } from '../meta/selector.ts'
import { completeJob } from './complete.ts'
import { PodFailurePolicy, SuccessPolicy } from './job-policy.ts'
import { jobErrors } from './rules.ts'

const GROUP = 'io.k8s.api.batch.v1'

export interface JobSpec extends InferMessage<typeof JobSpec> {}
export const JobSpec = message(`${GROUP}.JobSpec`, 'What a Job should do.', {
  parallelism: int32(1, 'How many pods run at a time.', { explicit: true }),
  completions: int32(2, 'How many must succeed; where absent, the first success is enough.', { explicit: true }),
  activeDeadlineSeconds: int64(3, 'Seconds after which the Job fails.', { explicit: true }),
  podFailurePolicy: one(11, ref<PodFailurePolicy>(PodFailurePolicy), 'What follows when a pod fails.'),
  successPolicy: one(16, ref<SuccessPolicy>(SuccessPolicy), 'When enough has succeeded.'),
  backoffLimit: int32(7, 'How many pods may fail.', { explicit: true }),
  backoffLimitPerIndex: int32(12, 'How many pods of one index may fail.', { explicit: true }),
  maxFailedIndexes: int32(13, 'How many indexes may fail.', { explicit: true }),
  selector: one(4, ref<LabelSelector>(LabelSelector), 'The pods it owns; the server sets it.'),
  manualSelector: boolean(5, "The selector is the user's own.", { explicit: true }),
  template: one(6, ref<PodTemplateSpec>(PodTemplateSpec), 'What the pods are made from.', { required: true }),
  ttlSecondsAfterFinished: int32(8, 'Seconds after its end when the Job is deleted.', { explicit: true }),
  completionMode: string(9, 'NonIndexed, or Indexed where each completion has a number.', {
    enum: ['NonIndexed', 'Indexed'],
    default: 'NonIndexed',
  }),
  suspend: boolean(10, 'No pods run.', { explicit: true, default: false }),
  podReplacementPolicy: string(14, 'Whether a pod is replaced while it still ends.', {
    enum: ['Failed', 'TerminatingOrFailed'],
  }),
  managedBy: string(15, 'The controller that runs the Job.', { explicit: true }),
})

export interface UncountedTerminatedPods extends InferMessage<typeof UncountedTerminatedPods> {}
export const UncountedTerminatedPods = message(
  `${GROUP}.UncountedTerminatedPods`,
  'Ended pods that the counters do not have yet, by UID.',
  {
    succeeded: list(1, STRING, 'Those that succeeded.', { listType: 'set' }),
    failed: list(2, STRING, 'Those that failed.', { listType: 'set' }),
  },
)

export interface JobCondition extends InferMessage<typeof JobCondition> {}
export const JobCondition = message(`${GROUP}.JobCondition`, "One aspect of a Job's state.", {
  type: string(1, 'Which aspect.', { required: true }),
  status: string(2, 'True, False or Unknown.', { required: true }),
  lastProbeTime: time(3, 'When the condition was last looked at.'),
  lastTransitionTime: time(4, 'When the status last changed.'),
  reason: string(5, 'Why, in a word.'),
  message: string(6, 'Why, in a sentence.'),
})

export interface JobStatus extends InferMessage<typeof JobStatus> {}
export const JobStatus = message(`${GROUP}.JobStatus`, 'How far a Job has come.', {
  conditions: list(1, ref<JobCondition>(JobCondition), 'Aspects of its state.', { patchKey: 'type' }),
  startTime: time(2, 'When the Job began; again when it is resumed.'),
  completionTime: time(3, 'When it completed.'),
  active: int32(4, 'How many pods have not ended.'),
  succeeded: int32(5, 'How many succeeded.'),
  failed: int32(6, 'How many failed.'),
  terminating: int32(11, 'How many are asked to end.', { explicit: true }),
  completedIndexes: string(7, 'Indexes that are done, as in 1,3-5.'),
  failedIndexes: string(10, 'Indexes that failed, as in 1,3-5.', { explicit: true }),
  uncountedTerminatedPods: one(
    8,
    ref<UncountedTerminatedPods>(UncountedTerminatedPods),
    'Ended pods that the counters do not have yet.',
  ),
  ready: int32(9, 'How many are ready.', { explicit: true }),
})

const jobFields = {
  spec: one(2, ref<JobSpec>(JobSpec), 'What it should do.', { present: true }),
  status: one(3, ref<JobStatus>(JobStatus), 'How far it has come; the system writes it.'),
}

export interface Job extends KubeObject, Infer<typeof jobFields> {}

/** What `kubectl get jobs` calls its state. */
export function jobState({ metadata, status }: Job): string {
  const has = (type: string): boolean =>
    (status?.conditions ?? []).some(condition => condition.type === type && condition.status === 'True')
  if (has('Complete')) return 'Complete'
  if (has('Failed')) return 'Failed'
  if (metadata.deletionTimestamp) return 'Terminating'
  return ['Suspended', 'FailureTarget', 'SuccessCriteriaMet'].find(has) ?? 'Running'
}

function completionsText({ spec, status }: Job): string {
  const succeeded = status?.succeeded ?? 0
  if (spec.completions !== undefined) return `${succeeded}/${spec.completions}`
  const parallelism = spec.parallelism ?? 0
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`
}

function durationText({ status }: Job, nowMs: number): string {
  if (!status?.startTime) return ''
  const endMs = status.completionTime ? Date.parse(status.completionTime) : nowMs
  return humanDuration(endMs - Date.parse(status.startTime))
}

export const Job = defineKind<Job>({
  group: 'batch',
  version: 'v1',
  kind: 'Job',
  plural: 'jobs',
  categories: ['all'],
  subresources: { status: true },
  namespaced: true,
  definition: 'io.k8s.api.batch.v1.Job',
  doc: 'Pods that run until enough of them have succeeded.',
  fields: jobFields,
  complete: completeJob,
  validate: jobErrors,
  selectable: { 'status.successful': object => String(object.status?.succeeded ?? 0) },
  columns: [
    NAME,
    { name: 'Status', type: 'string', description: 'Its state, in a word.', cell: jobState },
    {
      name: 'Completions',
      type: 'string',
      description: 'How many pods succeeded, of how many.',
      cell: completionsText,
    },
    { name: 'Duration', type: 'string', description: 'How long it ran.', cell: durationText },
    AGE,
    ...containerColumns<Job>(object => object.spec.template),
    {
      name: 'Selector',
      type: 'string',
      description: 'The pods it owns.',
      priority: 1,
      cell: object => selectorText(object.spec.selector),
    },
  ],
})
