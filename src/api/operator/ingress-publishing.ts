import type { InferMessage } from '../../schema/field.ts'
import { int32, json, list, message, one, ref, STRING, string } from '../../schema/field.ts'

const GROUP = 'com.github.openshift.api.operator.v1'

export interface LoadBalancerStrategy extends InferMessage<typeof LoadBalancerStrategy> {}
export const LoadBalancerStrategy = message(`${GROUP}.LoadBalancerStrategy`, 'Routers behind a load balancer.', {
  scope: string(0, 'External or Internal.', { required: true, enum: ['Internal', 'External'] }),
  allowedSourceRanges: list(0, STRING, 'Who may use it.'),
  providerParameters: json(0, 'Settings of the provider.'),
  dnsManagementPolicy: string(0, 'Whether its DNS name is managed.', {
    required: true,
    enum: ['Managed', 'Unmanaged'],
    default: 'Managed',
  }),
})

export interface HostNetworkStrategy extends InferMessage<typeof HostNetworkStrategy> {}
export const HostNetworkStrategy = message(`${GROUP}.HostNetworkStrategy`, "Routers on the nodes' network.", {
  protocol: string(0, 'TCP, or PROXY for the PROXY protocol.', { enum: ['', 'TCP', 'PROXY'] }),
  httpPort: int32(0, 'The port of plain requests.', { maximum: 65535, minimum: 0, default: 80 }),
  httpsPort: int32(0, 'The port of TLS.', { maximum: 65535, minimum: 0, default: 443 }),
  statsPort: int32(0, 'The port of health checks and metrics.', { maximum: 65535, minimum: 0, default: 1936 }),
})

export interface PrivateStrategy extends InferMessage<typeof PrivateStrategy> {}
export const PrivateStrategy = message(`${GROUP}.PrivateStrategy`, 'Routers that only the cluster reaches.', {
  protocol: string(0, 'TCP, or PROXY for the PROXY protocol.', { enum: ['', 'TCP', 'PROXY'] }),
})

export interface NodePortStrategy extends InferMessage<typeof NodePortStrategy> {}
export const NodePortStrategy = message(`${GROUP}.NodePortStrategy`, 'Routers behind node ports.', {
  protocol: string(0, 'TCP, or PROXY for the PROXY protocol.', { enum: ['', 'TCP', 'PROXY'] }),
})

export interface EndpointPublishingStrategy extends InferMessage<typeof EndpointPublishingStrategy> {}
export const EndpointPublishingStrategy = message(`${GROUP}.EndpointPublishingStrategy`, 'How routers are reached.', {
  type: string(0, 'LoadBalancerService, HostNetwork, Private or NodePortService.', {
    required: true,
    enum: ['LoadBalancerService', 'HostNetwork', 'Private', 'NodePortService'],
  }),
  loadBalancer: one(0, ref<LoadBalancerStrategy>(LoadBalancerStrategy), 'Settings for LoadBalancerService.'),
  hostNetwork: one(0, ref<HostNetworkStrategy>(HostNetworkStrategy), 'Settings for HostNetwork.'),
  private: one(0, ref<PrivateStrategy>(PrivateStrategy), 'Settings for Private.'),
  nodePort: one(0, ref<NodePortStrategy>(NodePortStrategy), 'Settings for NodePortService.'),
})
