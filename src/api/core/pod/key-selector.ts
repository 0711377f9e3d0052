import type { InferMessage } from '../../../schema/field.ts'
import { boolean, inline, message, quantity, string } from '../../../schema/field.ts'
import { LocalObjectReference } from '../reference.ts'

const GROUP = 'io.k8s.api.core.v1'

export interface ObjectFieldSelector extends InferMessage<typeof ObjectFieldSelector> {}
export const ObjectFieldSelector = message(
  `${GROUP}.ObjectFieldSelector`,
  'A field of the pod itself.',
  {
    apiVersion: string(1, 'The version the path is written for.', { default: 'v1' }),
    fieldPath: string(2, 'The path, such as metadata.name or status.podIP.', { required: true }),
  },
  { atomic: true },
)

export interface ResourceFieldSelector extends InferMessage<typeof ResourceFieldSelector> {}
export const ResourceFieldSelector = message(
  `${GROUP}.ResourceFieldSelector`,
  "A container's own request or limit.",
  {
    containerName: string(1, 'The container; the own one where absent.'),
    resource: string(2, 'Such as limits.cpu or requests.memory.', { required: true }),
    divisor: quantity(3, 'The unit of the result; 1 where it is 0.', { present: true, explicit: true }),
  },
  { atomic: true },
)

export interface ConfigMapKeySelector extends InferMessage<typeof ConfigMapKeySelector>, LocalObjectReference {}
export const ConfigMapKeySelector = message(
  `${GROUP}.ConfigMapKeySelector`,
  'One key of a ConfigMap.',
  {
    localObjectReference: inline(1, LocalObjectReference),
    key: string(2, 'The key.', { required: true }),
    optional: boolean(3, 'Its absence is no error.', { explicit: true }),
  },
  { atomic: true },
)

export interface SecretKeySelector extends InferMessage<typeof SecretKeySelector>, LocalObjectReference {}
export const SecretKeySelector = message(
  `${GROUP}.SecretKeySelector`,
  'One key of a Secret.',
  {
    localObjectReference: inline(1, LocalObjectReference),
    key: string(2, 'The key.', { required: true }),
    optional: boolean(3, 'Its absence is no error.', { explicit: true }),
  },
  { atomic: true },
)
