import type { Infer, InferMessage } from '../../schema/field.ts'
import { boolean, inline, json, list, listOf, map, message, one, ref, STRING, string } from '../../schema/field.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { AdditionalNetworkDefinition } from './network-additional.ts'
import { ExportNetworkFlows } from './network-flows.ts'
import { NetworkMigration } from './network-migration.ts'
import { ClusterNetworkEntry, OVNKubernetesConfig } from './network-ovn.ts'
import { OperatorSpec, OperatorStatus } from './operator.ts'

const GROUP = 'com.github.openshift.api.operator.v1'

export interface DefaultNetworkDefinition extends InferMessage<typeof DefaultNetworkDefinition> {}
export const DefaultNetworkDefinition = message(`${GROUP}.DefaultNetworkDefinition`, '', {
  type: string(0, '', { required: true }),
  openshiftSDNConfig: json(0, ''),
  ovnKubernetesConfig: one(0, ref<OVNKubernetesConfig>(OVNKubernetesConfig), ''),
})

export interface AdditionalRoutingCapabilities extends InferMessage<typeof AdditionalRoutingCapabilities> {}
export const AdditionalRoutingCapabilities = message(`${GROUP}.AdditionalRoutingCapabilities`, '', {
  providers: list(0, STRING, '', { required: true }),
})

export interface ProxyConfig extends InferMessage<typeof ProxyConfig> {}
export const ProxyConfig = message(`${GROUP}.ProxyConfig`, '', {
  iptablesSyncPeriod: string(0, ''),
  bindAddress: string(0, ''),
  proxyArguments: map(0, listOf(STRING), ''),
})

export interface NetworkSpec extends InferMessage<typeof NetworkSpec>, OperatorSpec {}
export const NetworkSpec = message(`${GROUP}.NetworkSpec`, '', {
  operatorSpec: inline(0, OperatorSpec),
  clusterNetwork: list(0, ref<ClusterNetworkEntry>(ClusterNetworkEntry), '', { required: true }),
  serviceNetwork: list(0, STRING, '', { required: true }),
  defaultNetwork: one(0, ref<DefaultNetworkDefinition>(DefaultNetworkDefinition), '', { required: true }),
  additionalNetworks: list(0, ref<AdditionalNetworkDefinition>(AdditionalNetworkDefinition), '', {
    listType: 'map',
    listKeys: ['name'],
  }),
  disableMultiNetwork: boolean(0, '', { explicit: true }),
  useMultiNetworkPolicy: boolean(0, '', { explicit: true }),
  deployKubeProxy: boolean(0, '', { explicit: true }),
  disableNetworkDiagnostics: boolean(0, '', { default: false }),
  kubeProxyConfig: one(0, ref<ProxyConfig>(ProxyConfig), ''),
  exportNetworkFlows: one(0, ref<ExportNetworkFlows>(ExportNetworkFlows), ''),
  migration: one(0, ref<NetworkMigration>(NetworkMigration), ''),
  additionalRoutingCapabilities: one(0, ref<AdditionalRoutingCapabilities>(AdditionalRoutingCapabilities), ''),
})

export interface NetworkStatus extends InferMessage<typeof NetworkStatus>, OperatorStatus {}
export const NetworkStatus = message(`${GROUP}.NetworkStatus`, '', {
  operatorStatus: inline(0, OperatorStatus),
})

const networkFields = {
  spec: one(0, ref<NetworkSpec>(NetworkSpec), '', { present: true }),
  status: one(0, ref<NetworkStatus>(NetworkStatus), ''),
}

export interface Network extends KubeObject, Infer<typeof networkFields> {}
export const Network = defineKind<Network>({
  group: 'operator.openshift.io',
  version: 'v1',
  kind: 'Network',
  plural: 'networks',
  subresources: { status: true },
  namespaced: false,
  definition: 'com.github.openshift.api.operator.v1.Network',
  doc: '',
  fields: networkFields,
})
