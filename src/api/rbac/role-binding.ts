import type { Infer, InferMessage } from '../../schema/field.ts'
import { list, message, one, ref, string } from '../../schema/field.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'

const GROUP = 'io.k8s.api.rbac.v1'

export interface Subject extends InferMessage<typeof Subject> {}
export const Subject = message(
  `${GROUP}.Subject`,
  '',
  {
    kind: string(1, '', { required: true }),
    apiGroup: string(2, ''),
    name: string(3, '', { required: true }),
    namespace: string(4, ''),
  },
  { atomic: true },
)

export interface RoleRef extends InferMessage<typeof RoleRef> {}
export const RoleRef = message(
  `${GROUP}.RoleRef`,
  '',
  {
    apiGroup: string(1, '', { required: true }),
    kind: string(2, '', { required: true }),
    name: string(3, '', { required: true }),
  },
  { atomic: true },
)

const roleBindingFields = {
  subjects: list(2, ref<Subject>(Subject), ''),
  roleRef: one(3, ref<RoleRef>(RoleRef), '', { required: true }),
}

export interface RoleBinding extends KubeObject, Infer<typeof roleBindingFields> {}
export const RoleBinding = defineKind<RoleBinding>({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'RoleBinding',
  plural: 'rolebindings',
  namespaced: true,
  definition: 'io.k8s.api.rbac.v1.RoleBinding',
  doc: '',
  fields: roleBindingFields,
})
