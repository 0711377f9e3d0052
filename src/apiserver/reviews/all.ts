import type { Verb } from '../context.ts'
import { bindPod } from '../subresources/binding.ts'
import { mayRequestProject, requestProject } from '../views/projects.ts'
import { selfSubjectAccessReview, selfSubjectRulesReview, subjectAccessReview } from './access.ts'
import { openshiftResourceAccessReview, openshiftSubjectAccessReview } from './openshift-access.ts'
import { podReview, podSelfSubjectReview, podSubjectReview } from './pod-security.ts'
import { selfSubjectReview } from './self.ts'
import { tokenReview } from './token.ts'

/** Types that are posted and answered, by group/plural; what else one may do with them, by group/plural and verb. */
export const REVIEWS: Readonly<Record<string, Verb>> = {
  '/bindings': bindPod,
  'authentication.k8s.io/selfsubjectreviews': selfSubjectReview,
  'authentication.k8s.io/tokenreviews': tokenReview,
  'authorization.k8s.io/selfsubjectaccessreviews': selfSubjectAccessReview,
  'authorization.k8s.io/selfsubjectrulesreviews': selfSubjectRulesReview,
  'authorization.k8s.io/subjectaccessreviews': subjectAccessReview,
  'authorization.openshift.io/resourceaccessreviews': openshiftResourceAccessReview,
  'authorization.openshift.io/localresourceaccessreviews': openshiftResourceAccessReview,
  'authorization.openshift.io/subjectaccessreviews': openshiftSubjectAccessReview,
  'authorization.openshift.io/localsubjectaccessreviews': openshiftSubjectAccessReview,
  'security.openshift.io/podsecuritypolicyreviews': podReview,
  'security.openshift.io/podsecuritypolicyselfsubjectreviews': podSelfSubjectReview,
  'security.openshift.io/podsecuritypolicysubjectreviews': podSubjectReview,
  'project.openshift.io/projectrequests': requestProject,
  'project.openshift.io/projectrequests list': mayRequestProject,
  'authorization.k8s.io/localsubjectaccessreviews': subjectAccessReview,
}
