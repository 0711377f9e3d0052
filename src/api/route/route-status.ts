import type { InferMessage } from '../../schema/field.ts'
import { list, message, ref, string, time } from '../../schema/field.ts'

const GROUP = 'com.github.openshift.api.route.v1'

export interface RouteIngressCondition extends InferMessage<typeof RouteIngressCondition> {}
export const RouteIngressCondition = message(`${GROUP}.RouteIngressCondition`, 'What a router thinks of the Route.', {
  type: string(1, 'Admitted or UnservableInFutureVersions.', { required: true }),
  status: string(2, 'True, False or Unknown.', { required: true }),
  reason: string(3, 'Why, in a word.'),
  message: string(4, 'Why, in a sentence.'),
  lastTransitionTime: time(5, 'When the status last changed.'),
})

export interface RouteIngress extends InferMessage<typeof RouteIngress> {}
export const RouteIngress = message(`${GROUP}.RouteIngress`, 'How one router carries the Route out.', {
  host: string(1, 'The host at this router.'),
  routerName: string(2, 'The router.'),
  conditions: list(3, ref<RouteIngressCondition>(RouteIngressCondition), 'What it thinks of the Route.', {
    listType: 'map',
    listKeys: ['type'],
  }),
  wildcardPolicy: string(4, 'The policy in force.', { enum: ['None', 'Subdomain'] }),
  routerCanonicalHostname: string(5, 'The name an alias may point at.'),
})

export interface RouteStatus extends InferMessage<typeof RouteStatus> {}
export const RouteStatus = message(`${GROUP}.RouteStatus`, 'What a Route is at present.', {
  ingress: list(1, ref<RouteIngress>(RouteIngress), 'How each router carries it out.'),
})
