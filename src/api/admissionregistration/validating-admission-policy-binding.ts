import type { Infer, InferMessage } from '../../schema/field.ts'
import { list, message, one, ref, STRING, string } from '../../schema/field.ts'
import { AGE, NAME } from '../meta/columns.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { MatchResources, ParamRef } from './policy-parts.ts'
import { GROUP } from './rule.ts'

export interface ValidatingAdmissionPolicyBindingSpec
  extends InferMessage<typeof ValidatingAdmissionPolicyBindingSpec> {}
export const ValidatingAdmissionPolicyBindingSpec = message(
  `${GROUP}.ValidatingAdmissionPolicyBindingSpec`,
  'Which policy is in force, and where.',
  {
    policyName: string(1, 'The policy.'),
    paramRef: one(2, ref<ParamRef>(ParamRef), 'Its parameters.'),
    matchResources: one(3, ref<MatchResources>(MatchResources), 'For which of the requests it is about.'),
    validationActions: list(4, STRING, 'What happens to a request that does not fulfil it: Deny, Warn, Audit.', {
      listType: 'set',
    }),
  },
)

const bindingFields = {
  spec: one(2, ref<ValidatingAdmissionPolicyBindingSpec>(ValidatingAdmissionPolicyBindingSpec), 'What it should be.', {
    present: true,
  }),
}

export interface ValidatingAdmissionPolicyBinding extends KubeObject, Infer<typeof bindingFields> {}
export const ValidatingAdmissionPolicyBinding = defineKind<ValidatingAdmissionPolicyBinding>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'ValidatingAdmissionPolicyBinding',
  plural: 'validatingadmissionpolicybindings',
  categories: ['api-extensions'],
  namespaced: false,
  definition: 'io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicyBinding',
  doc: 'Puts a policy in force.',
  fields: bindingFields,
  columns: [
    NAME,
    {
      name: 'PolicyName',
      type: 'string',
      description: 'The policy.',
      cell: ({ spec }) => spec.policyName ?? '',
    },
    {
      name: 'ParamRef',
      type: 'string',
      description: 'Its parameters.',
      cell: ({ spec: { paramRef } }) =>
        paramRef ? (paramRef.name ? `${paramRef.namespace ?? '*'}/${paramRef.name}` : '*/*') : '<unset>',
    },
    AGE,
  ],
})
