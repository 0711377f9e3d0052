import type { InferMessage } from '../../schema/field.ts'
import { bytes, int32, list, message, one, ref, STRING, string } from '../../schema/field.ts'

const GROUP = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1'

export interface ServiceReference extends InferMessage<typeof ServiceReference> {}
export const ServiceReference = message(`${GROUP}.ServiceReference`, 'A Service that is called.', {
  namespace: string(1, 'Its namespace.', { required: true }),
  name: string(2, 'Its name.', { required: true }),
  path: string(3, 'The path to call.', { explicit: true }),
  port: int32(4, 'Its port.', { explicit: true, default: 443 }),
})

export interface WebhookClientConfig extends InferMessage<typeof WebhookClientConfig> {}
export const WebhookClientConfig = message(
  `${GROUP}.WebhookClientConfig`,
  'Whom to call; exactly one of url and service.',
  {
    url: string(3, 'An address.', { explicit: true }),
    service: one(1, ref<ServiceReference>(ServiceReference), 'A Service.'),
    caBundle: bytes(2, 'The authority its certificate must come from, PEM.'),
  },
)

export interface WebhookConversion extends InferMessage<typeof WebhookConversion> {}
export const WebhookConversion = message(`${GROUP}.WebhookConversion`, 'A webhook that converts.', {
  clientConfig: one(2, ref<WebhookClientConfig>(WebhookClientConfig), 'Whom to call.'),
  conversionReviewVersions: list(3, STRING, 'The review versions it understands.', { required: true }),
})

export interface CustomResourceConversion extends InferMessage<typeof CustomResourceConversion> {}
export const CustomResourceConversion = message(
  `${GROUP}.CustomResourceConversion`,
  'How objects get from one version to another.',
  {
    strategy: string(1, 'None, which changes apiVersion alone, or Webhook.', { required: true }),
    webhook: one(2, ref<WebhookConversion>(WebhookConversion), 'The webhook.'),
  },
)
