import type { InferMessage } from '../../schema/field.ts'
import { bytes, inline, int32, list, message, one, ref, STRING, string } from '../../schema/field.ts'

export const GROUP = 'io.k8s.api.admissionregistration.v1'

export interface Rule extends InferMessage<typeof Rule> {}
export const Rule = message(`${GROUP}.Rule`, 'Which resources are meant.', {
  apiGroups: list(1, STRING, 'The API groups; * for all.'),
  apiVersions: list(2, STRING, 'The API versions; * for all.'),
  resources: list(
    3,
    STRING,
    'The resources; * for all, pods/log for a subresource, */* for all with their subresources.',
  ),
  scope: string(4, 'Cluster, Namespaced or *.', { enum: ['Cluster', 'Namespaced', '*'], default: '*' }),
})

export interface RuleWithOperations extends InferMessage<typeof RuleWithOperations>, Rule {}
export const RuleWithOperations = message(`${GROUP}.RuleWithOperations`, 'Which requests are meant.', {
  operations: list(1, STRING, 'CREATE, UPDATE, DELETE, CONNECT or *.'),
  rule: inline(2, Rule),
})

export interface ServiceReference extends InferMessage<typeof ServiceReference> {}
export const ServiceReference = message(`${GROUP}.ServiceReference`, 'A service that is asked.', {
  namespace: string(1, "The service's namespace.", { required: true }),
  name: string(2, "The service's name.", { required: true }),
  path: string(3, 'The path of the request.', { explicit: true }),
  port: int32(4, 'The port of the service.', { explicit: true, default: 443 }),
})

export interface WebhookClientConfig extends InferMessage<typeof WebhookClientConfig> {}
export const WebhookClientConfig = message(`${GROUP}.WebhookClientConfig`, 'How a webhook is reached.', {
  url: string(3, 'Its address, for one outside the cluster.', { explicit: true }),
  service: one(1, ref<ServiceReference>(ServiceReference), 'Its service, for one inside.'),
  caBundle: bytes(2, 'The authorities its certificate is checked against, PEM.'),
})

export interface MatchCondition extends InferMessage<typeof MatchCondition> {}
export const MatchCondition = message(`${GROUP}.MatchCondition`, 'A condition in CEL for a request to be meant.', {
  name: string(1, 'Its name.', { required: true }),
  expression: string(2, 'The expression.', { required: true }),
})
