import type { InferMessage } from '../../../schema/field.ts'
import { boolean, inline, message, quantity, string } from '../../../schema/field.ts'
import { LocalObjectReference } from '../reference.ts'

const GROUP = 'io.k8s.api.core.v1'

export interface ObjectFieldSelector extends InferMessage<typeof ObjectFieldSelector> {}
export const ObjectFieldSelector = message(
  `${GROUP}.ObjectFieldSelector`,
  '',
  {
    apiVersion: string(1, ''),
    fieldPath: string(2, '', { required: true }),
  },
  { atomic: true },
)

export interface ResourceFieldSelector extends InferMessage<typeof ResourceFieldSelector> {}
export const ResourceFieldSelector = message(
  `${GROUP}.ResourceFieldSelector`,
  '',
  {
    containerName: string(1, ''),
    resource: string(2, '', { required: true }),
    divisor: quantity(3, ''),
  },
  { atomic: true },
)

export interface ConfigMapKeySelector extends InferMessage<typeof ConfigMapKeySelector>, LocalObjectReference {}
export const ConfigMapKeySelector = message(
  `${GROUP}.ConfigMapKeySelector`,
  '',
  {
    localObjectReference: inline(1, LocalObjectReference),
    key: string(2, '', { required: true }),
    optional: boolean(3, '', { explicit: true }),
  },
  { atomic: true },
)

export interface SecretKeySelector extends InferMessage<typeof SecretKeySelector>, LocalObjectReference {}
export const SecretKeySelector = message(
  `${GROUP}.SecretKeySelector`,
  '',
  {
    localObjectReference: inline(1, LocalObjectReference),
    key: string(2, '', { required: true }),
    optional: boolean(3, '', { explicit: true }),
  },
  { atomic: true },
)
