import type { Infer, InferMessage } from '../../schema/field.ts'
import { boolean, inline, json, list, listOf, map, message, one, ref, STRING, string } from '../../schema/field.ts'
import { AGE, NAME } from '../meta/columns.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { AdditionalNetworkDefinition } from './network-additional.ts'
import { ExportNetworkFlows } from './network-flows.ts'
import { NetworkMigration } from './network-migration.ts'
import { ClusterNetworkEntry, OVNKubernetesConfig } from './network-ovn.ts'
import { OperatorSpec, OperatorStatus } from './operator.ts'

const GROUP = 'com.github.openshift.api.operator.v1'

export interface DefaultNetworkDefinition extends InferMessage<typeof DefaultNetworkDefinition> {}
export const DefaultNetworkDefinition = message(`${GROUP}.DefaultNetworkDefinition`, 'The network every pod has.', {
  type: string(0, 'The network plugin.', { required: true }),
  openshiftSDNConfig: json(0, 'No longer used.'),
  ovnKubernetesConfig: one(0, ref<OVNKubernetesConfig>(OVNKubernetesConfig), 'Settings of OVN-Kubernetes.'),
})

export interface AdditionalRoutingCapabilities extends InferMessage<typeof AdditionalRoutingCapabilities> {}
export const AdditionalRoutingCapabilities = message(
  `${GROUP}.AdditionalRoutingCapabilities`,
  "Routing beside the plugin's.",
  {
    providers: list(0, STRING, 'What provides it, such as FRR.', { required: true }),
  },
)

export interface ProxyConfig extends InferMessage<typeof ProxyConfig> {}
export const ProxyConfig = message(`${GROUP}.ProxyConfig`, 'Settings of kube-proxy.', {
  iptablesSyncPeriod: string(0, 'No longer used.'),
  bindAddress: string(0, 'The address it listens on.'),
  proxyArguments: map(0, listOf(STRING), 'Its arguments.'),
})

export interface NetworkSpec extends InferMessage<typeof NetworkSpec>, OperatorSpec {}
export const NetworkSpec = message(`${GROUP}.NetworkSpec`, 'What the cluster network should be.', {
  operatorSpec: inline(0, OperatorSpec),
  clusterNetwork: list(0, ref<ClusterNetworkEntry>(ClusterNetworkEntry), 'Ranges of pod addresses.', {
    required: true,
  }),
  serviceNetwork: list(0, STRING, 'Ranges of Service addresses.', { required: true }),
  defaultNetwork: one(0, ref<DefaultNetworkDefinition>(DefaultNetworkDefinition), 'The network every pod has.', {
    required: true,
  }),
  additionalNetworks: list(0, ref<AdditionalNetworkDefinition>(AdditionalNetworkDefinition), 'Further networks.', {
    listType: 'map',
    listKeys: ['name'],
  }),
  disableMultiNetwork: boolean(0, 'No further networks.', { explicit: true }),
  useMultiNetworkPolicy: boolean(0, 'Policies for further networks.', { explicit: true }),
  deployKubeProxy: boolean(0, 'Whether kube-proxy runs.', { explicit: true }),
  disableNetworkDiagnostics: boolean(0, 'No checks of connectivity.', { default: false }),
  kubeProxyConfig: one(0, ref<ProxyConfig>(ProxyConfig), 'Settings of kube-proxy.'),
  exportNetworkFlows: one(0, ref<ExportNetworkFlows>(ExportNetworkFlows), 'Where records of flows go.'),
  migration: one(0, ref<NetworkMigration>(NetworkMigration), 'A change under way.'),
  additionalRoutingCapabilities: one(
    0,
    ref<AdditionalRoutingCapabilities>(AdditionalRoutingCapabilities),
    "Routing beside the plugin's.",
  ),
})

export interface NetworkStatus extends InferMessage<typeof NetworkStatus>, OperatorStatus {}
export const NetworkStatus = message(`${GROUP}.NetworkStatus`, "What the network's operator is at present.", {
  operatorStatus: inline(0, OperatorStatus),
})

const networkFields = {
  spec: one(0, ref<NetworkSpec>(NetworkSpec), 'What it should be.', { present: true }),
  status: one(0, ref<NetworkStatus>(NetworkStatus), 'What it is at present; the system writes it.'),
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
  doc: "The cluster network's settings. Its name is cluster.",
  fields: networkFields,
  columns: [NAME, AGE],
})
