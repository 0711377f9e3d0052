import type { InferMessage } from '../../schema/field.ts'
import { list, message, ref, string, time } from '../../schema/field.ts'

const GROUP = 'com.github.openshift.api.route.v1'

export interface RouteIngressCondition extends InferMessage<typeof RouteIngressCondition> {}
export const RouteIngressCondition = message(`${GROUP}.RouteIngressCondition`, '', {
  type: string(1, '', { required: true }),
  status: string(2, '', { required: true }),
  reason: string(3, ''),
  message: string(4, ''),
  lastTransitionTime: time(5, ''),
})

export interface RouteIngress extends InferMessage<typeof RouteIngress> {}
export const RouteIngress = message(`${GROUP}.RouteIngress`, '', {
  host: string(1, ''),
  routerName: string(2, ''),
  conditions: list(3, ref<RouteIngressCondition>(RouteIngressCondition), '', { listType: 'map', listKeys: ['type'] }),
  wildcardPolicy: string(4, '', { enum: ['None', 'Subdomain'] }),
  routerCanonicalHostname: string(5, ''),
})

export interface RouteStatus extends InferMessage<typeof RouteStatus> {}
export const RouteStatus = message(`${GROUP}.RouteStatus`, '', {
  ingress: list(1, ref<RouteIngress>(RouteIngress), ''),
})
