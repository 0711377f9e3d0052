/** What ReplicaSets and the ReplicationControllers before them have in common. */

import type { Message } from '../../schema/field.ts'
import { int32, int64, list, ref, string, time } from '../../schema/field.ts'
import type { ApiObject, Column } from '../../schema/kind.ts'

export const replicaConditionFields = {
  type: string(1, 'Which aspect.', { required: true }),
  status: string(2, 'True, False or Unknown.', { required: true }),
  lastTransitionTime: time(3, 'When the status last changed.'),
  reason: string(4, 'Why, in a word.'),
  message: string(5, 'Why, in a sentence.'),
}

export const replicaStatusFields = <Condition>(condition: Message) => ({
  replicas: int32(1, 'How many pods there are.', { required: true }),
  fullyLabeledReplicas: int32(2, "How many have the template's labels."),
  readyReplicas: int32(4, 'How many are ready.'),
  availableReplicas: int32(5, 'How many are available.'),
  observedGeneration: int64(3, 'The generation it speaks of.'),
  conditions: list(6, ref<Condition>(condition), 'Aspects of its state.', {
    listType: 'map',
    listKeys: ['type'],
    patchKey: 'type',
  }),
})

export const replicaSubresources = {
  status: true,
  scale: { replicas: '.spec.replicas', statusReplicas: '.status.replicas', selector: '.spec.selector' },
} as const

interface Replicated extends ApiObject {
  readonly spec: { readonly replicas?: number }
  readonly status?: { readonly replicas: number; readonly readyReplicas?: number }
}

export const replicaColumns: readonly Column<Replicated>[] = [
  {
    name: 'Desired',
    type: 'integer',
    description: 'How many pods there should be.',
    cell: object => object.spec.replicas ?? 1,
  },
  {
    name: 'Current',
    type: 'integer',
    description: 'How many pods there are.',
    cell: object => object.status?.replicas ?? 0,
  },
  {
    name: 'Ready',
    type: 'integer',
    description: 'How many pods are ready.',
    cell: object => object.status?.readyReplicas ?? 0,
  },
]
