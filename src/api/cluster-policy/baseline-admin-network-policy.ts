import type { Infer, InferMessage } from '../../schema/field.ts'
import { list, message, one, ref } from '../../schema/field.ts'
import { invalid } from '../../schema/field-error.ts'
import { AGE, NAME } from '../meta/columns.ts'
import { Condition } from '../meta/condition.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { BaselineEgressRule, BaselineIngressRule, definitionOf, PolicySubject } from './parts.ts'
import { clusterPolicyErrors } from './rules.ts'

export interface BaselineAdminNetworkPolicySpec extends InferMessage<typeof BaselineAdminNetworkPolicySpec> {}
export const BaselineAdminNetworkPolicySpec = message(
  definitionOf('BaselineAdminNetworkPolicySpec'),
  'What it should be.',
  {
    subject: one(0, ref<PolicySubject>(PolicySubject), 'Whom it is about.', { required: true }),
    ingress: list(
      0,
      ref<BaselineIngressRule>(BaselineIngressRule),
      'What comes in; the first rule that matches decides.',
    ),
    egress: list(0, ref<BaselineEgressRule>(BaselineEgressRule), 'What goes out; the first rule that matches decides.'),
  },
)

export interface BaselineAdminNetworkPolicyStatus extends InferMessage<typeof BaselineAdminNetworkPolicyStatus> {}
export const BaselineAdminNetworkPolicyStatus = message(
  definitionOf('BaselineAdminNetworkPolicyStatus'),
  'How far it is in force.',
  {
    conditions: list(0, ref<Condition>(Condition), 'One for each node.', { listType: 'map', listKeys: ['type'] }),
  },
)

const fields = {
  spec: one(0, ref<BaselineAdminNetworkPolicySpec>(BaselineAdminNetworkPolicySpec), 'What it should be.', {
    required: true,
  }),
  status: one(
    0,
    ref<BaselineAdminNetworkPolicyStatus>(BaselineAdminNetworkPolicyStatus),
    'How far it is in force; the system writes it.',
  ),
}

export interface BaselineAdminNetworkPolicy extends KubeObject, Infer<typeof fields> {}
export const BaselineAdminNetworkPolicy = defineKind<BaselineAdminNetworkPolicy>({
  group: 'policy.networking.k8s.io',
  version: 'v1alpha1',
  kind: 'BaselineAdminNetworkPolicy',
  plural: 'baselineadminnetworkpolicies',
  shortNames: ['banp'],
  subresources: { status: true },
  namespaced: false,
  definition: definitionOf('BaselineAdminNetworkPolicy'),
  doc: 'Decides where neither an AdminNetworkPolicy nor a NetworkPolicy does. Its name is default.',
  fields,
  validate: ({ metadata, spec }) => [
    ...(metadata.name === 'default'
      ? []
      : [
          invalid(
            'metadata.name',
            metadata.name,
            'Only one baseline admin network policy with metadata.name="default" can be created in the cluster',
          ),
        ]),
    ...clusterPolicyErrors(spec),
  ],
  columns: [NAME, AGE],
})
