import type { InferMessage } from '../../schema/field.ts'
import { inline, list, message, one, ref, STRING, string } from '../../schema/field.ts'
import { LabelSelector } from '../meta/selector.ts'
import { GROUP, RuleWithOperations } from './rule.ts'

export interface NamedRuleWithOperations extends InferMessage<typeof NamedRuleWithOperations>, RuleWithOperations {}
export const NamedRuleWithOperations = message(
  `${GROUP}.NamedRuleWithOperations`,
  'Which requests are meant, for which names.',
  {
    resourceNames: list(1, STRING, 'Objects by name; all where absent.'),
    ruleWithOperations: inline(2, RuleWithOperations),
  },
  { atomic: true },
)

const rules = (tag: number, doc: string) => list(tag, ref<NamedRuleWithOperations>(NamedRuleWithOperations), doc)

export interface MatchResources extends InferMessage<typeof MatchResources> {}
export const MatchResources = message(
  `${GROUP}.MatchResources`,
  'Which requests are meant.',
  {
    namespaceSelector: one(1, ref<LabelSelector>(LabelSelector), 'In which namespaces.', { default: {} }),
    objectSelector: one(2, ref<LabelSelector>(LabelSelector), 'About which objects.', { default: {} }),
    resourceRules: rules(3, 'One of these must match.'),
    excludeResourceRules: rules(4, 'None of these may match.'),
    matchPolicy: string(7, 'Whether other versions of a resource are meant too.', {
      explicit: true,
      enum: ['Exact', 'Equivalent'],
      default: 'Equivalent',
    }),
  },
  { atomic: true },
)

export interface ParamKind extends InferMessage<typeof ParamKind> {}
export const ParamKind = message(
  `${GROUP}.ParamKind`,
  'The kind of the parameters.',
  {
    apiVersion: string(1, 'Its group and version.'),
    kind: string(2, 'Its kind.'),
  },
  { atomic: true },
)

export interface ParamRef extends InferMessage<typeof ParamRef> {}
export const ParamRef = message(
  `${GROUP}.ParamRef`,
  'Where the parameters are.',
  {
    name: string(1, 'The object of this name.'),
    namespace: string(2, "Its namespace; the request's where empty."),
    selector: one(3, ref<LabelSelector>(LabelSelector), 'All objects with these labels.'),
    parameterNotFoundAction: string(4, 'Allow or Deny where there are none.', { explicit: true }),
  },
  { atomic: true },
)

export interface Validation extends InferMessage<typeof Validation> {}
export const Validation = message(`${GROUP}.Validation`, 'What must be true.', {
  expression: string(1, 'In CEL.', { required: true }),
  message: string(2, 'What is said where it is not.'),
  reason: string(3, 'The reason of the refusal.', { explicit: true }),
  messageExpression: string(4, 'What is said, in CEL.'),
})

export interface AuditAnnotation extends InferMessage<typeof AuditAnnotation> {}
export const AuditAnnotation = message(`${GROUP}.AuditAnnotation`, 'A note for the audit log.', {
  key: string(1, 'Its name.', { required: true }),
  valueExpression: string(2, 'Its text, in CEL.', { required: true }),
})

export interface Variable extends InferMessage<typeof Variable> {}
export const Variable = message(
  `${GROUP}.Variable`,
  'A value with a name.',
  {
    name: string(1, 'The name, as in variables.name.', { required: true }),
    expression: string(2, 'The value, in CEL.', { required: true }),
  },
  { atomic: true },
)
