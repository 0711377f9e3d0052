import type { Infer, InferMessage } from '../../schema/field.ts'
import { int64, list, message, one, ref, STRING, string, time } from '../../schema/field.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'

const GROUP = 'io.k8s.api.authentication.v1'

export interface BoundObjectReference extends InferMessage<typeof BoundObjectReference> {}
export const BoundObjectReference = message(
  `${GROUP}.BoundObjectReference`,
  'The object a token lives and dies with.',
  {
    kind: string(1, 'Pod, Secret or Node.'),
    apiVersion: string(2, 'The API version of the object.'),
    name: string(3, 'The name of the object.'),
    uid: string(4, 'The UID of the object.'),
  },
)

export interface TokenRequestSpec extends InferMessage<typeof TokenRequestSpec> {}
export const TokenRequestSpec = message(`${GROUP}.TokenRequestSpec`, 'What token is asked for.', {
  audiences: list(1, STRING, 'Whom it is for; the API server where empty.', { required: true }),
  expirationSeconds: int64(4, 'How long it is valid, in seconds.', { explicit: true, default: 3600 }),
  boundObjectRef: one(3, ref<BoundObjectReference>(BoundObjectReference), 'The object it lives and dies with.'),
})

export interface TokenRequestStatus extends InferMessage<typeof TokenRequestStatus> {}
export const TokenRequestStatus = message(`${GROUP}.TokenRequestStatus`, 'The token.', {
  token: string(1, 'The token.', { required: true }),
  expirationTimestamp: time(2, 'When it ends.', { required: true }),
})

const tokenRequestFields = {
  spec: one(2, ref<TokenRequestSpec>(TokenRequestSpec), 'What it should be.', { present: true }),
  status: one(3, ref<TokenRequestStatus>(TokenRequestStatus), 'What it is at present; the system writes it.'),
}

export interface TokenRequest extends KubeObject, Infer<typeof tokenRequestFields> {}
export const TokenRequest = defineKind<TokenRequest>({
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'TokenRequest',
  plural: 'tokenrequests',
  namespaced: true,
  definition: 'io.k8s.api.authentication.v1.TokenRequest',
  doc: 'Asks for a token of a service account.',
  fields: tokenRequestFields,
})
