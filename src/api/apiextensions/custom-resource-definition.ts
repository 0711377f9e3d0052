import type { Infer, InferMessage } from '../../schema/field.ts'
import { boolean, list, message, one, ref, STRING, string, time } from '../../schema/field.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { CustomResourceConversion } from './conversion.ts'
import { CustomResourceDefinitionVersion } from './custom-resource-version.ts'

const GROUP = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1'

export interface CustomResourceDefinitionNames extends InferMessage<typeof CustomResourceDefinitionNames> {}
export const CustomResourceDefinitionNames = message(`${GROUP}.CustomResourceDefinitionNames`, '', {
  plural: string(1, '', { required: true }),
  singular: string(2, ''),
  shortNames: list(3, STRING, ''),
  kind: string(4, '', { required: true }),
  listKind: string(5, ''),
  categories: list(6, STRING, ''),
})

export interface CustomResourceDefinitionCondition extends InferMessage<typeof CustomResourceDefinitionCondition> {}
export const CustomResourceDefinitionCondition = message(`${GROUP}.CustomResourceDefinitionCondition`, '', {
  type: string(1, '', { required: true }),
  status: string(2, '', { required: true, enum: ['True', 'False', 'Unknown'] }),
  lastTransitionTime: time(3, ''),
  reason: string(4, ''),
  message: string(5, ''),
})

export interface CustomResourceDefinitionStatus extends InferMessage<typeof CustomResourceDefinitionStatus> {}
export const CustomResourceDefinitionStatus = message(`${GROUP}.CustomResourceDefinitionStatus`, '', {
  conditions: list(1, ref<CustomResourceDefinitionCondition>(CustomResourceDefinitionCondition), '', {
    listType: 'map',
    listKeys: ['type'],
  }),
  acceptedNames: one(2, ref<CustomResourceDefinitionNames>(CustomResourceDefinitionNames), ''),
  storedVersions: list(3, STRING, ''),
})

export interface CustomResourceDefinitionSpec extends InferMessage<typeof CustomResourceDefinitionSpec> {}
export const CustomResourceDefinitionSpec = message(`${GROUP}.CustomResourceDefinitionSpec`, '', {
  group: string(1, '', { required: true }),
  names: one(3, ref<CustomResourceDefinitionNames>(CustomResourceDefinitionNames), '', { required: true }),
  scope: string(4, '', { required: true }),
  versions: list(7, ref<CustomResourceDefinitionVersion>(CustomResourceDefinitionVersion), '', { required: true }),
  conversion: one(9, ref<CustomResourceConversion>(CustomResourceConversion), ''),
  preserveUnknownFields: boolean(10, ''),
})

const customResourceDefinitionFields = {
  spec: one(2, ref<CustomResourceDefinitionSpec>(CustomResourceDefinitionSpec), '', { present: true }),
  status: one(3, ref<CustomResourceDefinitionStatus>(CustomResourceDefinitionStatus), ''),
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
  doc: '',
  fields: customResourceDefinitionFields,
})
