import type { Infer, InferMessage } from '../../schema/field.ts'
import { list, listOf, map, message, one, ref, STRING, string } from '../../schema/field.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { NonResourceAttributes, ResourceAttributes, SubjectAccessReviewStatus } from './access-review.ts'

const GROUP = 'io.k8s.api.authorization.v1'

export interface SubjectAccessReviewSpec extends InferMessage<typeof SubjectAccessReviewSpec> {}
export const SubjectAccessReviewSpec = message(`${GROUP}.SubjectAccessReviewSpec`, '', {
  resourceAttributes: one(1, ref<ResourceAttributes>(ResourceAttributes), ''),
  nonResourceAttributes: one(2, ref<NonResourceAttributes>(NonResourceAttributes), ''),
  user: string(3, ''),
  groups: list(4, STRING, ''),
  extra: map(5, listOf(STRING), ''),
  uid: string(6, ''),
})

const subjectAccessReviewFields = {
  spec: one(2, ref<SubjectAccessReviewSpec>(SubjectAccessReviewSpec), '', { present: true }),
  status: one(3, ref<SubjectAccessReviewStatus>(SubjectAccessReviewStatus), ''),
}

export interface SubjectAccessReview extends KubeObject, Infer<typeof subjectAccessReviewFields> {}
export const SubjectAccessReview = defineKind<SubjectAccessReview>({
  group: 'authorization.k8s.io',
  version: 'v1',
  kind: 'SubjectAccessReview',
  plural: 'subjectaccessreviews',
  namespaced: false,
  definition: 'io.k8s.api.authorization.v1.SubjectAccessReview',
  doc: '',
  fields: subjectAccessReviewFields,
})
