import type { Infer, InferMessage } from '../../schema/field.ts'
import { message, one, ref } from '../../schema/field.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { NonResourceAttributes, ResourceAttributes, SubjectAccessReviewStatus } from './access-review.ts'

const GROUP = 'io.k8s.api.authorization.v1'

export interface SelfSubjectAccessReviewSpec extends InferMessage<typeof SelfSubjectAccessReviewSpec> {}
export const SelfSubjectAccessReviewSpec = message(`${GROUP}.SelfSubjectAccessReviewSpec`, 'The request.', {
  resourceAttributes: one(1, ref<ResourceAttributes>(ResourceAttributes), 'For a resource.'),
  nonResourceAttributes: one(2, ref<NonResourceAttributes>(NonResourceAttributes), 'For a path.'),
})

const selfSubjectAccessReviewFields = {
  spec: one(2, ref<SelfSubjectAccessReviewSpec>(SelfSubjectAccessReviewSpec), 'What it should be.', { present: true }),
  status: one(
    3,
    ref<SubjectAccessReviewStatus>(SubjectAccessReviewStatus),
    'What it is at present; the system writes it.',
  ),
}

export interface SelfSubjectAccessReview extends KubeObject, Infer<typeof selfSubjectAccessReviewFields> {}
export const SelfSubjectAccessReview = defineKind<SelfSubjectAccessReview>({
  group: 'authorization.k8s.io',
  version: 'v1',
  kind: 'SelfSubjectAccessReview',
  plural: 'selfsubjectaccessreviews',
  namespaced: false,
  definition: 'io.k8s.api.authorization.v1.SelfSubjectAccessReview',
  doc: 'Asks whether the asking user may do something.',
  fields: selfSubjectAccessReviewFields,
})
