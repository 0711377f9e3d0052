import type { Infer, InferMessage } from '../../../schema/field.ts'
import { int32, map, message, one, ref, STRING } from '../../../schema/field.ts'
import {
  replicaColumns,
  replicaConditionFields,
  replicaStatusFields,
  replicaSubresources,
} from '../../apps/replicas.ts'
import { replicationControllerErrors } from '../../apps/rules.ts'
import { AGE, containerColumns, NAME } from '../../meta/columns.ts'
import type { KubeObject } from '../../meta/meta.ts'
import { defineKind } from '../../meta/meta.ts'
import { completeTemplate } from '../pod/complete.ts'
import { PodTemplateSpec } from '../pod/template.ts'

const GROUP = 'io.k8s.api.core.v1'

export interface ReplicationControllerSpec extends InferMessage<typeof ReplicationControllerSpec> {}
export const ReplicationControllerSpec = message(
  `${GROUP}.ReplicationControllerSpec`,
  'What a ReplicationController should be.',
  {
    replicas: int32(1, 'How many pods.', { explicit: true, default: 1 }),
    minReadySeconds: int32(4, 'Seconds a pod must be ready to count as available.'),
    selector: map(2, STRING, 'The pods it owns; those with the labels of the template where absent.', { atomic: true }),
    template: one(3, ref<PodTemplateSpec>(PodTemplateSpec), 'What the pods are made from.'),
  },
)

export interface ReplicationControllerCondition extends InferMessage<typeof ReplicationControllerCondition> {}
export const ReplicationControllerCondition = message(
  `${GROUP}.ReplicationControllerCondition`,
  "One aspect of a ReplicationController's state.",
  replicaConditionFields,
)

export interface ReplicationControllerStatus extends InferMessage<typeof ReplicationControllerStatus> {}
export const ReplicationControllerStatus = message(
  `${GROUP}.ReplicationControllerStatus`,
  'What a ReplicationController is at present.',
  replicaStatusFields<ReplicationControllerCondition>(ReplicationControllerCondition),
)

const fields = {
  spec: one(2, ref<ReplicationControllerSpec>(ReplicationControllerSpec), 'What it should be.', { present: true }),
  status: one(
    3,
    ref<ReplicationControllerStatus>(ReplicationControllerStatus),
    'What it is at present; the system writes it.',
  ),
}

export interface ReplicationController extends KubeObject, Infer<typeof fields> {}

/** Labels and selector follow from the template's labels. Source: k8s.io/kubernetes/pkg/apis/core/v1/defaults.go. */
function complete(object: ReplicationController): ReplicationController {
  const template = object.spec.template && completeTemplate(object.spec.template)
  const labels = template?.metadata?.labels
  const { selector } = object.spec
  const isEmpty = (some: Readonly<Record<string, string>> | undefined): boolean => Object.keys(some ?? {}).length === 0
  return {
    ...object,
    metadata: { ...object.metadata, ...(labels && isEmpty(object.metadata.labels) ? { labels } : {}) },
    spec: {
      ...object.spec,
      ...(template ? { template } : {}),
      ...(labels && isEmpty(selector) ? { selector: labels } : {}),
    },
  }
}

export const ReplicationController = defineKind<ReplicationController>({
  group: '',
  version: 'v1',
  kind: 'ReplicationController',
  plural: 'replicationcontrollers',
  shortNames: ['rc'],
  categories: ['all'],
  subresources: replicaSubresources,
  namespaced: true,
  definition: `${GROUP}.ReplicationController`,
  doc: 'A number of equal pods; ReplicaSets took its place.',
  fields,
  complete,
  validate: replicationControllerErrors,
  columns: [
    NAME,
    ...replicaColumns,
    AGE,
    ...containerColumns<ReplicationController>(object => object.spec.template),
    {
      name: 'Selector',
      type: 'string',
      description: 'The pods it owns.',
      priority: 1,
      cell: object =>
        Object.entries(object.spec.selector ?? {})
          .map(entry => entry.join('='))
          .sort()
          .join(',') || '<none>',
    },
  ],
})
