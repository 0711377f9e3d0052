import type { Infer } from '../../schema/field.ts'
import { one, ref } from '../../schema/field.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { SubjectAccessReviewStatus } from './access-review.ts'
import { SubjectAccessReviewSpec } from './subject-access-review.ts'

const localSubjectAccessReviewFields = {
  spec: one(2, ref<SubjectAccessReviewSpec>(SubjectAccessReviewSpec), 'What it should be.', { present: true }),
  status: one(
    3,
    ref<SubjectAccessReviewStatus>(SubjectAccessReviewStatus),
    'What it is at present; the system writes it.',
  ),
}

export interface LocalSubjectAccessReview extends KubeObject, Infer<typeof localSubjectAccessReviewFields> {}
export const LocalSubjectAccessReview = defineKind<LocalSubjectAccessReview>({
  group: 'authorization.k8s.io',
  version: 'v1',
  kind: 'LocalSubjectAccessReview',
  plural: 'localsubjectaccessreviews',
  namespaced: true,
  definition: 'io.k8s.api.authorization.v1.LocalSubjectAccessReview',
  doc: 'Asks whether a user may do something in a namespace.',
  fields: localSubjectAccessReviewFields,
})
