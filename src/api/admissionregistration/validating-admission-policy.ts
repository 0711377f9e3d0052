import type { Infer, InferMessage } from '../../schema/field.ts'
import { int64, list, message, one, ref, string } from '../../schema/field.ts'
import { AGE, NAME } from '../meta/columns.ts'
import { Condition } from '../meta/condition.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { AuditAnnotation, MatchResources, ParamKind, Validation, Variable } from './policy-parts.ts'
import { policyErrors } from './policy-rules.ts'
import { GROUP, MatchCondition } from './rule.ts'

export interface ValidatingAdmissionPolicySpec extends InferMessage<typeof ValidatingAdmissionPolicySpec> {}
export const ValidatingAdmissionPolicySpec = message(
  `${GROUP}.ValidatingAdmissionPolicySpec`,
  'What requests must fulfil.',
  {
    paramKind: one(1, ref<ParamKind>(ParamKind), 'What bindings give as parameters.'),
    matchConstraints: one(2, ref<MatchResources>(MatchResources), 'Which requests are meant.'),
    validations: list(3, ref<Validation>(Validation), 'What must be true of them.'),
    failurePolicy: string(4, 'What an expression that fails means.', {
      explicit: true,
      enum: ['Fail', 'Ignore'],
      default: 'Fail',
    }),
    auditAnnotations: list(5, ref<AuditAnnotation>(AuditAnnotation), 'Notes for the audit log.'),
    matchConditions: list(6, ref<MatchCondition>(MatchCondition), 'All must hold for a request to be meant.', {
      listType: 'map',
      listKeys: ['name'],
      patchKey: 'name',
    }),
    variables: list(7, ref<Variable>(Variable), 'Values for the expressions.', {
      listType: 'map',
      listKeys: ['name'],
      patchKey: 'name',
    }),
  },
)

export interface ExpressionWarning extends InferMessage<typeof ExpressionWarning> {}
export const ExpressionWarning = message(`${GROUP}.ExpressionWarning`, 'What is odd about an expression.', {
  fieldRef: string(2, 'Where it stands.', { required: true }),
  warning: string(3, 'What is odd.', { required: true }),
})

export interface TypeChecking extends InferMessage<typeof TypeChecking> {}
export const TypeChecking = message(`${GROUP}.TypeChecking`, 'What is odd about the types of expressions.', {
  expressionWarnings: list(1, ref<ExpressionWarning>(ExpressionWarning), 'By expression.'),
})

export interface ValidatingAdmissionPolicyStatus extends InferMessage<typeof ValidatingAdmissionPolicyStatus> {}
export const ValidatingAdmissionPolicyStatus = message(`${GROUP}.ValidatingAdmissionPolicyStatus`, 'How it stands.', {
  observedGeneration: int64(1, 'The generation that was looked at.'),
  typeChecking: one(2, ref<TypeChecking>(TypeChecking), 'What is odd about the types.'),
  conditions: list(3, ref<Condition>(Condition), 'Its conditions.', { listType: 'map', listKeys: ['type'] }),
})

const policyFields = {
  spec: one(2, ref<ValidatingAdmissionPolicySpec>(ValidatingAdmissionPolicySpec), 'What it should be.', {
    present: true,
  }),
  status: one(3, ref<ValidatingAdmissionPolicyStatus>(ValidatingAdmissionPolicyStatus), 'What it is at present.', {
    present: true,
  }),
}

export interface ValidatingAdmissionPolicy extends KubeObject, Infer<typeof policyFields> {}
export const ValidatingAdmissionPolicy = defineKind<ValidatingAdmissionPolicy>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'ValidatingAdmissionPolicy',
  plural: 'validatingadmissionpolicies',
  categories: ['api-extensions'],
  namespaced: false,
  definition: 'io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicy',
  doc: 'Rules in CEL that requests must fulfil, where a binding puts them in force.',
  fields: policyFields,
  subresources: { status: true },
  columns: [
    NAME,
    {
      name: 'Validations',
      type: 'integer',
      description: 'How many rules.',
      cell: ({ spec }) => spec.validations?.length ?? 0,
    },
    {
      name: 'ParamKind',
      type: 'string',
      description: 'What bindings give as parameters.',
      cell: ({ spec: { paramKind } }) => (paramKind ? `${paramKind.apiVersion}/${paramKind.kind}` : '<unset>'),
    },
    AGE,
  ],
  validate: policyErrors,
})
