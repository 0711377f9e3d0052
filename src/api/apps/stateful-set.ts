import type { Infer, InferMessage } from '../../schema/field.ts'
import { int32, int64, intOrString, list, message, one, ref, string, time } from '../../schema/field.ts'
import { PersistentVolumeClaim } from '../core/persistent-volume-claim.ts'
import { PodTemplateSpec } from '../core/pod/template.ts'
import { AGE, containerColumns, NAME } from '../meta/columns.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { LabelSelector } from '../meta/selector.ts'
import { completeStatefulSet } from './complete.ts'
import { statefulSetErrors } from './rules.ts'

const GROUP = 'io.k8s.api.apps.v1'

export interface RollingUpdateStatefulSetStrategy extends InferMessage<typeof RollingUpdateStatefulSetStrategy> {}
export const RollingUpdateStatefulSetStrategy = message(
  `${GROUP}.RollingUpdateStatefulSetStrategy`,
  'The pace of a rolling update.',
  {
    partition: int32(1, 'Pods with a lower ordinal keep the old template.', { explicit: true, default: 0 }),
    maxUnavailable: intOrString(2, 'How many pods may be missing.', { explicit: true }),
  },
)

export interface StatefulSetUpdateStrategy extends InferMessage<typeof StatefulSetUpdateStrategy> {}
export const StatefulSetUpdateStrategy = message(`${GROUP}.StatefulSetUpdateStrategy`, 'How pods are replaced.', {
  type: string(1, 'RollingUpdate, or OnDelete to wait until pods are deleted.', {
    enum: ['RollingUpdate', 'OnDelete'],
    default: 'RollingUpdate',
  }),
  rollingUpdate: one(
    2,
    ref<RollingUpdateStatefulSetStrategy>(RollingUpdateStatefulSetStrategy),
    'The pace, for RollingUpdate.',
  ),
})

export interface StatefulSetPersistentVolumeClaimRetentionPolicy
  extends InferMessage<typeof StatefulSetPersistentVolumeClaimRetentionPolicy> {}
export const StatefulSetPersistentVolumeClaimRetentionPolicy = message(
  `${GROUP}.StatefulSetPersistentVolumeClaimRetentionPolicy`,
  'What becomes of claims.',
  {
    whenDeleted: string(1, 'When the set is deleted: Retain or Delete.', { default: 'Retain' }),
    whenScaled: string(2, 'When the set shrinks: Retain or Delete.', { default: 'Retain' }),
  },
)

export interface StatefulSetOrdinals extends InferMessage<typeof StatefulSetOrdinals> {}
export const StatefulSetOrdinals = message(`${GROUP}.StatefulSetOrdinals`, 'How pods are numbered.', {
  start: int32(1, 'The first number.'),
})

export interface StatefulSetSpec extends InferMessage<typeof StatefulSetSpec> {}
export const StatefulSetSpec = message(`${GROUP}.StatefulSetSpec`, 'What a StatefulSet should be.', {
  replicas: int32(1, 'How many pods.', { explicit: true, default: 1 }),
  selector: one(2, ref<LabelSelector>(LabelSelector), 'The pods it owns; it cannot change.', { required: true }),
  template: one(3, ref<PodTemplateSpec>(PodTemplateSpec), 'What the pods are made from.', { required: true }),
  volumeClaimTemplates: list(4, ref<PersistentVolumeClaim>(PersistentVolumeClaim.schema), 'Claims made for each pod.'),
  serviceName: string(5, 'The headless Service that names the pods.', { required: true }),
  podManagementPolicy: string(6, 'Whether pods come one after another.', {
    enum: ['OrderedReady', 'Parallel'],
    default: 'OrderedReady',
  }),
  updateStrategy: one(7, ref<StatefulSetUpdateStrategy>(StatefulSetUpdateStrategy), 'How pods are replaced.', {
    default: {},
  }),
  revisionHistoryLimit: int32(8, 'How many old revisions are kept.', { explicit: true, default: 10 }),
  minReadySeconds: int32(9, 'Seconds a pod must be ready to count as available.'),
  persistentVolumeClaimRetentionPolicy: one(
    10,
    ref<StatefulSetPersistentVolumeClaimRetentionPolicy>(StatefulSetPersistentVolumeClaimRetentionPolicy),
    'What becomes of claims.',
    { default: {} },
  ),
  ordinals: one(11, ref<StatefulSetOrdinals>(StatefulSetOrdinals), 'How pods are numbered.'),
})

export interface StatefulSetCondition extends InferMessage<typeof StatefulSetCondition> {}
export const StatefulSetCondition = message(`${GROUP}.StatefulSetCondition`, "One aspect of a StatefulSet's state.", {
  type: string(1, 'Which aspect.', { required: true }),
  status: string(2, 'True, False or Unknown.', { required: true }),
  lastTransitionTime: time(3, 'When the status last changed.'),
  reason: string(4, 'Why, in a word.'),
  message: string(5, 'Why, in a sentence.'),
})

export interface StatefulSetStatus extends InferMessage<typeof StatefulSetStatus> {}
export const StatefulSetStatus = message(`${GROUP}.StatefulSetStatus`, 'What a StatefulSet is at present.', {
  observedGeneration: int64(1, 'The generation it speaks of.'),
  replicas: int32(2, 'How many pods there are.', { required: true }),
  readyReplicas: int32(3, 'How many are ready.'),
  currentReplicas: int32(4, 'How many have the old template.'),
  updatedReplicas: int32(5, 'How many have the present template.'),
  currentRevision: string(6, "The old template's revision."),
  updateRevision: string(7, "The present template's revision."),
  collisionCount: int32(9, 'How often the name of a revision was taken.', { explicit: true }),
  conditions: list(10, ref<StatefulSetCondition>(StatefulSetCondition), 'Aspects of its state.', {
    listType: 'map',
    listKeys: ['type'],
    patchKey: 'type',
  }),
  availableReplicas: int32(11, 'How many are available.'),
})

const statefulSetFields = {
  spec: one(2, ref<StatefulSetSpec>(StatefulSetSpec), 'What it should be.', { present: true }),
  status: one(3, ref<StatefulSetStatus>(StatefulSetStatus), 'What it is at present; the system writes it.'),
}

export interface StatefulSet extends KubeObject, Infer<typeof statefulSetFields> {}
export const StatefulSet = defineKind<StatefulSet>({
  group: 'apps',
  version: 'v1',
  kind: 'StatefulSet',
  plural: 'statefulsets',
  shortNames: ['sts'],
  categories: ['all'],
  subresources: {
    status: true,
    scale: { replicas: '.spec.replicas', statusReplicas: '.status.replicas', selector: '.spec.selector' },
  },
  namespaced: true,
  definition: 'io.k8s.api.apps.v1.StatefulSet',
  doc: 'A number of pods with lasting names.',
  fields: statefulSetFields,
  complete: completeStatefulSet,
  validate: statefulSetErrors,
  columns: [
    NAME,
    {
      name: 'Ready',
      type: 'string',
      description: 'How many pods are ready, of how many.',
      cell: object => `${object.status?.readyReplicas ?? 0}/${object.spec.replicas ?? 1}`,
    },
    AGE,
    ...containerColumns<StatefulSet>(object => object.spec.template),
  ],
})
