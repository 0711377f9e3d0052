import type { InferMessage } from '../../schema/field.ts'
import { message, string } from '../../schema/field.ts'

const GROUP = 'io.k8s.api.core.v1'

export interface ObjectReference extends InferMessage<typeof ObjectReference> {}
export const ObjectReference = message(
  `${GROUP}.ObjectReference`,
  '',
  {
    kind: string(1, ''),
    namespace: string(2, ''),
    name: string(3, ''),
    uid: string(4, ''),
    apiVersion: string(5, ''),
    resourceVersion: string(6, ''),
    fieldPath: string(7, ''),
  },
  { atomic: true },
)

export interface LocalObjectReference extends InferMessage<typeof LocalObjectReference> {}
export const LocalObjectReference = message(
  `${GROUP}.LocalObjectReference`,
  '',
  {
    name: string(1, '', { default: '' }),
  },
  { atomic: true },
)

export interface TypedLocalObjectReference extends InferMessage<typeof TypedLocalObjectReference> {}
export const TypedLocalObjectReference = message(
  `${GROUP}.TypedLocalObjectReference`,
  '',
  {
    apiGroup: string(1, '', { explicit: true }),
    kind: string(2, '', { required: true }),
    name: string(3, '', { required: true }),
  },
  { atomic: true },
)

export interface TypedObjectReference extends InferMessage<typeof TypedObjectReference> {}
export const TypedObjectReference = message(`${GROUP}.TypedObjectReference`, '', {
  apiGroup: string(1, '', { explicit: true }),
  kind: string(2, '', { required: true }),
  name: string(3, '', { required: true }),
  namespace: string(4, '', { explicit: true }),
})
