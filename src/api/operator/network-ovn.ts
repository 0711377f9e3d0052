import type { InferMessage } from '../../schema/field.ts'
import { boolean, int32, int64, json, list, message, one, ref, string } from '../../schema/field.ts'

const GROUP = 'com.github.openshift.api.operator.v1'

export interface ClusterNetworkEntry extends InferMessage<typeof ClusterNetworkEntry> {}
export const ClusterNetworkEntry = message(`${GROUP}.ClusterNetworkEntry`, 'A range of pod addresses.', {
  cidr: string(0, 'The range.', { required: true }),
  hostPrefix: int64(0, "The prefix length of each node's part.", { minimum: 0 }),
})

export interface HybridOverlayConfig extends InferMessage<typeof HybridOverlayConfig> {}
export const HybridOverlayConfig = message(`${GROUP}.HybridOverlayConfig`, 'An overlay for Windows nodes.', {
  hybridClusterNetwork: list(0, ref<ClusterNetworkEntry>(ClusterNetworkEntry), 'Their ranges of addresses.', {
    required: true,
  }),
  hybridOverlayVXLANPort: int64(0, 'The UDP port.', { explicit: true }),
})

export interface IPsecFullModeConfig extends InferMessage<typeof IPsecFullModeConfig> {}
export const IPsecFullModeConfig = message(
  `${GROUP}.IPsecFullModeConfig`,
  'Settings of IPsec for all traffic between nodes.',
  {
    encapsulation: string(0, 'Always, or Auto.'),
  },
)

export interface IPsecConfig extends InferMessage<typeof IPsecConfig> {}
export const IPsecConfig = message(`${GROUP}.IPsecConfig`, 'Encryption between nodes.', {
  mode: string(0, 'Disabled, External or Full.', { enum: ['Disabled', 'External', 'Full'] }),
  full: one(0, ref<IPsecFullModeConfig>(IPsecFullModeConfig), 'Settings for Full.'),
})

export interface PolicyAuditConfig extends InferMessage<typeof PolicyAuditConfig> {}
export const PolicyAuditConfig = message(`${GROUP}.PolicyAuditConfig`, 'A log of what policies decide.', {
  rateLimit: int64(0, 'Messages a second, for each node.', { explicit: true, default: 20, minimum: 1 }),
  maxFileSize: int64(0, 'The largest file, in megabytes.', { explicit: true, default: 50, minimum: 1 }),
  maxLogFiles: int32(0, 'How many files are kept.', { explicit: true, default: 5, minimum: 1 }),
  destination: string(0, 'Where it goes: libc, udp:host:port, unix:file, or null.', { default: 'null' }),
  syslogFacility: string(0, 'The facility.', { default: 'local0' }),
})

export interface IPv4GatewayConfig extends InferMessage<typeof IPv4GatewayConfig> {}
export const IPv4GatewayConfig = message(`${GROUP}.IPv4GatewayConfig`, 'The gateway of a node, IPv4.', {
  internalMasqueradeSubnet: string(0, 'The range of addresses used inside the node.'),
})

export interface IPv6GatewayConfig extends InferMessage<typeof IPv6GatewayConfig> {}
export const IPv6GatewayConfig = message(`${GROUP}.IPv6GatewayConfig`, 'The gateway of a node, IPv6.', {
  internalMasqueradeSubnet: string(0, 'The range of addresses used inside the node.'),
})

export interface GatewayConfig extends InferMessage<typeof GatewayConfig> {}
export const GatewayConfig = message(`${GROUP}.GatewayConfig`, 'How traffic leaves the cluster.', {
  routingViaHost: boolean(0, "By the node's own routing table.", { default: false }),
  ipForwarding: string(0, "Whether nodes forward everything, or the cluster's traffic alone."),
  ipv4: one(0, ref<IPv4GatewayConfig>(IPv4GatewayConfig), 'Settings for IPv4.'),
  ipv6: one(0, ref<IPv6GatewayConfig>(IPv6GatewayConfig), 'Settings for IPv6.'),
})

export interface EgressIPConfig extends InferMessage<typeof EgressIPConfig> {}
export const EgressIPConfig = message(`${GROUP}.EgressIPConfig`, 'Settings of egress addresses.', {
  reachabilityTotalTimeoutSeconds: int64(0, 'Seconds until a node counts as lost; 0 for no checks.', {
    explicit: true,
    minimum: 0,
    maximum: 60,
  }),
})

export interface IPv4OVNKubernetesConfig extends InferMessage<typeof IPv4OVNKubernetesConfig> {}
export const IPv4OVNKubernetesConfig = message(`${GROUP}.IPv4OVNKubernetesConfig`, 'Ranges used inside, IPv4.', {
  internalTransitSwitchSubnet: string(0, 'Between zones.'),
  internalJoinSubnet: string(0, 'Between nodes and the overlay.'),
})

export interface IPv6OVNKubernetesConfig extends InferMessage<typeof IPv6OVNKubernetesConfig> {}
export const IPv6OVNKubernetesConfig = message(`${GROUP}.IPv6OVNKubernetesConfig`, 'Ranges used inside, IPv6.', {
  internalTransitSwitchSubnet: string(0, 'Between zones.'),
  internalJoinSubnet: string(0, 'Between nodes and the overlay.'),
})

export interface OVNKubernetesConfig extends InferMessage<typeof OVNKubernetesConfig> {}
export const OVNKubernetesConfig = message(`${GROUP}.OVNKubernetesConfig`, 'Settings of OVN-Kubernetes.', {
  mtu: int64(0, 'The MTU of pods.', { explicit: true, minimum: 0 }),
  genevePort: int64(0, 'The UDP port between nodes.', { explicit: true, minimum: 1 }),
  hybridOverlayConfig: one(0, ref<HybridOverlayConfig>(HybridOverlayConfig), 'An overlay for Windows nodes.'),
  ipsecConfig: one(0, ref<IPsecConfig>(IPsecConfig), 'Encryption between nodes.', { default: { mode: 'Disabled' } }),
  policyAuditConfig: one(0, ref<PolicyAuditConfig>(PolicyAuditConfig), 'A log of what policies decide.'),
  gatewayConfig: one(0, ref<GatewayConfig>(GatewayConfig), 'How traffic leaves the cluster.'),
  v4InternalSubnet: string(0, 'No longer used.'),
  v6InternalSubnet: string(0, 'No longer used.'),
  egressIPConfig: one(0, ref<EgressIPConfig>(EgressIPConfig), 'Settings of egress addresses.'),
  ipv4: one(0, ref<IPv4OVNKubernetesConfig>(IPv4OVNKubernetesConfig), 'Ranges used inside, IPv4.'),
  ipv6: one(0, ref<IPv6OVNKubernetesConfig>(IPv6OVNKubernetesConfig), 'Ranges used inside, IPv6.'),
  routeAdvertisements: string(0, 'Whether routes are advertised by BGP.'),
  transport: string(0, 'How packets get between nodes.', { enum: ['NoOverlay', 'Geneve'] }),
  noOverlayConfig: json(0, 'Settings for no overlay.'),
  bgpManagedConfig: json(0, 'Settings of managed BGP.'),
})
