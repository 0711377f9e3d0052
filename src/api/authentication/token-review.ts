import type { Infer, InferMessage } from '../../schema/field.ts'
import { boolean, list, listOf, map, message, one, ref, STRING, string } from '../../schema/field.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'

const GROUP = 'io.k8s.api.authentication.v1'

export interface UserInfo extends InferMessage<typeof UserInfo> {}
export const UserInfo = message(`${GROUP}.UserInfo`, '', {
  username: string(1, ''),
  uid: string(2, ''),
  groups: list(3, STRING, ''),
  extra: map(4, listOf(STRING), ''),
})

export interface TokenReviewSpec extends InferMessage<typeof TokenReviewSpec> {}
export const TokenReviewSpec = message(`${GROUP}.TokenReviewSpec`, '', {
  token: string(1, ''),
  audiences: list(2, STRING, ''),
})

export interface TokenReviewStatus extends InferMessage<typeof TokenReviewStatus> {}
export const TokenReviewStatus = message(`${GROUP}.TokenReviewStatus`, '', {
  authenticated: boolean(1, ''),
  user: one(2, ref<UserInfo>(UserInfo), ''),
  audiences: list(4, STRING, ''),
  error: string(3, ''),
})

const tokenReviewFields = {
  spec: one(2, ref<TokenReviewSpec>(TokenReviewSpec), '', { present: true }),
  status: one(3, ref<TokenReviewStatus>(TokenReviewStatus), ''),
}

export interface TokenReview extends KubeObject, Infer<typeof tokenReviewFields> {}
export const TokenReview = defineKind<TokenReview>({
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'TokenReview',
  plural: 'tokenreviews',
  namespaced: false,
  definition: 'io.k8s.api.authentication.v1.TokenReview',
  doc: '',
  fields: tokenReviewFields,
})
