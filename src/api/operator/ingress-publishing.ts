import type { InferMessage } from '../../schema/field.ts'
import { int32, json, list, message, one, ref, STRING, string } from '../../schema/field.ts'

const GROUP = 'com.github.openshift.api.operator.v1'

export interface LoadBalancerStrategy extends InferMessage<typeof LoadBalancerStrategy> {}
export const LoadBalancerStrategy = message(`${GROUP}.LoadBalancerStrategy`, '', {
  scope: string(0, '', { required: true, enum: ['Internal', 'External'] }),
  allowedSourceRanges: list(0, STRING, ''),
  providerParameters: json(0, ''),
  dnsManagementPolicy: string(0, '', { required: true, enum: ['Managed', 'Unmanaged'], default: 'Managed' }),
})

export interface HostNetworkStrategy extends InferMessage<typeof HostNetworkStrategy> {}
export const HostNetworkStrategy = message(`${GROUP}.HostNetworkStrategy`, '', {
  protocol: string(0, '', { enum: ['TCP', 'PROXY'] }),
  httpPort: int32(0, '', { maximum: 65535, minimum: 0, default: 80 }),
  httpsPort: int32(0, '', { maximum: 65535, minimum: 0, default: 443 }),
  statsPort: int32(0, '', { maximum: 65535, minimum: 0, default: 1936 }),
})

export interface PrivateStrategy extends InferMessage<typeof PrivateStrategy> {}
export const PrivateStrategy = message(`${GROUP}.PrivateStrategy`, '', {
  protocol: string(0, '', { enum: ['TCP', 'PROXY'] }),
})

export interface NodePortStrategy extends InferMessage<typeof NodePortStrategy> {}
export const NodePortStrategy = message(`${GROUP}.NodePortStrategy`, '', {
  protocol: string(0, '', { enum: ['TCP', 'PROXY'] }),
})

export interface EndpointPublishingStrategy extends InferMessage<typeof EndpointPublishingStrategy> {}
export const EndpointPublishingStrategy = message(`${GROUP}.EndpointPublishingStrategy`, '', {
  type: string(0, '', { required: true, enum: ['LoadBalancerService', 'HostNetwork', 'Private', 'NodePortService'] }),
  loadBalancer: one(0, ref<LoadBalancerStrategy>(LoadBalancerStrategy), ''),
  hostNetwork: one(0, ref<HostNetworkStrategy>(HostNetworkStrategy), ''),
  private: one(0, ref<PrivateStrategy>(PrivateStrategy), ''),
  nodePort: one(0, ref<NodePortStrategy>(NodePortStrategy), ''),
})
