import type { InferMessage } from '../../schema/field.ts'
import { boolean, int32, int64, json, list, message, one, ref, string } from '../../schema/field.ts'

const GROUP = 'com.github.openshift.api.operator.v1'

export interface ClusterNetworkEntry extends InferMessage<typeof ClusterNetworkEntry> {}
export const ClusterNetworkEntry = message(`${GROUP}.ClusterNetworkEntry`, '', {
  cidr: string(0, '', { required: true }),
  hostPrefix: int64(0, '', { minimum: 0 }),
})

export interface HybridOverlayConfig extends InferMessage<typeof HybridOverlayConfig> {}
export const HybridOverlayConfig = message(`${GROUP}.HybridOverlayConfig`, '', {
  hybridClusterNetwork: list(0, ref<ClusterNetworkEntry>(ClusterNetworkEntry), '', { required: true }),
  hybridOverlayVXLANPort: int64(0, '', { explicit: true }),
})

export interface IPsecFullModeConfig extends InferMessage<typeof IPsecFullModeConfig> {}
export const IPsecFullModeConfig = message(`${GROUP}.IPsecFullModeConfig`, '', {
  encapsulation: string(0, ''),
})

export interface IPsecConfig extends InferMessage<typeof IPsecConfig> {}
export const IPsecConfig = message(`${GROUP}.IPsecConfig`, '', {
  mode: string(0, '', { enum: ['Disabled', 'External', 'Full'] }),
  full: one(0, ref<IPsecFullModeConfig>(IPsecFullModeConfig), ''),
})

export interface PolicyAuditConfig extends InferMessage<typeof PolicyAuditConfig> {}
export const PolicyAuditConfig = message(`${GROUP}.PolicyAuditConfig`, '', {
  rateLimit: int64(0, '', { explicit: true, default: 20, minimum: 1 }),
  maxFileSize: int64(0, '', { explicit: true, default: 50, minimum: 1 }),
  maxLogFiles: int32(0, '', { explicit: true, default: 5, minimum: 1 }),
  destination: string(0, '', { default: 'null' }),
  syslogFacility: string(0, '', { default: 'local0' }),
})

export interface IPv4GatewayConfig extends InferMessage<typeof IPv4GatewayConfig> {}
export const IPv4GatewayConfig = message(`${GROUP}.IPv4GatewayConfig`, '', {
  internalMasqueradeSubnet: string(0, ''),
})

export interface IPv6GatewayConfig extends InferMessage<typeof IPv6GatewayConfig> {}
export const IPv6GatewayConfig = message(`${GROUP}.IPv6GatewayConfig`, '', {
  internalMasqueradeSubnet: string(0, ''),
})

export interface GatewayConfig extends InferMessage<typeof GatewayConfig> {}
export const GatewayConfig = message(`${GROUP}.GatewayConfig`, '', {
  routingViaHost: boolean(0, '', { default: false }),
  ipForwarding: string(0, ''),
  ipv4: one(0, ref<IPv4GatewayConfig>(IPv4GatewayConfig), ''),
  ipv6: one(0, ref<IPv6GatewayConfig>(IPv6GatewayConfig), ''),
})

export interface EgressIPConfig extends InferMessage<typeof EgressIPConfig> {}
export const EgressIPConfig = message(`${GROUP}.EgressIPConfig`, '', {
  reachabilityTotalTimeoutSeconds: int64(0, '', { explicit: true, minimum: 0, maximum: 60 }),
})

export interface IPv4OVNKubernetesConfig extends InferMessage<typeof IPv4OVNKubernetesConfig> {}
export const IPv4OVNKubernetesConfig = message(`${GROUP}.IPv4OVNKubernetesConfig`, '', {
  internalTransitSwitchSubnet: string(0, ''),
  internalJoinSubnet: string(0, ''),
})

export interface IPv6OVNKubernetesConfig extends InferMessage<typeof IPv6OVNKubernetesConfig> {}
export const IPv6OVNKubernetesConfig = message(`${GROUP}.IPv6OVNKubernetesConfig`, '', {
  internalTransitSwitchSubnet: string(0, ''),
  internalJoinSubnet: string(0, ''),
})

export interface OVNKubernetesConfig extends InferMessage<typeof OVNKubernetesConfig> {}
export const OVNKubernetesConfig = message(`${GROUP}.OVNKubernetesConfig`, '', {
  mtu: int64(0, '', { explicit: true, minimum: 0 }),
  genevePort: int64(0, '', { explicit: true, minimum: 1 }),
  hybridOverlayConfig: one(0, ref<HybridOverlayConfig>(HybridOverlayConfig), ''),
  ipsecConfig: one(0, ref<IPsecConfig>(IPsecConfig), '', { default: { mode: 'Disabled' } }),
  policyAuditConfig: one(0, ref<PolicyAuditConfig>(PolicyAuditConfig), ''),
  gatewayConfig: one(0, ref<GatewayConfig>(GatewayConfig), ''),
  v4InternalSubnet: string(0, ''),
  v6InternalSubnet: string(0, ''),
  egressIPConfig: one(0, ref<EgressIPConfig>(EgressIPConfig), ''),
  ipv4: one(0, ref<IPv4OVNKubernetesConfig>(IPv4OVNKubernetesConfig), ''),
  ipv6: one(0, ref<IPv6OVNKubernetesConfig>(IPv6OVNKubernetesConfig), ''),
  routeAdvertisements: string(0, ''),
  transport: string(0, '', { enum: ['NoOverlay', 'Geneve'] }),
  noOverlayConfig: json(0, ''),
  bgpManagedConfig: json(0, ''),
})
