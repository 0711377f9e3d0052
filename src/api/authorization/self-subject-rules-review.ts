import type { Infer, InferMessage } from '../../schema/field.ts'
import { boolean, list, message, one, ref, STRING, string } from '../../schema/field.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'

const GROUP = 'io.k8s.api.authorization.v1'

export interface ResourceRule extends InferMessage<typeof ResourceRule> {}
export const ResourceRule = message(`${GROUP}.ResourceRule`, 'What may be done to resources.', {
  verbs: list(1, STRING, 'The verbs; * for all.', { required: true }),
  apiGroups: list(2, STRING, 'The API groups; * for all.'),
  resources: list(3, STRING, 'The resources; * for all.'),
  resourceNames: list(4, STRING, 'Objects by name; all where absent.'),
})

export interface NonResourceRule extends InferMessage<typeof NonResourceRule> {}
export const NonResourceRule = message(`${GROUP}.NonResourceRule`, 'What may be done to paths.', {
  verbs: list(1, STRING, 'The verbs; * for all.', { required: true }),
  nonResourceURLs: list(2, STRING, 'The paths.'),
})

export interface SubjectRulesReviewStatus extends InferMessage<typeof SubjectRulesReviewStatus> {}
export const SubjectRulesReviewStatus = message(`${GROUP}.SubjectRulesReviewStatus`, 'The answer.', {
  resourceRules: list(1, ref<ResourceRule>(ResourceRule), 'For resources.', { required: true }),
  nonResourceRules: list(2, ref<NonResourceRule>(NonResourceRule), 'For paths.', { required: true }),
  incomplete: boolean(3, 'There may be more.', { required: true }),
  evaluationError: string(4, 'What went wrong in finding out.'),
})

export interface SelfSubjectRulesReviewSpec extends InferMessage<typeof SelfSubjectRulesReviewSpec> {}
export const SelfSubjectRulesReviewSpec = message(`${GROUP}.SelfSubjectRulesReviewSpec`, 'The question.', {
  namespace: string(1, 'The namespace asked about.'),
})

const selfSubjectRulesReviewFields = {
  spec: one(2, ref<SelfSubjectRulesReviewSpec>(SelfSubjectRulesReviewSpec), 'What it should be.', { present: true }),
  status: one(
    3,
    ref<SubjectRulesReviewStatus>(SubjectRulesReviewStatus),
    'What it is at present; the system writes it.',
  ),
}

export interface SelfSubjectRulesReview extends KubeObject, Infer<typeof selfSubjectRulesReviewFields> {}
export const SelfSubjectRulesReview = defineKind<SelfSubjectRulesReview>({
  group: 'authorization.k8s.io',
  version: 'v1',
  kind: 'SelfSubjectRulesReview',
  plural: 'selfsubjectrulesreviews',
  namespaced: false,
  definition: 'io.k8s.api.authorization.v1.SelfSubjectRulesReview',
  doc: 'Asks what the asking user may do in a namespace.',
  fields: selfSubjectRulesReviewFields,
})
