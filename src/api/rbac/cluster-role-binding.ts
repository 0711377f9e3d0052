import type { Infer } from '../../schema/field.ts'
import { list, one, ref } from '../../schema/field.ts'
import { AGE, NAME } from '../meta/columns.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { RoleRef, Subject, subjectNames } from './role-binding.ts'
import { bindingErrors, completeBinding } from './rules.ts'

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
  complete: completeBinding,
  validate: (binding, old) => bindingErrors(binding, old, true),
  columns: [
    NAME,
    {
      name: 'Role',
      type: 'string',
      description: 'The role given.',
      cell: object => `${object.roleRef.kind}/${object.roleRef.name}`,
    },
    AGE,
    {
      name: 'Users',
      type: 'string',
      description: 'The users that get it.',
      priority: 1,
      cell: object => subjectNames(object.subjects, 'User'),
    },
    {
      name: 'Groups',
      type: 'string',
      description: 'The groups that get it.',
      priority: 1,
      cell: object => subjectNames(object.subjects, 'Group'),
    },
    {
      name: 'ServiceAccounts',
      type: 'string',
      description: 'The service accounts that get it.',
      priority: 1,
      cell: object => subjectNames(object.subjects, 'ServiceAccount'),
    },
  ],
})
