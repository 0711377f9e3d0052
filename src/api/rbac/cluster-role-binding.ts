import type { Infer } from '../../schema/field.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { bindingColumns, bindingFields } from './role-binding.ts'
import { bindingErrors, completeBinding } from './rules.ts'

export interface ClusterRoleBinding extends KubeObject, Infer<typeof bindingFields> {}
export const ClusterRoleBinding = defineKind<ClusterRoleBinding>({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'ClusterRoleBinding',
  plural: 'clusterrolebindings',
  namespaced: false,
  definition: 'io.k8s.api.rbac.v1.ClusterRoleBinding',
  doc: 'Gives a role to subjects, in the cluster.',
  fields: bindingFields,
  complete: completeBinding,
  validate: (binding, old) => bindingErrors(binding, old, true),
  columns: bindingColumns,
})
