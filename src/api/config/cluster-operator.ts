import { age } from '../../lib/human-duration.ts'
import type { Infer, InferMessage } from '../../schema/field.ts'
import { json, list, message, one, ref, string, time } from '../../schema/field.ts'
import type { ApiObject, Column } from '../../schema/kind.ts'
import { NAME } from '../meta/columns.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { ObjectReference } from './reference.ts'

const GROUP = 'com.github.openshift.api.config.v1'

export interface ClusterOperatorStatusCondition extends InferMessage<typeof ClusterOperatorStatusCondition> {}
export const ClusterOperatorStatusCondition = message(
  `${GROUP}.ClusterOperatorStatusCondition`,
  "One aspect of an operator's state.",
  {
    type: string(0, 'Available, Progressing, Degraded, Upgradeable and others.', { required: true }),
    status: string(0, 'True, False or Unknown.', { required: true, enum: ['True', 'False', 'Unknown'] }),
    lastTransitionTime: time(0, 'When the status last changed.', { required: true }),
    reason: string(0, 'Why, in a word.'),
    message: string(0, 'Why, in a sentence.'),
  },
)

interface WithConditions {
  readonly status?: { readonly conditions?: readonly ClusterOperatorStatusCondition[] }
}

export const conditionOf = ({ status }: WithConditions, type: string): ClusterOperatorStatusCondition | undefined =>
  status?.conditions?.find(one => one.type === type)

/** True, False or Unknown. */
export const conditionColumn = (type: string, description: string): Column<ApiObject & WithConditions> => ({
  name: type,
  type: 'string',
  description,
  cell: object => conditionOf(object, type)?.status ?? '',
})

export interface OperandVersion extends InferMessage<typeof OperandVersion> {}
export const OperandVersion = message(`${GROUP}.OperandVersion`, 'The version of what an operator runs.', {
  name: string(0, 'What it runs.', { required: true }),
  version: string(0, 'The version.', { required: true }),
})

export interface ClusterOperatorSpec extends InferMessage<typeof ClusterOperatorSpec> {}
export const ClusterOperatorSpec = message(`${GROUP}.ClusterOperatorSpec`, 'Empty.', {})

export interface ClusterOperatorStatus extends InferMessage<typeof ClusterOperatorStatus> {}
export const ClusterOperatorStatus = message(`${GROUP}.ClusterOperatorStatus`, 'What an operator is at present.', {
  conditions: list(0, ref<ClusterOperatorStatusCondition>(ClusterOperatorStatusCondition), 'Aspects of its state.', {
    listType: 'map',
    listKeys: ['type'],
    patchKey: 'type',
  }),
  versions: list(0, ref<OperandVersion>(OperandVersion), 'Versions of what it runs.'),
  relatedObjects: list(0, ref<ObjectReference>(ObjectReference), 'Objects that belong to it.'),
  extension: json(0, 'Further facts.'),
})

const clusterOperatorFields = {
  spec: one(0, ref<ClusterOperatorSpec>(ClusterOperatorSpec), 'What it should be.', { present: true }),
  status: one(0, ref<ClusterOperatorStatus>(ClusterOperatorStatus), 'What it is at present; the system writes it.'),
}

export interface ClusterOperator extends KubeObject, Infer<typeof clusterOperatorFields> {}
export const ClusterOperator = defineKind<ClusterOperator>({
  group: 'config.openshift.io',
  version: 'v1',
  kind: 'ClusterOperator',
  plural: 'clusteroperators',
  shortNames: ['co'],
  subresources: { status: true },
  namespaced: false,
  definition: 'com.github.openshift.api.config.v1.ClusterOperator',
  doc: 'The state of a part of the cluster.',
  fields: clusterOperatorFields,
  columns: [
    NAME,
    {
      name: 'Version',
      type: 'string',
      description: 'The version it runs.',
      cell: object => object.status?.versions?.find(one => one.name === 'operator')?.version ?? '',
    },
    conditionColumn('Available', 'Whether it works.'),
    conditionColumn('Progressing', 'Whether it is changing.'),
    conditionColumn('Degraded', 'Whether something is wrong.'),
    {
      name: 'Since',
      type: 'string',
      description: 'Since when.',
      cell: (object, nowMs) => age(conditionOf(object, 'Available')?.lastTransitionTime, nowMs),
    },
    {
      name: 'Message',
      type: 'string',
      description: 'What it says.',
      cell: object => conditionOf(object, 'Available')?.message ?? '',
    },
  ],
})
