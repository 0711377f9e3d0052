import type { Infer, InferMessage } from '../../schema/field.ts'
import { int32, list, message, one, ref } from '../../schema/field.ts'

import { AGE, NAME } from '../meta/columns.ts'
import { Condition } from '../meta/condition.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { AdminEgressRule, AdminIngressRule, definitionOf, PolicySubject } from './parts.ts'
import { clusterPolicyErrors } from './rules.ts'

export interface AdminNetworkPolicySpec extends InferMessage<typeof AdminNetworkPolicySpec> {}
export const AdminNetworkPolicySpec = message(definitionOf('AdminNetworkPolicySpec'), 'What it should be.', {
  priority: int32(0, 'From 0, which is asked first, to 1000.', { required: true, minimum: 0, maximum: 1000 }),
  subject: one(0, ref<PolicySubject>(PolicySubject), 'Whom it is about.', { required: true }),
  ingress: list(0, ref<AdminIngressRule>(AdminIngressRule), 'What comes in; the first rule that matches decides.'),
  egress: list(0, ref<AdminEgressRule>(AdminEgressRule), 'What goes out; the first rule that matches decides.'),
})

export interface AdminNetworkPolicyStatus extends InferMessage<typeof AdminNetworkPolicyStatus> {}
export const AdminNetworkPolicyStatus = message(definitionOf('AdminNetworkPolicyStatus'), 'How far it is in force.', {
  conditions: list(0, ref<Condition>(Condition), 'One for each node.', { listType: 'map', listKeys: ['type'] }),
})

const fields = {
  spec: one(0, ref<AdminNetworkPolicySpec>(AdminNetworkPolicySpec), 'What it should be.', { required: true }),
  status: one(
    0,
    ref<AdminNetworkPolicyStatus>(AdminNetworkPolicyStatus),
    'How far it is in force; the system writes it.',
  ),
}

export interface AdminNetworkPolicy extends KubeObject, Infer<typeof fields> {}
export const AdminNetworkPolicy = defineKind<AdminNetworkPolicy>({
  group: 'policy.networking.k8s.io',
  version: 'v1alpha1',
  kind: 'AdminNetworkPolicy',
  plural: 'adminnetworkpolicies',
  shortNames: ['anp'],
  subresources: { status: true },
  namespaced: false,
  definition: definitionOf('AdminNetworkPolicy'),
  doc: 'Decides before NetworkPolicies; for administrators.',
  fields,
  validate: ({ spec }) => clusterPolicyErrors(spec),
  columns: [
    NAME,
    {
      name: 'Priority',
      type: 'string',
      description: 'Smaller ones are asked first.',
      cell: object => String(object.spec.priority),
    },
    AGE,
  ],
})
