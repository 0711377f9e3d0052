import type { Infer, InferMessage } from '../../schema/field.ts'
import { int64, list, message, one, ref, STRING, string, time } from '../../schema/field.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'

const GROUP = 'io.k8s.api.authentication.v1'

export interface BoundObjectReference extends InferMessage<typeof BoundObjectReference> {}
export const BoundObjectReference = message(`${GROUP}.BoundObjectReference`, '', {
  kind: string(1, ''),
  apiVersion: string(2, ''),
  name: string(3, ''),
  uid: string(4, ''),
})

export interface TokenRequestSpec extends InferMessage<typeof TokenRequestSpec> {}
export const TokenRequestSpec = message(`${GROUP}.TokenRequestSpec`, '', {
  audiences: list(1, STRING, '', { required: true }),
  expirationSeconds: int64(4, '', { explicit: true }),
  boundObjectRef: one(3, ref<BoundObjectReference>(BoundObjectReference), ''),
})

export interface TokenRequestStatus extends InferMessage<typeof TokenRequestStatus> {}
export const TokenRequestStatus = message(`${GROUP}.TokenRequestStatus`, '', {
  token: string(1, '', { required: true }),
  expirationTimestamp: time(2, '', { required: true }),
})

const tokenRequestFields = {
  spec: one(2, ref<TokenRequestSpec>(TokenRequestSpec), '', { present: true }),
  status: one(3, ref<TokenRequestStatus>(TokenRequestStatus), ''),
}

export interface TokenRequest extends KubeObject, Infer<typeof tokenRequestFields> {}
export const TokenRequest = defineKind<TokenRequest>({
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'TokenRequest',
  plural: 'tokenrequests',
  namespaced: true,
  definition: 'io.k8s.api.authentication.v1.TokenRequest',
  doc: '',
  fields: tokenRequestFields,
})
