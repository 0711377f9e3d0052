import type { Infer, InferMessage } from '../../schema/field.ts'
import { int64, json, list, map, message, one, ref, STRING, string } from '../../schema/field.ts'
import { Toleration } from '../core/pod/parts.ts'
import { AGE, NAME } from '../meta/columns.ts'
import { Condition } from '../meta/condition.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'

const GROUP = 'com.github.openshift.api.config.v1'

export interface ClusterNetworkEntry extends InferMessage<typeof ClusterNetworkEntry> {}
export const ClusterNetworkEntry = message(`${GROUP}.ClusterNetworkEntry`, 'A range of pod addresses.', {
  cidr: string(0, 'The range.', { required: true }),
  hostPrefix: int64(0, "The prefix length of each node's part.", { minimum: 0 }),
})

export interface ExternalIPPolicy extends InferMessage<typeof ExternalIPPolicy> {}
export const ExternalIPPolicy = message(`${GROUP}.ExternalIPPolicy`, 'Which external addresses Services may have.', {
  allowedCIDRs: list(0, STRING, 'Those in these ranges.'),
  rejectedCIDRs: list(0, STRING, 'Not those in these ranges.'),
})

export interface ExternalIPConfig extends InferMessage<typeof ExternalIPConfig> {}
export const ExternalIPConfig = message(`${GROUP}.ExternalIPConfig`, 'External addresses of Services.', {
  policy: one(0, ref<ExternalIPPolicy>(ExternalIPPolicy), 'Which they may have.'),
  autoAssignCIDRs: list(0, STRING, 'The range from which load balancers get one.'),
})

export interface NetworkDiagnosticsSourcePlacement extends InferMessage<typeof NetworkDiagnosticsSourcePlacement> {}
export const NetworkDiagnosticsSourcePlacement = message(
  `${GROUP}.NetworkDiagnosticsSourcePlacement`,
  'Where checks run from.',
  {
    nodeSelector: map(0, STRING, 'The nodes, by label.'),
    tolerations: list(0, ref<Toleration>(Toleration), 'Taints tolerated.'),
  },
)

export interface NetworkDiagnosticsTargetPlacement extends InferMessage<typeof NetworkDiagnosticsTargetPlacement> {}
export const NetworkDiagnosticsTargetPlacement = message(
  `${GROUP}.NetworkDiagnosticsTargetPlacement`,
  'Where checks go to.',
  {
    nodeSelector: map(0, STRING, 'The nodes, by label.'),
    tolerations: list(0, ref<Toleration>(Toleration), 'Taints tolerated.'),
  },
)

export interface NetworkDiagnostics extends InferMessage<typeof NetworkDiagnostics> {}
export const NetworkDiagnostics = message(`${GROUP}.NetworkDiagnostics`, 'Checks of connectivity.', {
  mode: string(0, 'All, Disabled, or empty for the default.'),
  sourcePlacement: one(
    0,
    ref<NetworkDiagnosticsSourcePlacement>(NetworkDiagnosticsSourcePlacement),
    'Where checks run from.',
  ),
  targetPlacement: one(
    0,
    ref<NetworkDiagnosticsTargetPlacement>(NetworkDiagnosticsTargetPlacement),
    'Where checks go to.',
  ),
})

export interface MTUMigrationValues extends InferMessage<typeof MTUMigrationValues> {}
export const MTUMigrationValues = message(`${GROUP}.MTUMigrationValues`, 'A change of MTU.', {
  to: int64(0, 'The new value.', { required: true, minimum: 0 }),
  from: int64(0, 'The old value.', { explicit: true, minimum: 0 }),
})

export interface MTUMigration extends InferMessage<typeof MTUMigration> {}
export const MTUMigration = message(`${GROUP}.MTUMigration`, 'A change of MTUs.', {
  network: one(0, ref<MTUMigrationValues>(MTUMigrationValues), 'Of the cluster network.'),
  machine: one(0, ref<MTUMigrationValues>(MTUMigrationValues), 'Of the machines.'),
})

export interface NetworkMigration extends InferMessage<typeof NetworkMigration> {}
export const NetworkMigration = message(`${GROUP}.NetworkMigration`, 'A change of the cluster network under way.', {
  networkType: string(0, 'The network changed to.'),
  mtu: one(0, ref<MTUMigration>(MTUMigration), 'The change of MTUs.'),
})

export interface NetworkSpec extends InferMessage<typeof NetworkSpec> {}
export const NetworkSpec = message(`${GROUP}.NetworkSpec`, 'What the cluster network should be.', {
  clusterNetwork: list(0, ref<ClusterNetworkEntry>(ClusterNetworkEntry), 'Ranges of pod addresses.', {
    required: true,
  }),
  serviceNetwork: list(0, STRING, 'Ranges of Service addresses; one for each family.', { required: true }),
  networkType: string(0, 'The network plugin.', { required: true }),
  externalIP: one(0, ref<ExternalIPConfig>(ExternalIPConfig), 'External addresses of Services.'),
  serviceNodePortRange: string(0, 'The range of node ports.'),
  networkDiagnostics: one(0, ref<NetworkDiagnostics>(NetworkDiagnostics), 'Checks of connectivity.'),
  networkObservability: json(0, 'Observation of flows.'),
})

export interface NetworkStatus extends InferMessage<typeof NetworkStatus> {}
export const NetworkStatus = message(`${GROUP}.NetworkStatus`, 'What the cluster network is at present.', {
  clusterNetwork: list(0, ref<ClusterNetworkEntry>(ClusterNetworkEntry), 'Ranges of pod addresses.'),
  serviceNetwork: list(0, STRING, 'Ranges of Service addresses.'),
  networkType: string(0, 'The network plugin.'),
  clusterNetworkMTU: int64(0, 'The MTU of pods.'),
  migration: one(0, ref<NetworkMigration>(NetworkMigration), 'A change under way.'),
  conditions: list(0, ref<Condition>(Condition), 'Aspects of its state.', { listType: 'map', listKeys: ['type'] }),
})

const networkFields = {
  spec: one(0, ref<NetworkSpec>(NetworkSpec), 'What it should be.', { present: true }),
  status: one(0, ref<NetworkStatus>(NetworkStatus), 'What it is at present; the system writes it.'),
}

export interface Network extends KubeObject, Infer<typeof networkFields> {}
export const Network = defineKind<Network>({
  group: 'config.openshift.io',
  version: 'v1',
  kind: 'Network',
  plural: 'networks',
  subresources: { status: true },
  namespaced: false,
  definition: 'com.github.openshift.api.config.v1.Network',
  doc: 'The cluster network as asked for. Its name is cluster.',
  fields: networkFields,
  columns: [NAME, AGE],
})
