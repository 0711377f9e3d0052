import type { Infer, InferMessage } from '../../schema/field.ts'
import { int32, int64, intOrString, list, message, one, ref, string, time } from '../../schema/field.ts'
import { PersistentVolumeClaim } from '../core/persistent-volume-claim.ts'
import { PodTemplateSpec } from '../core/pod/template.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { LabelSelector } from '../meta/selector.ts'

const GROUP = 'io.k8s.api.apps.v1'

export interface RollingUpdateStatefulSetStrategy extends InferMessage<typeof RollingUpdateStatefulSetStrategy> {}
export const RollingUpdateStatefulSetStrategy = message(`${GROUP}.RollingUpdateStatefulSetStrategy`, '', {
  partition: int32(1, '', { explicit: true }),
  maxUnavailable: intOrString(2, ''),
})

export interface StatefulSetUpdateStrategy extends InferMessage<typeof StatefulSetUpdateStrategy> {}
export const StatefulSetUpdateStrategy = message(`${GROUP}.StatefulSetUpdateStrategy`, '', {
  type: string(1, '', { enum: ['RollingUpdate', 'OnDelete'] }),
  rollingUpdate: one(2, ref<RollingUpdateStatefulSetStrategy>(RollingUpdateStatefulSetStrategy), ''),
})

export interface StatefulSetPersistentVolumeClaimRetentionPolicy
  extends InferMessage<typeof StatefulSetPersistentVolumeClaimRetentionPolicy> {}
export const StatefulSetPersistentVolumeClaimRetentionPolicy = message(
  `${GROUP}.StatefulSetPersistentVolumeClaimRetentionPolicy`,
  '',
  {
    whenDeleted: string(1, ''),
    whenScaled: string(2, ''),
  },
)

export interface StatefulSetOrdinals extends InferMessage<typeof StatefulSetOrdinals> {}
export const StatefulSetOrdinals = message(`${GROUP}.StatefulSetOrdinals`, '', {
  start: int32(1, ''),
})

export interface StatefulSetSpec extends InferMessage<typeof StatefulSetSpec> {}
export const StatefulSetSpec = message(`${GROUP}.StatefulSetSpec`, '', {
  replicas: int32(1, '', { explicit: true }),
  selector: one(2, ref<LabelSelector>(LabelSelector), '', { required: true }),
  template: one(3, ref<PodTemplateSpec>(PodTemplateSpec), '', { required: true }),
  volumeClaimTemplates: list(4, ref<PersistentVolumeClaim>(PersistentVolumeClaim.schema), ''),
  serviceName: string(5, '', { required: true }),
  podManagementPolicy: string(6, '', { enum: ['OrderedReady', 'Parallel'] }),
  updateStrategy: one(7, ref<StatefulSetUpdateStrategy>(StatefulSetUpdateStrategy), ''),
  revisionHistoryLimit: int32(8, '', { explicit: true }),
  minReadySeconds: int32(9, ''),
  persistentVolumeClaimRetentionPolicy: one(
    10,
    ref<StatefulSetPersistentVolumeClaimRetentionPolicy>(StatefulSetPersistentVolumeClaimRetentionPolicy),
    '',
  ),
  ordinals: one(11, ref<StatefulSetOrdinals>(StatefulSetOrdinals), ''),
})

export interface StatefulSetCondition extends InferMessage<typeof StatefulSetCondition> {}
export const StatefulSetCondition = message(`${GROUP}.StatefulSetCondition`, '', {
  type: string(1, '', { required: true }),
  status: string(2, '', { required: true }),
  lastTransitionTime: time(3, ''),
  reason: string(4, ''),
  message: string(5, ''),
})

export interface StatefulSetStatus extends InferMessage<typeof StatefulSetStatus> {}
export const StatefulSetStatus = message(`${GROUP}.StatefulSetStatus`, '', {
  observedGeneration: int64(1, ''),
  replicas: int32(2, '', { required: true }),
  readyReplicas: int32(3, ''),
  currentReplicas: int32(4, ''),
  updatedReplicas: int32(5, ''),
  currentRevision: string(6, ''),
  updateRevision: string(7, ''),
  collisionCount: int32(9, '', { explicit: true }),
  conditions: list(10, ref<StatefulSetCondition>(StatefulSetCondition), '', {
    listType: 'map',
    listKeys: ['type'],
    patchKey: 'type',
  }),
  availableReplicas: int32(11, ''),
})

const statefulSetFields = {
  spec: one(2, ref<StatefulSetSpec>(StatefulSetSpec), '', { present: true }),
  status: one(3, ref<StatefulSetStatus>(StatefulSetStatus), ''),
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
  doc: '',
  fields: statefulSetFields,
})
