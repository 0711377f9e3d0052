import type { InferMessage } from '../../schema/field.ts'
import { message, string } from '../../schema/field.ts'

const GROUP = 'io.k8s.api.core.v1'

export interface ObjectReference extends InferMessage<typeof ObjectReference> {}
export const ObjectReference = message(
  `${GROUP}.ObjectReference`,
  'Points at another object, or at a part of one.',
  {
    kind: string(1, 'The kind of the object.'),
    namespace: string(2, 'The namespace of the object.'),
    name: string(3, 'The name of the object.'),
    uid: string(4, 'The UID of the object.'),
    apiVersion: string(5, 'The API version of the object.'),
    resourceVersion: string(6, 'The version of the object that is meant.'),
    fieldPath: string(7, 'The part of the object that is meant, such as spec.containers{web}.'),
  },
  { atomic: true },
)

export interface LocalObjectReference extends InferMessage<typeof LocalObjectReference> {}
export const LocalObjectReference = message(
  `${GROUP}.LocalObjectReference`,
  'An object of the same namespace, by name.',
  {
    name: string(1, 'The name of the object.'),
  },
  { atomic: true },
)

export interface TypedLocalObjectReference extends InferMessage<typeof TypedLocalObjectReference> {}
export const TypedLocalObjectReference = message(
  `${GROUP}.TypedLocalObjectReference`,
  'An object of the same namespace, by group, kind and name.',
  {
    apiGroup: string(1, 'The API group; empty for the core group.', { explicit: true }),
    kind: string(2, 'The kind of the object.', { required: true }),
    name: string(3, 'The name of the object.', { required: true }),
  },
  { atomic: true },
)

export interface TypedObjectReference extends InferMessage<typeof TypedObjectReference> {}
export const TypedObjectReference = message(
  `${GROUP}.TypedObjectReference`,
  'An object by group, kind, namespace and name.',
  {
    apiGroup: string(1, 'The API group; empty for the core group.', { explicit: true }),
    kind: string(2, 'The kind of the object.', { required: true }),
    name: string(3, 'The name of the object.', { required: true }),
    namespace: string(4, 'The namespace of the object; absent for the own namespace.', { explicit: true }),
  },
)
