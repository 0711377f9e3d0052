import { parseCidr } from '../../lib/cidr.ts'
import type { Infer, InferMessage } from '../../schema/field.ts'
import { list, message, one, ref, string } from '../../schema/field.ts'
import { invalid, tooMany } from '../../schema/field-error.ts'
import type { FieldError } from '../../schema/kind.ts'
import { AGE, NAME } from '../meta/columns.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'

const GROUP = 'com.github.openshift.api.network.v1'

export interface EgressNetworkPolicyPeer extends InferMessage<typeof EgressNetworkPolicyPeer> {}
export const EgressNetworkPolicyPeer = message(
  `${GROUP}.EgressNetworkPolicyPeer`,
  'Where traffic goes to: one of these.',
  {
    cidrSelector: string(1, 'A range of addresses.'),
    dnsName: string(2, 'A name.'),
  },
)

export interface EgressNetworkPolicyRule extends InferMessage<typeof EgressNetworkPolicyRule> {}
export const EgressNetworkPolicyRule = message(
  `${GROUP}.EgressNetworkPolicyRule`,
  'What happens to traffic out of the cluster.',
  {
    type: string(1, 'Allow or Deny.', { required: true, enum: ['Allow', 'Deny'] }),
    to: one(2, ref<EgressNetworkPolicyPeer>(EgressNetworkPolicyPeer), 'Where to.', { required: true }),
  },
)

export interface EgressNetworkPolicySpec extends InferMessage<typeof EgressNetworkPolicySpec> {}
export const EgressNetworkPolicySpec = message(`${GROUP}.EgressNetworkPolicySpec`, 'What it should be.', {
  egress: list(1, ref<EgressNetworkPolicyRule>(EgressNetworkPolicyRule), 'The first rule that matches decides.', {
    required: true,
  }),
})

const fields = {
  spec: one(2, ref<EgressNetworkPolicySpec>(EgressNetworkPolicySpec), 'What it should be.', { required: true }),
}

export interface EgressNetworkPolicy extends KubeObject, Infer<typeof fields> {}
export const EgressNetworkPolicy = defineKind<EgressNetworkPolicy>({
  group: 'network.openshift.io',
  version: 'v1',
  kind: 'EgressNetworkPolicy',
  plural: 'egressnetworkpolicies',
  namespaced: true,
  definition: `${GROUP}.EgressNetworkPolicy`,
  doc: 'What EgressFirewall was before; still read where a namespace has no EgressFirewall.',
  fields,
  validate: egressNetworkPolicyErrors,
  columns: [NAME, AGE],
})

/** OpenShift SDN's limit. */
const MOST_RULES = 1000

function egressNetworkPolicyErrors({ spec }: EgressNetworkPolicy): readonly FieldError[] {
  const many = spec.egress.length > MOST_RULES ? [tooMany('spec.egress', spec.egress.length, MOST_RULES)] : []
  return [
    ...many,
    ...spec.egress.flatMap(({ to }, index) => {
      const path = `spec.egress[${index}].to`
      if ((to.cidrSelector === undefined) === (to.dnsName === undefined))
        return [invalid(path, to, 'must specify exactly one of cidrSelector, dnsName')]
      if (to.cidrSelector === undefined || parseCidr(to.cidrSelector)) return []
      return [invalid(`${path}.cidrSelector`, to.cidrSelector, 'must be a CIDR')]
    }),
  ]
}
