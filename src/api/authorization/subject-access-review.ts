import type { Infer, InferMessage } from '../../schema/field.ts'
import { list, listOf, map, message, one, ref, STRING, string } from '../../schema/field.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { NonResourceAttributes, ResourceAttributes, SubjectAccessReviewStatus } from './access-review.ts'

const GROUP = 'io.k8s.api.authorization.v1'

export interface SubjectAccessReviewSpec extends InferMessage<typeof SubjectAccessReviewSpec> {}
export const SubjectAccessReviewSpec = message(`${GROUP}.SubjectAccessReviewSpec`, 'The request and the user.', {
  resourceAttributes: one(1, ref<ResourceAttributes>(ResourceAttributes), 'For a resource.'),
  nonResourceAttributes: one(2, ref<NonResourceAttributes>(NonResourceAttributes), 'For a path.'),
  user: string(3, 'The user.'),
  groups: list(4, STRING, "The user's groups."),
  extra: map(5, listOf(STRING), 'Further facts about the user.'),
  uid: string(6, 'The identity behind the name.'),
})

const subjectAccessReviewFields = {
  spec: one(2, ref<SubjectAccessReviewSpec>(SubjectAccessReviewSpec), 'What it should be.', { present: true }),
  status: one(
    3,
    ref<SubjectAccessReviewStatus>(SubjectAccessReviewStatus),
    'What it is at present; the system writes it.',
  ),
}

export interface SubjectAccessReview extends KubeObject, Infer<typeof subjectAccessReviewFields> {}
export const SubjectAccessReview = defineKind<SubjectAccessReview>({
  group: 'authorization.k8s.io',
  version: 'v1',
  kind: 'SubjectAccessReview',
  plural: 'subjectaccessreviews',
  namespaced: false,
  definition: 'io.k8s.api.authorization.v1.SubjectAccessReview',
  doc: 'Asks whether a user may do something.',
  fields: subjectAccessReviewFields,
})
