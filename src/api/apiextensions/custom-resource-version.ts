import type { InferMessage } from '../../schema/field.ts'
import { boolean, int32, list, message, one, ref, string } from '../../schema/field.ts'
import { JSONSchemaProps } from './json-schema-props.ts'

const GROUP = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1'

export interface CustomResourceValidation extends InferMessage<typeof CustomResourceValidation> {}
export const CustomResourceValidation = message(`${GROUP}.CustomResourceValidation`, '', {
  openAPIV3Schema: one(1, ref<JSONSchemaProps>(JSONSchemaProps), ''),
})

export interface CustomResourceSubresourceStatus extends InferMessage<typeof CustomResourceSubresourceStatus> {}
export const CustomResourceSubresourceStatus = message(`${GROUP}.CustomResourceSubresourceStatus`, '', {})

export interface CustomResourceSubresourceScale extends InferMessage<typeof CustomResourceSubresourceScale> {}
export const CustomResourceSubresourceScale = message(`${GROUP}.CustomResourceSubresourceScale`, '', {
  specReplicasPath: string(1, '', { required: true }),
  statusReplicasPath: string(2, '', { required: true }),
  labelSelectorPath: string(3, '', { explicit: true }),
})

export interface CustomResourceSubresources extends InferMessage<typeof CustomResourceSubresources> {}
export const CustomResourceSubresources = message(`${GROUP}.CustomResourceSubresources`, '', {
  status: one(1, ref<CustomResourceSubresourceStatus>(CustomResourceSubresourceStatus), ''),
  scale: one(2, ref<CustomResourceSubresourceScale>(CustomResourceSubresourceScale), ''),
})

export interface CustomResourceColumnDefinition extends InferMessage<typeof CustomResourceColumnDefinition> {}
export const CustomResourceColumnDefinition = message(`${GROUP}.CustomResourceColumnDefinition`, '', {
  name: string(1, '', { required: true }),
  type: string(2, '', { required: true }),
  format: string(3, ''),
  description: string(4, ''),
  priority: int32(5, ''),
  jsonPath: string(6, '', { required: true }),
})

export interface SelectableField extends InferMessage<typeof SelectableField> {}
export const SelectableField = message(`${GROUP}.SelectableField`, '', {
  jsonPath: string(1, '', { required: true }),
})

export interface CustomResourceDefinitionVersion extends InferMessage<typeof CustomResourceDefinitionVersion> {}
export const CustomResourceDefinitionVersion = message(`${GROUP}.CustomResourceDefinitionVersion`, '', {
  name: string(1, '', { required: true }),
  served: boolean(2, '', { required: true }),
  storage: boolean(3, '', { required: true }),
  deprecated: boolean(7, ''),
  deprecationWarning: string(8, '', { explicit: true }),
  schema: one(4, ref<CustomResourceValidation>(CustomResourceValidation), ''),
  subresources: one(5, ref<CustomResourceSubresources>(CustomResourceSubresources), ''),
  additionalPrinterColumns: list(6, ref<CustomResourceColumnDefinition>(CustomResourceColumnDefinition), ''),
  selectableFields: list(9, ref<SelectableField>(SelectableField), ''),
})
