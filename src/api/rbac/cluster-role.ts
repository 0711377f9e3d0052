import type { Infer, InferMessage } from '../../schema/field.ts'
import { list, message, one, ref } from '../../schema/field.ts'
import { CREATED_AT, NAME } from '../meta/columns.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { LabelSelector } from '../meta/selector.ts'
import { PolicyRule } from './role.ts'
import { policyRuleErrors } from './rules.ts'

const GROUP = 'io.k8s.api.rbac.v1'

export interface AggregationRule extends InferMessage<typeof AggregationRule> {}
export const AggregationRule = message(`${GROUP}.AggregationRule`, 'A role made of others.', {
  clusterRoleSelectors: list(1, ref<LabelSelector>(LabelSelector), 'The others.'),
})

const clusterRoleFields = {
  rules: list(2, ref<PolicyRule>(PolicyRule), 'The permissions.'),
  aggregationRule: one(3, ref<AggregationRule>(AggregationRule), 'The roles it is made of.'),
}

export interface ClusterRole extends KubeObject, Infer<typeof clusterRoleFields> {}
export const ClusterRole = defineKind<ClusterRole>({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'ClusterRole',
  plural: 'clusterroles',
  namespaced: false,
  definition: 'io.k8s.api.rbac.v1.ClusterRole',
  doc: 'What may be done in the cluster.',
  fields: clusterRoleFields,
  validate: role => policyRuleErrors(role.rules ?? [], false),
  columns: [NAME, CREATED_AT],
})
