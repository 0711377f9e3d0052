import type { Infer, InferMessage } from '../../schema/field.ts'
import { list, message, ref, STRING } from '../../schema/field.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'

const GROUP = 'io.k8s.api.rbac.v1'

export interface PolicyRule extends InferMessage<typeof PolicyRule> {}
export const PolicyRule = message(`${GROUP}.PolicyRule`, '', {
  verbs: list(1, STRING, '', { required: true }),
  apiGroups: list(2, STRING, ''),
  resources: list(3, STRING, ''),
  resourceNames: list(4, STRING, ''),
  nonResourceURLs: list(5, STRING, ''),
})

const roleFields = {
  rules: list(2, ref<PolicyRule>(PolicyRule), ''),
}

export interface Role extends KubeObject, Infer<typeof roleFields> {}
export const Role = defineKind<Role>({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'Role',
  plural: 'roles',
  namespaced: true,
  definition: 'io.k8s.api.rbac.v1.Role',
  doc: '',
  fields: roleFields,
})
