import type { InferMessage } from '../../schema/field.ts'
import { list, message, one, ref, string } from '../../schema/field.ts'

const GROUP = 'com.github.openshift.api.route.v1'

export interface RouteSetHTTPHeader extends InferMessage<typeof RouteSetHTTPHeader> {}
export const RouteSetHTTPHeader = message(`${GROUP}.RouteSetHTTPHeader`, 'A value to set.', {
  value: string(1, 'The value; fetch expressions of HAProxy are allowed.', { required: true }),
})

export interface RouteHTTPHeaderActionUnion extends InferMessage<typeof RouteHTTPHeaderActionUnion> {}
export const RouteHTTPHeaderActionUnion = message(`${GROUP}.RouteHTTPHeaderActionUnion`, 'What happens to a header.', {
  type: string(1, 'Set or Delete.', { required: true }),
  set: one(2, ref<RouteSetHTTPHeader>(RouteSetHTTPHeader), 'The value, for Set.'),
})

export interface RouteHTTPHeader extends InferMessage<typeof RouteHTTPHeader> {}
export const RouteHTTPHeader = message(`${GROUP}.RouteHTTPHeader`, 'A header, and what happens to it.', {
  name: string(1, "The header's name.", { required: true }),
  action: one(2, ref<RouteHTTPHeaderActionUnion>(RouteHTTPHeaderActionUnion), 'What happens to it.', {
    required: true,
  }),
})

export interface RouteHTTPHeaderActions extends InferMessage<typeof RouteHTTPHeaderActions> {}
export const RouteHTTPHeaderActions = message(`${GROUP}.RouteHTTPHeaderActions`, 'Changes to headers.', {
  response: list(1, ref<RouteHTTPHeader>(RouteHTTPHeader), 'Of responses, in order.', {
    listType: 'map',
    listKeys: ['name'],
  }),
  request: list(2, ref<RouteHTTPHeader>(RouteHTTPHeader), 'Of requests, in order.', {
    listType: 'map',
    listKeys: ['name'],
  }),
})

export interface RouteHTTPHeaders extends InferMessage<typeof RouteHTTPHeaders> {}
export const RouteHTTPHeaders = message(`${GROUP}.RouteHTTPHeaders`, 'Changes to headers.', {
  actions: one(1, ref<RouteHTTPHeaderActions>(RouteHTTPHeaderActions), 'The changes.'),
})
