import type { Infer, InferMessage } from '../../schema/field.ts'
import { int32, int64, list, message, one, ref, string, time } from '../../schema/field.ts'
import { PodTemplateSpec } from '../core/pod/template.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { LabelSelector } from '../meta/selector.ts'

const GROUP = 'io.k8s.api.apps.v1'

export interface ReplicaSetSpec extends InferMessage<typeof ReplicaSetSpec> {}
export const ReplicaSetSpec = message(`${GROUP}.ReplicaSetSpec`, '', {
  replicas: int32(1, '', { explicit: true }),
  minReadySeconds: int32(4, ''),
  selector: one(2, ref<LabelSelector>(LabelSelector), '', { required: true }),
  template: one(3, ref<PodTemplateSpec>(PodTemplateSpec), ''),
})

export interface ReplicaSetCondition extends InferMessage<typeof ReplicaSetCondition> {}
export const ReplicaSetCondition = message(`${GROUP}.ReplicaSetCondition`, '', {
  type: string(1, '', { required: true }),
  status: string(2, '', { required: true }),
  lastTransitionTime: time(3, ''),
  reason: string(4, ''),
  message: string(5, ''),
})

export interface ReplicaSetStatus extends InferMessage<typeof ReplicaSetStatus> {}
export const ReplicaSetStatus = message(`${GROUP}.ReplicaSetStatus`, '', {
  replicas: int32(1, '', { required: true }),
  fullyLabeledReplicas: int32(2, ''),
  readyReplicas: int32(4, ''),
  availableReplicas: int32(5, ''),
  observedGeneration: int64(3, ''),
  conditions: list(6, ref<ReplicaSetCondition>(ReplicaSetCondition), '', {
    listType: 'map',
    listKeys: ['type'],
    patchKey: 'type',
  }),
})

const replicaSetFields = {
  spec: one(2, ref<ReplicaSetSpec>(ReplicaSetSpec), '', { present: true }),
  status: one(3, ref<ReplicaSetStatus>(ReplicaSetStatus), ''),
}

export interface ReplicaSet extends KubeObject, Infer<typeof replicaSetFields> {}
export const ReplicaSet = defineKind<ReplicaSet>({
  group: 'apps',
  version: 'v1',
  kind: 'ReplicaSet',
  plural: 'replicasets',
  shortNames: ['rs'],
  categories: ['all'],
  subresources: {
    status: true,
    scale: { replicas: '.spec.replicas', statusReplicas: '.status.replicas', selector: '.spec.selector' },
  },
  namespaced: true,
  definition: 'io.k8s.api.apps.v1.ReplicaSet',
  doc: '',
  fields: replicaSetFields,
})
