import type { Infer, InferMessage } from '../../schema/field.ts'
import { message, one, ref } from '../../schema/field.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { UserInfo } from './token-review.ts'

const GROUP = 'io.k8s.api.authentication.v1'

export interface SelfSubjectReviewStatus extends InferMessage<typeof SelfSubjectReviewStatus> {}
export const SelfSubjectReviewStatus = message(`${GROUP}.SelfSubjectReviewStatus`, 'Who is asking.', {
  userInfo: one(1, ref<UserInfo>(UserInfo), 'The user.'),
})

const selfSubjectReviewFields = {
  status: one(2, ref<SelfSubjectReviewStatus>(SelfSubjectReviewStatus), 'What it is at present; the system writes it.'),
}

export interface SelfSubjectReview extends KubeObject, Infer<typeof selfSubjectReviewFields> {}
export const SelfSubjectReview = defineKind<SelfSubjectReview>({
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'SelfSubjectReview',
  plural: 'selfsubjectreviews',
  namespaced: false,
  definition: 'io.k8s.api.authentication.v1.SelfSubjectReview',
  doc: 'Asks who is asking.',
  fields: selfSubjectReviewFields,
})
