import type { InferMessage } from '../../schema/field.ts'
import { bytes, int32, list, message, one, ref, STRING, string } from '../../schema/field.ts'

const GROUP = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1'

export interface ServiceReference extends InferMessage<typeof ServiceReference> {}
export const ServiceReference = message(`${GROUP}.ServiceReference`, '', {
  namespace: string(1, '', { required: true }),
  name: string(2, '', { required: true }),
  path: string(3, '', { explicit: true }),
  port: int32(4, '', { explicit: true }),
})

export interface WebhookClientConfig extends InferMessage<typeof WebhookClientConfig> {}
export const WebhookClientConfig = message(`${GROUP}.WebhookClientConfig`, '', {
  url: string(3, '', { explicit: true }),
  service: one(1, ref<ServiceReference>(ServiceReference), ''),
  caBundle: bytes(2, ''),
})

export interface WebhookConversion extends InferMessage<typeof WebhookConversion> {}
export const WebhookConversion = message(`${GROUP}.WebhookConversion`, '', {
  clientConfig: one(2, ref<WebhookClientConfig>(WebhookClientConfig), ''),
  conversionReviewVersions: list(3, STRING, '', { required: true }),
})

export interface CustomResourceConversion extends InferMessage<typeof CustomResourceConversion> {}
export const CustomResourceConversion = message(`${GROUP}.CustomResourceConversion`, '', {
  strategy: string(1, '', { required: true }),
  webhook: one(2, ref<WebhookConversion>(WebhookConversion), ''),
})
