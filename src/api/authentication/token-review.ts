import type { Infer, InferMessage } from '../../schema/field.ts'
import { boolean, list, listOf, map, message, one, ref, STRING, string } from '../../schema/field.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'

const GROUP = 'io.k8s.api.authentication.v1'

export interface UserInfo extends InferMessage<typeof UserInfo> {}
export const UserInfo = message(`${GROUP}.UserInfo`, 'A user.', {
  username: string(1, 'The name.'),
  uid: string(2, 'The identity behind the name.'),
  groups: list(3, STRING, "The user's groups."),
  extra: map(4, listOf(STRING), 'Further facts.'),
})

export interface TokenReviewSpec extends InferMessage<typeof TokenReviewSpec> {}
export const TokenReviewSpec = message(`${GROUP}.TokenReviewSpec`, 'The token to check.', {
  token: string(1, 'The token.'),
  audiences: list(2, STRING, 'Whom it must be for.'),
})

export interface TokenReviewStatus extends InferMessage<typeof TokenReviewStatus> {}
export const TokenReviewStatus = message(`${GROUP}.TokenReviewStatus`, 'Whose token it is.', {
  authenticated: boolean(1, 'It is valid.'),
  user: one(2, ref<UserInfo>(UserInfo), 'The user.'),
  audiences: list(4, STRING, 'Whom it is for.'),
  error: string(3, 'Why it could not be checked.'),
})

const tokenReviewFields = {
  spec: one(2, ref<TokenReviewSpec>(TokenReviewSpec), 'What it should be.', { present: true }),
  status: one(3, ref<TokenReviewStatus>(TokenReviewStatus), 'What it is at present; the system writes it.'),
}

export interface TokenReview extends KubeObject, Infer<typeof tokenReviewFields> {}
export const TokenReview = defineKind<TokenReview>({
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'TokenReview',
  plural: 'tokenreviews',
  namespaced: false,
  definition: 'io.k8s.api.authentication.v1.TokenReview',
  doc: 'Asks whose token it is.',
  fields: tokenReviewFields,
})
