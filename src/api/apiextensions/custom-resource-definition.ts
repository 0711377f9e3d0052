import type { Infer, InferMessage } from '../../schema/field.ts'
import { boolean, list, message, one, ref, STRING, string, time } from '../../schema/field.ts'
import { CREATED_AT, NAME } from '../meta/columns.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { CustomResourceConversion } from './conversion.ts'
import { CustomResourceDefinitionVersion } from './custom-resource-version.ts'

const GROUP = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1'

export interface CustomResourceDefinitionNames extends InferMessage<typeof CustomResourceDefinitionNames> {}
export const CustomResourceDefinitionNames = message(
  `${GROUP}.CustomResourceDefinitionNames`,
  'How a kind is called.',
  {
    plural: string(1, 'In paths.', { required: true }),
    singular: string(2, 'On the command line.'),
    shortNames: list(3, STRING, 'Short, on the command line.'),
    kind: string(4, 'In objects.', { required: true }),
    listKind: string(5, 'In lists.'),
    categories: list(6, STRING, 'Groups of kinds it belongs to.'),
  },
)

export interface CustomResourceDefinitionCondition extends InferMessage<typeof CustomResourceDefinitionCondition> {}
export const CustomResourceDefinitionCondition = message(
  `${GROUP}.CustomResourceDefinitionCondition`,
  "One aspect of a definition's state.",
  {
    type: string(1, 'Which aspect.', { required: true }),
    status: string(2, 'True, False or Unknown.', { required: true, enum: ['True', 'False', 'Unknown'] }),
    lastTransitionTime: time(3, 'When the status last changed.'),
    reason: string(4, 'Why, in a word.'),
    message: string(5, 'Why, in a sentence.'),
  },
)

export interface CustomResourceDefinitionStatus extends InferMessage<typeof CustomResourceDefinitionStatus> {}
export const CustomResourceDefinitionStatus = message(
  `${GROUP}.CustomResourceDefinitionStatus`,
  'What a definition is at present.',
  {
    conditions: list(
      1,
      ref<CustomResourceDefinitionCondition>(CustomResourceDefinitionCondition),
      'Aspects of its state.',
      { listType: 'map', listKeys: ['type'] },
    ),
    acceptedNames: one(2, ref<CustomResourceDefinitionNames>(CustomResourceDefinitionNames), 'The names in use.'),
    storedVersions: list(3, STRING, 'Versions in which objects were ever stored.'),
  },
)

export interface CustomResourceDefinitionSpec extends InferMessage<typeof CustomResourceDefinitionSpec> {}
export const CustomResourceDefinitionSpec = message(
  `${GROUP}.CustomResourceDefinitionSpec`,
  'What a definition should be.',
  {
    group: string(1, 'The API group.', { required: true }),
    names: one(3, ref<CustomResourceDefinitionNames>(CustomResourceDefinitionNames), 'How the kind is called.', {
      required: true,
    }),
    scope: string(4, 'Cluster or Namespaced.', { required: true }),
    versions: list(7, ref<CustomResourceDefinitionVersion>(CustomResourceDefinitionVersion), 'Its versions.', {
      required: true,
    }),
    conversion: one(
      9,
      ref<CustomResourceConversion>(CustomResourceConversion),
      'How objects get from one version to another.',
    ),
    preserveUnknownFields: boolean(10, 'No longer used; must be false.'),
  },
)

const customResourceDefinitionFields = {
  spec: one(2, ref<CustomResourceDefinitionSpec>(CustomResourceDefinitionSpec), 'What it should be.', {
    present: true,
  }),
  status: one(
    3,
    ref<CustomResourceDefinitionStatus>(CustomResourceDefinitionStatus),
    'What it is at present; the system writes it.',
  ),
}

export interface CustomResourceDefinition extends KubeObject, Infer<typeof customResourceDefinitionFields> {}
export const CustomResourceDefinition = defineKind<CustomResourceDefinition>({
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  subresources: { status: true },
  namespaced: false,
  definition: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition',
  doc: 'Adds a kind to the API. Its name is plural.group.',
  fields: customResourceDefinitionFields,
  columns: [NAME, CREATED_AT],
})
