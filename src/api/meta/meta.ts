import type { InferMessage } from '../../schema/field.ts'
import { boolean, int64, json, list, map, message, ref, STRING, string, time } from '../../schema/field.ts'
import { kindFactory } from '../../schema/kind.ts'

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1'

export interface OwnerReference extends InferMessage<typeof OwnerReference> {}
export const OwnerReference = message(
  `${META}.OwnerReference`,
  'The object that owns this one, so that it goes when its owner goes.',
  {
    apiVersion: string(5, "The owner's API version.", { required: true }),
    kind: string(1, "The owner's kind.", { required: true }),
    name: string(3, "The owner's name.", { required: true }),
    uid: string(4, "The owner's UID.", { required: true }),
    controller: boolean(6, 'True on the one reference that names the managing controller.'),
    blockOwnerDeletion: boolean(7, 'With foreground deletion the owner stays until this object is gone.'),
  },
  { atomic: true },
)

export interface ManagedFieldsEntry extends InferMessage<typeof ManagedFieldsEntry> {}
export const ManagedFieldsEntry = message(`${META}.ManagedFieldsEntry`, 'The fields that one manager set.', {
  manager: string(1, 'Who set the fields.'),
  operation: string(2, 'Apply or Update.'),
  apiVersion: string(3, 'The version in which the field set is written.'),
  time: time(4, 'When the entry last changed.'),
  fieldsType: string(6, 'Always FieldsV1.'),
  fieldsV1: json(7, 'The set of fields.'),
  subresource: string(8, 'The subresource through which the fields were set.'),
})

export interface ObjectMeta extends InferMessage<typeof ObjectMeta> {}
export const ObjectMeta = message(`${META}.ObjectMeta`, 'What all persisted objects carry.', {
  name: string(1, 'Unique within a namespace for a kind.', { present: true }),
  generateName: string(2, 'A prefix for a name that the server completes.'),
  namespace: string(3, 'The namespace; empty on cluster-scoped objects.'),
  selfLink: string(4, 'Unused.'),
  uid: string(5, 'Unique in time and space.', { present: true }),
  resourceVersion: string(6, 'Opaque; changes with every write.', { present: true }),
  generation: int64(7, 'Counts changes of the desired state.'),
  creationTimestamp: time(8, 'When the object was created.', { present: true, nullable: true }),
  deletionTimestamp: time(9, 'When deletion was asked for; the object goes once its finalizers are gone.', {
    nullable: true,
  }),
  deletionGracePeriodSeconds: int64(10, 'How long the object may take to end.'),
  labels: map(11, STRING, 'Keys and values for selection.'),
  annotations: map(12, STRING, 'Keys and values for tools.'),
  ownerReferences: list(
    13,
    ref<OwnerReference>(() => OwnerReference),
    'The owners of this object.',
    {
      listType: 'map',
      listKeys: ['uid'],
      patchKey: 'uid',
    },
  ),
  finalizers: list(14, STRING, 'Who must agree before the object is removed.', {
    listType: 'set',
    patchStrategy: 'merge',
  }),
  managedFields: list(
    17,
    ref<ManagedFieldsEntry>(() => ManagedFieldsEntry),
    'Who set which fields.',
  ),
})

/** Defines a kind whose metadata is ObjectMeta. */
export const defineKind = kindFactory(() => ObjectMeta)

/** Every stored object, with the whole of its metadata. */
export interface KubeObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: ObjectMeta
}
export type { ApiObject, Kind } from '../../schema/kind.ts'
