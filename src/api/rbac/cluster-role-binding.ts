import type { Infer } from '../../schema/field.ts'
import { list, one, ref } from '../../schema/field.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { RoleRef, Subject } from './role-binding.ts'

const clusterRoleBindingFields = {
  subjects: list(2, ref<Subject>(Subject), 'Who gets it.'),
  roleRef: one(3, ref<RoleRef>(RoleRef), 'The role; it cannot change.', { required: true }),
}

export interface ClusterRoleBinding extends KubeObject, Infer<typeof clusterRoleBindingFields> {}
export const ClusterRoleBinding = defineKind<ClusterRoleBinding>({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'ClusterRoleBinding',
  plural: 'clusterrolebindings',
  namespaced: false,
  definition: 'io.k8s.api.rbac.v1.ClusterRoleBinding',
  doc: 'Gives a role to subjects, in the cluster.',
  fields: clusterRoleBindingFields,
})
