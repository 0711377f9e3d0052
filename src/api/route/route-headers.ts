import type { InferMessage } from '../../schema/field.ts'
import { list, message, one, ref, string } from '../../schema/field.ts'

const GROUP = 'com.github.openshift.api.route.v1'

export interface RouteSetHTTPHeader extends InferMessage<typeof RouteSetHTTPHeader> {}
export const RouteSetHTTPHeader = message(`${GROUP}.RouteSetHTTPHeader`, '', {
  value: string(1, '', { required: true }),
})

export interface RouteHTTPHeaderActionUnion extends InferMessage<typeof RouteHTTPHeaderActionUnion> {}
export const RouteHTTPHeaderActionUnion = message(`${GROUP}.RouteHTTPHeaderActionUnion`, '', {
  type: string(1, '', { required: true }),
  set: one(2, ref<RouteSetHTTPHeader>(RouteSetHTTPHeader), ''),
})

export interface RouteHTTPHeader extends InferMessage<typeof RouteHTTPHeader> {}
export const RouteHTTPHeader = message(`${GROUP}.RouteHTTPHeader`, '', {
  name: string(1, '', { required: true }),
  action: one(2, ref<RouteHTTPHeaderActionUnion>(RouteHTTPHeaderActionUnion), '', { required: true }),
})

export interface RouteHTTPHeaderActions extends InferMessage<typeof RouteHTTPHeaderActions> {}
export const RouteHTTPHeaderActions = message(`${GROUP}.RouteHTTPHeaderActions`, '', {
  response: list(1, ref<RouteHTTPHeader>(RouteHTTPHeader), '', { listType: 'map', listKeys: ['name'] }),
  request: list(2, ref<RouteHTTPHeader>(RouteHTTPHeader), '', { listType: 'map', listKeys: ['name'] }),
})

export interface RouteHTTPHeaders extends InferMessage<typeof RouteHTTPHeaders> {}
export const RouteHTTPHeaders = message(`${GROUP}.RouteHTTPHeaders`, '', {
  actions: one(1, ref<RouteHTTPHeaderActions>(RouteHTTPHeaderActions), ''),
})
