import type { Infer, InferMessage } from '../../schema/field.ts'
import { list, map, message, one, QUANTITY, ref, STRING, string, time } from '../../schema/field.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { PersistentVolumeClaimSpec } from './pod/volume-claim.ts'

const GROUP = 'io.k8s.api.core.v1'

export interface ModifyVolumeStatus extends InferMessage<typeof ModifyVolumeStatus> {}
export const ModifyVolumeStatus = message(`${GROUP}.ModifyVolumeStatus`, '', {
  targetVolumeAttributesClassName: string(1, ''),
  status: string(2, '', { required: true }),
})

export interface PersistentVolumeClaimCondition extends InferMessage<typeof PersistentVolumeClaimCondition> {}
export const PersistentVolumeClaimCondition = message(`${GROUP}.PersistentVolumeClaimCondition`, '', {
  type: string(1, '', { required: true }),
  status: string(2, '', { required: true }),
  lastProbeTime: time(3, ''),
  lastTransitionTime: time(4, ''),
  reason: string(5, ''),
  message: string(6, ''),
})

export interface PersistentVolumeClaimStatus extends InferMessage<typeof PersistentVolumeClaimStatus> {}
export const PersistentVolumeClaimStatus = message(`${GROUP}.PersistentVolumeClaimStatus`, '', {
  phase: string(1, ''),
  accessModes: list(2, STRING, ''),
  capacity: map(3, QUANTITY, ''),
  conditions: list(4, ref<PersistentVolumeClaimCondition>(PersistentVolumeClaimCondition), '', {
    listType: 'map',
    listKeys: ['type'],
    patchKey: 'type',
  }),
  allocatedResources: map(5, QUANTITY, ''),
  allocatedResourceStatuses: map(7, STRING, ''),
  currentVolumeAttributesClassName: string(8, '', { explicit: true }),
  modifyVolumeStatus: one(9, ref<ModifyVolumeStatus>(ModifyVolumeStatus), ''),
})

const persistentVolumeClaimFields = {
  spec: one(2, ref<PersistentVolumeClaimSpec>(PersistentVolumeClaimSpec), '', { present: true }),
  status: one(3, ref<PersistentVolumeClaimStatus>(PersistentVolumeClaimStatus), ''),
}

export interface PersistentVolumeClaim extends KubeObject, Infer<typeof persistentVolumeClaimFields> {}
export const PersistentVolumeClaim = defineKind<PersistentVolumeClaim>({
  group: '',
  version: 'v1',
  kind: 'PersistentVolumeClaim',
  plural: 'persistentvolumeclaims',
  shortNames: ['pvc'],
  subresources: { status: true },
  namespaced: true,
  definition: 'io.k8s.api.core.v1.PersistentVolumeClaim',
  doc: '',
  fields: persistentVolumeClaimFields,
})
