import type { Infer, InferMessage } from '../../schema/field.ts'
import { int32, message, one, ref } from '../../schema/field.ts'
import { PodTemplateSpec } from '../core/pod/template.ts'
import { AGE, containerColumns, NAME, selectorText } from '../meta/columns.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { LabelSelector } from '../meta/selector.ts'
import { completeWorkload } from './complete.ts'
import { replicaColumns, replicaConditionFields, replicaStatusFields, replicaSubresources } from './replicas.ts'
import { replicaSetErrors } from './rules.ts'

const GROUP = 'io.k8s.api.apps.v1'

export interface ReplicaSetSpec extends InferMessage<typeof ReplicaSetSpec> {}
export const ReplicaSetSpec = message(`${GROUP}.ReplicaSetSpec`, 'What a ReplicaSet should be.', {
  replicas: int32(1, 'How many pods.', { explicit: true, default: 1 }),
  minReadySeconds: int32(4, 'Seconds a pod must be ready to count as available.'),
  selector: one(2, ref<LabelSelector>(LabelSelector), 'The pods it owns; it cannot change.', { required: true }),
  template: one(3, ref<PodTemplateSpec>(PodTemplateSpec), 'What the pods are made from.', { present: true }),
})

export interface ReplicaSetCondition extends InferMessage<typeof ReplicaSetCondition> {}
export const ReplicaSetCondition = message(
  `${GROUP}.ReplicaSetCondition`,
  "One aspect of a ReplicaSet's state.",
  replicaConditionFields,
)

export interface ReplicaSetStatus extends InferMessage<typeof ReplicaSetStatus> {}
export const ReplicaSetStatus = message(
  `${GROUP}.ReplicaSetStatus`,
  'What a ReplicaSet is at present.',
  replicaStatusFields<ReplicaSetCondition>(ReplicaSetCondition),
)

const replicaSetFields = {
  spec: one(2, ref<ReplicaSetSpec>(ReplicaSetSpec), 'What it should be.', { present: true }),
  status: one(3, ref<ReplicaSetStatus>(ReplicaSetStatus), 'What it is at present; the system writes it.'),
}

export interface ReplicaSet extends KubeObject, Infer<typeof replicaSetFields> {}
export const ReplicaSet = defineKind<ReplicaSet>({
  group: 'apps',
  version: 'v1',
  kind: 'ReplicaSet',
  plural: 'replicasets',
  shortNames: ['rs'],
  categories: ['all'],
  subresources: replicaSubresources,
  namespaced: true,
  definition: 'io.k8s.api.apps.v1.ReplicaSet',
  doc: 'A number of equal pods.',
  fields: replicaSetFields,
  complete: completeWorkload,
  validate: replicaSetErrors,
  columns: [
    NAME,
    ...replicaColumns,
    AGE,
    ...containerColumns<ReplicaSet>(object => object.spec.template),
    {
      name: 'Selector',
      type: 'string',
      description: 'The pods it owns.',
      priority: 1,
      cell: object => selectorText(object.spec.selector),
    },
  ],
})
