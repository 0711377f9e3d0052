import type { Infer, InferMessage } from '../../schema/field.ts'
import { list, map, message, one, QUANTITY, ref, STRING, string, time } from '../../schema/field.ts'
import { AGE, NAME } from '../meta/columns.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { PersistentVolumeClaimSpec } from './pod/volume-claim.ts'

const GROUP = 'io.k8s.api.core.v1'

export interface ModifyVolumeStatus extends InferMessage<typeof ModifyVolumeStatus> {}
export const ModifyVolumeStatus = message(`${GROUP}.ModifyVolumeStatus`, 'How far a change of attributes has come.', {
  targetVolumeAttributesClassName: string(1, 'The class being applied.'),
  status: string(2, 'Pending, InProgress or Infeasible.', { required: true }),
})

export interface PersistentVolumeClaimCondition extends InferMessage<typeof PersistentVolumeClaimCondition> {}
export const PersistentVolumeClaimCondition = message(
  `${GROUP}.PersistentVolumeClaimCondition`,
  "One aspect of a claim's state.",
  {
    type: string(1, 'Which aspect.', { required: true }),
    status: string(2, 'True, False or Unknown.', { required: true }),
    lastProbeTime: time(3, 'When the condition was last looked at.'),
    lastTransitionTime: time(4, 'When the status last changed.'),
    reason: string(5, 'Why, in a word.'),
    message: string(6, 'Why, in a sentence.'),
  },
)

export interface PersistentVolumeClaimStatus extends InferMessage<typeof PersistentVolumeClaimStatus> {}
export const PersistentVolumeClaimStatus = message(
  `${GROUP}.PersistentVolumeClaimStatus`,
  'What a claim is at present.',
  {
    phase: string(1, 'Pending, Bound or Lost.', { default: 'Pending' }),
    accessModes: list(2, STRING, 'How the volume can be mounted.'),
    capacity: map(3, QUANTITY, "The volume's size."),
    conditions: list(4, ref<PersistentVolumeClaimCondition>(PersistentVolumeClaimCondition), 'Aspects of its state.', {
      listType: 'map',
      listKeys: ['type'],
      patchKey: 'type',
    }),
    allocatedResources: map(5, QUANTITY, 'The size being worked towards.'),
    allocatedResourceStatuses: map(7, STRING, 'How far a resize has come.'),
    currentVolumeAttributesClassName: string(8, 'The class in force.', { explicit: true }),
    modifyVolumeStatus: one(9, ref<ModifyVolumeStatus>(ModifyVolumeStatus), 'How far a change of attributes has come.'),
  },
)

const persistentVolumeClaimFields = {
  spec: one(2, ref<PersistentVolumeClaimSpec>(PersistentVolumeClaimSpec), 'What it should be.', { present: true }),
  status: one(
    3,
    ref<PersistentVolumeClaimStatus>(PersistentVolumeClaimStatus),
    'What it is at present; the system writes it.',
  ),
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
  doc: 'A request for a volume.',
  fields: persistentVolumeClaimFields,
  columns: [
    NAME,
    {
      name: 'Status',
      type: 'string',
      description: 'The state in a word.',
      cell: claim => (claim.metadata.deletionTimestamp ? 'Terminating' : (claim.status?.phase ?? '')),
    },
    {
      name: 'Volume',
      type: 'string',
      description: 'The volume bound to it.',
      cell: claim => claim.spec.volumeName ?? '',
    },
    {
      name: 'Capacity',
      type: 'string',
      description: "The volume's size.",
      cell: claim => (claim.spec.volumeName ? (claim.status?.capacity?.storage ?? '') : ''),
    },
    {
      name: 'Access Modes',
      type: 'string',
      description: 'How the volume can be mounted.',
      cell: claim => (claim.spec.volumeName ? modesText(claim.status?.accessModes) : ''),
    },
    {
      name: 'StorageClass',
      type: 'string',
      description: 'The class that makes the volume.',
      cell: claim => claim.spec.storageClassName ?? '',
    },
    {
      name: 'VolumeAttributesClass',
      type: 'string',
      description: 'The class of attributes.',
      cell: claim => claim.spec.volumeAttributesClassName ?? '<unset>',
    },
    AGE,
    {
      name: 'VolumeMode',
      type: 'string',
      description: 'Filesystem or Block.',
      priority: 1,
      cell: claim => claim.spec.volumeMode ?? '<unset>',
    },
  ],
})

const MODES: readonly (readonly [mode: string, short: string])[] = [
  ['ReadWriteOnce', 'RWO'],
  ['ReadOnlyMany', 'ROX'],
  ['ReadWriteMany', 'RWX'],
  ['ReadWriteOncePod', 'RWOP'],
]

const modesText = (modes: readonly string[] = []): string =>
  MODES.flatMap(([mode, short]) => (modes.includes(mode) ? [short] : [])).join(',')
