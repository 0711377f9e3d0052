import type { Infer, InferMessage } from '../../schema/field.ts'
import { list, message, ref, STRING } from '../../schema/field.ts'
import { CREATED_AT, NAME } from '../meta/columns.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { policyRuleErrors } from './rules.ts'

const GROUP = 'io.k8s.api.rbac.v1'

export interface PolicyRule extends InferMessage<typeof PolicyRule> {}
export const PolicyRule = message(`${GROUP}.PolicyRule`, 'What may be done.', {
  verbs: list(1, STRING, 'The verbs; * for all.', { required: true }),
  apiGroups: list(2, STRING, 'The API groups; empty for the core group, * for all.'),
  resources: list(3, STRING, 'The resources; * for all, pods/log for a subresource.'),
  resourceNames: list(4, STRING, 'Objects by name; all where absent.'),
  nonResourceURLs: list(5, STRING, 'Paths that are no resources.'),
})

const roleFields = {
  rules: list(2, ref<PolicyRule>(PolicyRule), 'The permissions.'),
}

export interface Role extends KubeObject, Infer<typeof roleFields> {}
export const Role = defineKind<Role>({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'Role',
  plural: 'roles',
  namespaced: true,
  definition: 'io.k8s.api.rbac.v1.Role',
  doc: 'What may be done in a namespace.',
  fields: roleFields,
  validate: role => policyRuleErrors(role.rules ?? [], true),
  columns: [NAME, CREATED_AT],
})
