/** Questions about which security context constraint would admit a pod. `oc adm policy scc-subject-review` and `scc-review` ask them. */
import type { Infer, InferMessage } from '../../schema/field.ts'
import { list, message, one, ref, STRING, string } from '../../schema/field.ts'
import { PodTemplateSpec } from '../core/pod/template.ts'
import { ObjectReference } from '../core/reference.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'

const GROUP = 'com.github.openshift.api.security.v1'
// Tags are 0: OpenShift's clients send these as JSON alone.
const TEMPLATE = { required: true } as const

const answerFields = {
  allowedBy: one(0, ref<ObjectReference>(ObjectReference), 'The constraint; absent where none admits it.'),
  reason: string(0, 'Why none does, in a word.'),
  template: one(0, ref<PodTemplateSpec>(PodTemplateSpec), 'The pod as the constraint makes it.'),
}
export interface PodSecurityPolicySubjectReviewStatus
  extends InferMessage<typeof PodSecurityPolicySubjectReviewStatus> {}
export const PodSecurityPolicySubjectReviewStatus = message(
  `${GROUP}.PodSecurityPolicySubjectReviewStatus`,
  'The answer.',
  answerFields,
)

export interface PodSecurityPolicySubjectReviewSpec extends InferMessage<typeof PodSecurityPolicySubjectReviewSpec> {}
export const PodSecurityPolicySubjectReviewSpec = message(
  `${GROUP}.PodSecurityPolicySubjectReviewSpec`,
  'The pod, and who makes it.',
  {
    template: one(0, ref<PodTemplateSpec>(PodTemplateSpec), 'The pod.', TEMPLATE),
    user: string(0, 'Who makes it; the pod’s account alone counts where nobody is named.'),
    groups: list(0, STRING, 'In which groups.'),
  },
)

export interface PodSecurityPolicySelfSubjectReviewSpec
  extends InferMessage<typeof PodSecurityPolicySelfSubjectReviewSpec> {}
export const PodSecurityPolicySelfSubjectReviewSpec = message(
  `${GROUP}.PodSecurityPolicySelfSubjectReviewSpec`,
  'The pod.',
  { template: one(0, ref<PodTemplateSpec>(PodTemplateSpec), 'The pod.', TEMPLATE) },
)

export interface PodSecurityPolicyReviewSpec extends InferMessage<typeof PodSecurityPolicyReviewSpec> {}
export const PodSecurityPolicyReviewSpec = message(
  `${GROUP}.PodSecurityPolicyReviewSpec`,
  'The pod, and accounts it could have.',
  {
    template: one(0, ref<PodTemplateSpec>(PodTemplateSpec), 'The pod.', TEMPLATE),
    serviceAccountNames: list(0, STRING, "The accounts; the template's own where there are none."),
  },
)

export interface ServiceAccountPodSecurityPolicyReviewStatus
  extends InferMessage<typeof ServiceAccountPodSecurityPolicyReviewStatus> {}
export const ServiceAccountPodSecurityPolicyReviewStatus = message(
  `${GROUP}.ServiceAccountPodSecurityPolicyReviewStatus`,
  'The answer for an account.',
  { ...answerFields, name: string(0, 'The account.', { required: true }) },
)

export interface PodSecurityPolicyReviewStatus extends InferMessage<typeof PodSecurityPolicyReviewStatus> {}
export const PodSecurityPolicyReviewStatus = message(`${GROUP}.PodSecurityPolicyReviewStatus`, 'The answer.', {
  allowedServiceAccounts: list(
    0,
    ref<ServiceAccountPodSecurityPolicyReviewStatus>(ServiceAccountPodSecurityPolicyReviewStatus),
    'Of those that would do.',
  ),
})

const define = <T extends KubeObject>(
  kind: string,
  doc: string,
  fields: Parameters<typeof defineKind<T>>[0]['fields'],
) =>
  defineKind<T>({
    group: 'security.openshift.io',
    version: 'v1',
    kind,
    plural: `${kind.toLowerCase()}s`,
    namespaced: true,
    definition: `${GROUP}.${kind}`,
    doc,
    fields,
  })

const STATUS = 'What it is at present; the system writes it.'
const subjectStatus = one(0, ref<PodSecurityPolicySubjectReviewStatus>(PodSecurityPolicySubjectReviewStatus), STATUS)
const subjectFields = {
  spec: one(0, ref<PodSecurityPolicySubjectReviewSpec>(PodSecurityPolicySubjectReviewSpec), 'The question.', TEMPLATE),
  status: subjectStatus,
}
const selfFields = {
  spec: one(
    0,
    ref<PodSecurityPolicySelfSubjectReviewSpec>(PodSecurityPolicySelfSubjectReviewSpec),
    'The question.',
    TEMPLATE,
  ),
  status: subjectStatus,
}
const accountFields = {
  spec: one(0, ref<PodSecurityPolicyReviewSpec>(PodSecurityPolicyReviewSpec), 'The question.', TEMPLATE),
  status: one(0, ref<PodSecurityPolicyReviewStatus>(PodSecurityPolicyReviewStatus), STATUS),
}

export interface PodSecurityPolicySubjectReview extends KubeObject, Infer<typeof subjectFields> {}
export interface PodSecurityPolicyReview extends KubeObject, Infer<typeof accountFields> {}

export const POD_REVIEWS = [
  define('PodSecurityPolicySubjectReview', 'Asks whether a user could make a pod.', subjectFields),
  define('PodSecurityPolicySelfSubjectReview', 'Asks whether the asking user could make a pod.', selfFields),
  define('PodSecurityPolicyReview', 'Asks which accounts a pod could have.', accountFields),
] as const
