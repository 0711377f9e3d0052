import type { Verb } from '../context.ts'
import { selfSubjectAccessReview, selfSubjectRulesReview, subjectAccessReview } from './access.ts'
import { selfSubjectReview } from './self.ts'
import { tokenReview } from './token.ts'

/** Types that are posted and answered, by group/plural. */
export const REVIEWS: Readonly<Record<string, Verb>> = {
  'authentication.k8s.io/selfsubjectreviews': selfSubjectReview,
  'authentication.k8s.io/tokenreviews': tokenReview,
  'authorization.k8s.io/selfsubjectaccessreviews': selfSubjectAccessReview,
  'authorization.k8s.io/selfsubjectrulesreviews': selfSubjectRulesReview,
  'authorization.k8s.io/subjectaccessreviews': subjectAccessReview,
  'authorization.k8s.io/localsubjectaccessreviews': subjectAccessReview,
}
