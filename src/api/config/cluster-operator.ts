import type { Infer, InferMessage } from '../../schema/field.ts'
import { json, list, message, one, ref, string, time } from '../../schema/field.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { ObjectReference } from './reference.ts'

const GROUP = 'com.github.openshift.api.config.v1'

export interface ClusterOperatorStatusCondition extends InferMessage<typeof ClusterOperatorStatusCondition> {}
export const ClusterOperatorStatusCondition = message(`${GROUP}.ClusterOperatorStatusCondition`, '', {
  type: string(0, '', { required: true }),
  status: string(0, '', { required: true, enum: ['True', 'False', 'Unknown'] }),
  lastTransitionTime: time(0, '', { required: true }),
  reason: string(0, ''),
  message: string(0, ''),
})

export interface OperandVersion extends InferMessage<typeof OperandVersion> {}
export const OperandVersion = message(`${GROUP}.OperandVersion`, '', {
  name: string(0, '', { required: true }),
  version: string(0, '', { required: true }),
})

export interface ClusterOperatorSpec extends InferMessage<typeof ClusterOperatorSpec> {}
export const ClusterOperatorSpec = message(`${GROUP}.ClusterOperatorSpec`, '', {})

export interface ClusterOperatorStatus extends InferMessage<typeof ClusterOperatorStatus> {}
export const ClusterOperatorStatus = message(`${GROUP}.ClusterOperatorStatus`, '', {
  conditions: list(0, ref<ClusterOperatorStatusCondition>(ClusterOperatorStatusCondition), '', {
    listType: 'map',
    listKeys: ['type'],
    patchKey: 'type',
  }),
  versions: list(0, ref<OperandVersion>(OperandVersion), ''),
  relatedObjects: list(0, ref<ObjectReference>(ObjectReference), ''),
  extension: json(0, ''),
})

const clusterOperatorFields = {
  spec: one(0, ref<ClusterOperatorSpec>(ClusterOperatorSpec), '', { present: true }),
  status: one(0, ref<ClusterOperatorStatus>(ClusterOperatorStatus), ''),
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
  doc: '',
  fields: clusterOperatorFields,
})
