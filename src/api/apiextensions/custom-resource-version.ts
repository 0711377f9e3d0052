import type { InferMessage } from '../../schema/field.ts'
import { boolean, int32, list, message, one, ref, string } from '../../schema/field.ts'
import { JSONSchemaProps } from './json-schema-props.ts'

const GROUP = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1'

export interface CustomResourceValidation extends InferMessage<typeof CustomResourceValidation> {}
export const CustomResourceValidation = message(`${GROUP}.CustomResourceValidation`, 'What objects must be like.', {
  openAPIV3Schema: one(1, ref<JSONSchemaProps>(JSONSchemaProps), 'The schema.'),
})

export interface CustomResourceSubresourceStatus extends InferMessage<typeof CustomResourceSubresourceStatus> {}
export const CustomResourceSubresourceStatus = message(
  `${GROUP}.CustomResourceSubresourceStatus`,
  'The status is written apart from the rest.',
  {},
)

export interface CustomResourceSubresourceScale extends InferMessage<typeof CustomResourceSubresourceScale> {}
export const CustomResourceSubresourceScale = message(
  `${GROUP}.CustomResourceSubresourceScale`,
  'The size can be read and written.',
  {
    specReplicasPath: string(1, 'Where the wished size stands.', { required: true }),
    statusReplicasPath: string(2, 'Where the present size stands.', { required: true }),
    labelSelectorPath: string(3, 'Where the selector stands.', { explicit: true }),
  },
)

export interface CustomResourceSubresources extends InferMessage<typeof CustomResourceSubresources> {}
export const CustomResourceSubresources = message(`${GROUP}.CustomResourceSubresources`, 'Parts served apart.', {
  status: one(1, ref<CustomResourceSubresourceStatus>(CustomResourceSubresourceStatus), 'The status.'),
  scale: one(2, ref<CustomResourceSubresourceScale>(CustomResourceSubresourceScale), 'The size.'),
})

export interface CustomResourceColumnDefinition extends InferMessage<typeof CustomResourceColumnDefinition> {}
export const CustomResourceColumnDefinition = message(
  `${GROUP}.CustomResourceColumnDefinition`,
  'A column that kubectl shows.',
  {
    name: string(1, 'Its heading.', { required: true }),
    type: string(2, 'The type of its cells.', { required: true }),
    format: string(3, 'The format of its cells.'),
    description: string(4, 'What it says.'),
    priority: int32(5, '0 is always shown.'),
    jsonPath: string(6, "Where the cell's value stands.", { required: true }),
  },
)

export interface SelectableField extends InferMessage<typeof SelectableField> {}
export const SelectableField = message(`${GROUP}.SelectableField`, 'A field that field selectors may use.', {
  jsonPath: string(1, 'Where it stands.', { required: true }),
})

export interface CustomResourceDefinitionVersion extends InferMessage<typeof CustomResourceDefinitionVersion> {}
export const CustomResourceDefinitionVersion = message(
  `${GROUP}.CustomResourceDefinitionVersion`,
  'One version of a kind.',
  {
    name: string(1, 'Its name, such as v1.', { required: true }),
    served: boolean(2, 'It can be asked for.', { required: true }),
    storage: boolean(3, 'Objects are stored in it; true of exactly one.', { required: true }),
    deprecated: boolean(7, 'Requests get a warning.'),
    deprecationWarning: string(8, 'What the warning says.', { explicit: true }),
    schema: one(4, ref<CustomResourceValidation>(CustomResourceValidation), 'What objects must be like.'),
    subresources: one(5, ref<CustomResourceSubresources>(CustomResourceSubresources), 'Parts served apart.'),
    additionalPrinterColumns: list(
      6,
      ref<CustomResourceColumnDefinition>(CustomResourceColumnDefinition),
      'Columns that kubectl shows.',
    ),
    selectableFields: list(9, ref<SelectableField>(SelectableField), 'Fields that field selectors may use.'),
  },
)
