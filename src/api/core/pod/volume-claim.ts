import type { InferMessage } from '../../../schema/field.ts'
import { list, map, message, one, QUANTITY, ref, STRING, string } from '../../../schema/field.ts'
import { ObjectMeta } from '../../meta/meta.ts'
import { LabelSelector } from '../../meta/selector.ts'
import { TypedLocalObjectReference, TypedObjectReference } from '../reference.ts'

const GROUP = 'io.k8s.api.core.v1'

export interface VolumeResourceRequirements extends InferMessage<typeof VolumeResourceRequirements> {}
export const VolumeResourceRequirements = message(`${GROUP}.VolumeResourceRequirements`, 'The size of a volume.', {
  limits: map(1, QUANTITY, 'The most it may have.'),
  requests: map(2, QUANTITY, 'The least it must have.'),
})

export interface PersistentVolumeClaimSpec extends InferMessage<typeof PersistentVolumeClaimSpec> {}
export const PersistentVolumeClaimSpec = message(`${GROUP}.PersistentVolumeClaimSpec`, 'What volume is asked for.', {
  accessModes: list(1, STRING, 'How it is going to be mounted.'),
  selector: one(4, ref<LabelSelector>(LabelSelector), 'Which volumes are eligible.'),
  resources: one(2, ref<VolumeResourceRequirements>(VolumeResourceRequirements), 'How large it must be.'),
  volumeName: string(3, 'The volume bound to this claim.'),
  storageClassName: string(5, 'The class that makes the volume.', { explicit: true }),
  volumeMode: string(6, 'Filesystem or Block.', { explicit: true, default: 'Filesystem' }),
  dataSource: one(7, ref<TypedLocalObjectReference>(TypedLocalObjectReference), 'What it is filled from.'),
  dataSourceRef: one(8, ref<TypedObjectReference>(TypedObjectReference), 'What it is filled from, in any namespace.'),
  volumeAttributesClassName: string(9, 'The class of attributes.', { explicit: true }),
})

export interface PersistentVolumeClaimTemplate extends InferMessage<typeof PersistentVolumeClaimTemplate> {}
export const PersistentVolumeClaimTemplate = message(
  `${GROUP}.PersistentVolumeClaimTemplate`,
  'The claim to make for a pod.',
  {
    metadata: one(1, ref<ObjectMeta>(ObjectMeta), 'Labels and annotations of the claim.'),
    spec: one(2, ref<PersistentVolumeClaimSpec>(PersistentVolumeClaimSpec), 'What volume is asked for.', {
      required: true,
    }),
  },
)

export interface EphemeralVolumeSource extends InferMessage<typeof EphemeralVolumeSource> {}
export const EphemeralVolumeSource = message(`${GROUP}.EphemeralVolumeSource`, 'A claim made for this pod.', {
  volumeClaimTemplate: one(1, ref<PersistentVolumeClaimTemplate>(PersistentVolumeClaimTemplate), 'The claim to make.'),
})
