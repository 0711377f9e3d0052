import type { Infer } from '../../schema/field.ts'
import { boolean, list, ref } from '../../schema/field.ts'
import { AGE, NAME } from '../meta/columns.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { LocalObjectReference, ObjectReference } from './reference.ts'

const serviceAccountFields = {
  secrets: list(2, ref<ObjectReference>(ObjectReference), 'Secrets its pods may use.', {
    listType: 'map',
    listKeys: ['name'],
    patchKey: 'name',
  }),
  imagePullSecrets: list(3, ref<LocalObjectReference>(LocalObjectReference), 'Credentials for images.'),
  automountServiceAccountToken: boolean(4, 'Whether its pods get a token.', { explicit: true }),
}

export interface ServiceAccount extends KubeObject, Infer<typeof serviceAccountFields> {}
export const ServiceAccount = defineKind<ServiceAccount>({
  group: '',
  version: 'v1',
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  shortNames: ['sa'],
  subresources: { connect: ['token'] },
  namespaced: true,
  definition: 'io.k8s.api.core.v1.ServiceAccount',
  doc: 'An identity for pods.',
  fields: serviceAccountFields,
  columns: [
    NAME,
    {
      name: 'Secrets',
      type: 'string',
      description: 'How many secrets it names.',
      cell: account => account.secrets?.length ?? 0,
    },
    AGE,
  ],
})
