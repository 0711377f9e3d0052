import type { Infer, InferMessage } from '../../schema/field.ts'
import { boolean, list, message, one, ref, STRING, string } from '../../schema/field.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'

const GROUP = 'io.k8s.api.authorization.v1'

export interface ResourceRule extends InferMessage<typeof ResourceRule> {}
export const ResourceRule = message(`${GROUP}.ResourceRule`, '', {
  verbs: list(1, STRING, '', { required: true }),
  apiGroups: list(2, STRING, ''),
  resources: list(3, STRING, ''),
  resourceNames: list(4, STRING, ''),
})

export interface NonResourceRule extends InferMessage<typeof NonResourceRule> {}
export const NonResourceRule = message(`${GROUP}.NonResourceRule`, '', {
  verbs: list(1, STRING, '', { required: true }),
  nonResourceURLs: list(2, STRING, ''),
})

export interface SubjectRulesReviewStatus extends InferMessage<typeof SubjectRulesReviewStatus> {}
export const SubjectRulesReviewStatus = message(`${GROUP}.SubjectRulesReviewStatus`, '', {
  resourceRules: list(1, ref<ResourceRule>(ResourceRule), '', { required: true }),
  nonResourceRules: list(2, ref<NonResourceRule>(NonResourceRule), '', { required: true }),
  incomplete: boolean(3, '', { required: true }),
  evaluationError: string(4, ''),
})

export interface SelfSubjectRulesReviewSpec extends InferMessage<typeof SelfSubjectRulesReviewSpec> {}
export const SelfSubjectRulesReviewSpec = message(`${GROUP}.SelfSubjectRulesReviewSpec`, '', {
  namespace: string(1, ''),
})

const selfSubjectRulesReviewFields = {
  spec: one(2, ref<SelfSubjectRulesReviewSpec>(SelfSubjectRulesReviewSpec), '', { present: true }),
  status: one(3, ref<SubjectRulesReviewStatus>(SubjectRulesReviewStatus), ''),
}

export interface SelfSubjectRulesReview extends KubeObject, Infer<typeof selfSubjectRulesReviewFields> {}
export const SelfSubjectRulesReview = defineKind<SelfSubjectRulesReview>({
  group: 'authorization.k8s.io',
  version: 'v1',
  kind: 'SelfSubjectRulesReview',
  plural: 'selfsubjectrulesreviews',
  namespaced: false,
  definition: 'io.k8s.api.authorization.v1.SelfSubjectRulesReview',
  doc: '',
  fields: selfSubjectRulesReviewFields,
})
