import type { InferMessage } from '../../../schema/field.ts'
import { list, map, message, one, QUANTITY, ref, STRING, string } from '../../../schema/field.ts'
import { ObjectMeta } from '../../meta/meta.ts'
import { LabelSelector } from '../../meta/selector.ts'
import { TypedLocalObjectReference, TypedObjectReference } from '../reference.ts'

const GROUP = 'io.k8s.api.core.v1'

export interface VolumeResourceRequirements extends InferMessage<typeof VolumeResourceRequirements> {}
export const VolumeResourceRequirements = message(`${GROUP}.VolumeResourceRequirements`, '', {
  limits: map(1, QUANTITY, ''),
  requests: map(2, QUANTITY, ''),
})

export interface PersistentVolumeClaimSpec extends InferMessage<typeof PersistentVolumeClaimSpec> {}
export const PersistentVolumeClaimSpec = message(`${GROUP}.PersistentVolumeClaimSpec`, '', {
  accessModes: list(1, STRING, ''),
  selector: one(4, ref<LabelSelector>(LabelSelector), ''),
  resources: one(2, ref<VolumeResourceRequirements>(VolumeResourceRequirements), ''),
  volumeName: string(3, ''),
  storageClassName: string(5, '', { explicit: true }),
  volumeMode: string(6, '', { explicit: true }),
  dataSource: one(7, ref<TypedLocalObjectReference>(TypedLocalObjectReference), ''),
  dataSourceRef: one(8, ref<TypedObjectReference>(TypedObjectReference), ''),
  volumeAttributesClassName: string(9, '', { explicit: true }),
})

export interface PersistentVolumeClaimTemplate extends InferMessage<typeof PersistentVolumeClaimTemplate> {}
export const PersistentVolumeClaimTemplate = message(`${GROUP}.PersistentVolumeClaimTemplate`, '', {
  metadata: one(1, ref<ObjectMeta>(ObjectMeta), ''),
  spec: one(2, ref<PersistentVolumeClaimSpec>(PersistentVolumeClaimSpec), '', { required: true }),
})

export interface EphemeralVolumeSource extends InferMessage<typeof EphemeralVolumeSource> {}
export const EphemeralVolumeSource = message(`${GROUP}.EphemeralVolumeSource`, '', {
  volumeClaimTemplate: one(1, ref<PersistentVolumeClaimTemplate>(PersistentVolumeClaimTemplate), ''),
})
