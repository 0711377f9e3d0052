import type { Infer, InferMessage } from '../../schema/field.ts'
import { int32, list, message, one, ref, string } from '../../schema/field.ts'
import { AGE, NAME } from '../meta/columns.ts'
import { Condition } from '../meta/condition.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { CnpEgressRule, CnpIngressRule, CnpSubject, cnpDefinition } from './cnp-parts.ts'
import { clusterNetworkPolicyErrors } from './cnp-rules.ts'

export interface ClusterNetworkPolicySpec extends InferMessage<typeof ClusterNetworkPolicySpec> {}
export const ClusterNetworkPolicySpec = message(cnpDefinition('ClusterNetworkPolicySpec'), 'What it should be.', {
  tier: string(0, 'Admin is asked before NetworkPolicies, Baseline after them.', {
    required: true,
    enum: ['Admin', 'Baseline'],
  }),
  priority: int32(0, 'From 0, which is asked first in its tier, to 1000; must be given.', {
    // Not `required`, which makes an absent number 0: that would be the strongest priority of all.
    minimum: 0,
    maximum: 1000,
    explicit: true,
  }),
  subject: one(0, ref<CnpSubject>(CnpSubject), 'Whom it is about.', { required: true }),
  ingress: list(0, ref<CnpIngressRule>(CnpIngressRule), 'What comes in; the first rule that matches decides.'),
  egress: list(0, ref<CnpEgressRule>(CnpEgressRule), 'What goes out; the first rule that matches decides.'),
})

export interface ClusterNetworkPolicyStatus extends InferMessage<typeof ClusterNetworkPolicyStatus> {}
export const ClusterNetworkPolicyStatus = message(
  cnpDefinition('ClusterNetworkPolicyStatus'),
  'How far it is in force.',
  {
    conditions: list(0, ref<Condition>(Condition), 'One for each node, and what is doubtful about it.', {
      listType: 'map',
      listKeys: ['type'],
    }),
  },
)

const fields = {
  spec: one(0, ref<ClusterNetworkPolicySpec>(ClusterNetworkPolicySpec), 'What it should be.', { required: true }),
  status: one(
    0,
    ref<ClusterNetworkPolicyStatus>(ClusterNetworkPolicyStatus),
    'How far it is in force; the system writes it.',
  ),
}

export interface ClusterNetworkPolicy extends KubeObject, Infer<typeof fields> {}
export const ClusterNetworkPolicy = defineKind<ClusterNetworkPolicy>({
  group: 'policy.networking.k8s.io',
  version: 'v1alpha2',
  kind: 'ClusterNetworkPolicy',
  plural: 'clusternetworkpolicies',
  shortNames: ['cnp'],
  subresources: { status: true },
  namespaced: false,
  definition: cnpDefinition('ClusterNetworkPolicy'),
  doc: 'Decides before NetworkPolicies, or where none does; for administrators.',
  fields,
  validate: ({ spec }) => clusterNetworkPolicyErrors(spec),
  columns: [
    NAME,
    {
      name: 'Tier',
      type: 'string',
      description: 'Admin is asked before NetworkPolicies, Baseline after them.',
      cell: object => object.spec.tier,
    },
    {
      name: 'Priority',
      type: 'string',
      description: 'Smaller ones are asked first.',
      cell: object => String(object.spec.priority ?? ''),
    },
    AGE,
  ],
})
