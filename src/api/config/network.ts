import type { Infer, InferMessage } from '../../schema/field.ts'
import { int64, json, list, map, message, one, ref, STRING, string } from '../../schema/field.ts'
import { Toleration } from '../core/pod/parts.ts'
import { Condition } from '../meta/condition.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'

const GROUP = 'com.github.openshift.api.config.v1'

export interface ClusterNetworkEntry extends InferMessage<typeof ClusterNetworkEntry> {}
export const ClusterNetworkEntry = message(`${GROUP}.ClusterNetworkEntry`, '', {
  cidr: string(0, '', { required: true }),
  hostPrefix: int64(0, '', { minimum: 0 }),
})

export interface ExternalIPPolicy extends InferMessage<typeof ExternalIPPolicy> {}
export const ExternalIPPolicy = message(`${GROUP}.ExternalIPPolicy`, '', {
  allowedCIDRs: list(0, STRING, ''),
  rejectedCIDRs: list(0, STRING, ''),
})

export interface ExternalIPConfig extends InferMessage<typeof ExternalIPConfig> {}
export const ExternalIPConfig = message(`${GROUP}.ExternalIPConfig`, '', {
  policy: one(0, ref<ExternalIPPolicy>(ExternalIPPolicy), ''),
  autoAssignCIDRs: list(0, STRING, ''),
})

export interface NetworkDiagnosticsSourcePlacement extends InferMessage<typeof NetworkDiagnosticsSourcePlacement> {}
export const NetworkDiagnosticsSourcePlacement = message(`${GROUP}.NetworkDiagnosticsSourcePlacement`, '', {
  nodeSelector: map(0, STRING, ''),
  tolerations: list(0, ref<Toleration>(Toleration), ''),
})

export interface NetworkDiagnosticsTargetPlacement extends InferMessage<typeof NetworkDiagnosticsTargetPlacement> {}
export const NetworkDiagnosticsTargetPlacement = message(`${GROUP}.NetworkDiagnosticsTargetPlacement`, '', {
  nodeSelector: map(0, STRING, ''),
  tolerations: list(0, ref<Toleration>(Toleration), ''),
})

export interface NetworkDiagnostics extends InferMessage<typeof NetworkDiagnostics> {}
export const NetworkDiagnostics = message(`${GROUP}.NetworkDiagnostics`, '', {
  mode: string(0, ''),
  sourcePlacement: one(0, ref<NetworkDiagnosticsSourcePlacement>(NetworkDiagnosticsSourcePlacement), ''),
  targetPlacement: one(0, ref<NetworkDiagnosticsTargetPlacement>(NetworkDiagnosticsTargetPlacement), ''),
})

export interface MTUMigrationValues extends InferMessage<typeof MTUMigrationValues> {}
export const MTUMigrationValues = message(`${GROUP}.MTUMigrationValues`, '', {
  to: int64(0, '', { required: true, minimum: 0 }),
  from: int64(0, '', { explicit: true, minimum: 0 }),
})

export interface MTUMigration extends InferMessage<typeof MTUMigration> {}
export const MTUMigration = message(`${GROUP}.MTUMigration`, '', {
  network: one(0, ref<MTUMigrationValues>(MTUMigrationValues), ''),
  machine: one(0, ref<MTUMigrationValues>(MTUMigrationValues), ''),
})

export interface NetworkMigration extends InferMessage<typeof NetworkMigration> {}
export const NetworkMigration = message(`${GROUP}.NetworkMigration`, '', {
  networkType: string(0, ''),
  mtu: one(0, ref<MTUMigration>(MTUMigration), ''),
})

export interface NetworkSpec extends InferMessage<typeof NetworkSpec> {}
export const NetworkSpec = message(`${GROUP}.NetworkSpec`, '', {
  clusterNetwork: list(0, ref<ClusterNetworkEntry>(ClusterNetworkEntry), '', { required: true }),
  serviceNetwork: list(0, STRING, '', { required: true }),
  networkType: string(0, '', { required: true }),
  externalIP: one(0, ref<ExternalIPConfig>(ExternalIPConfig), ''),
  serviceNodePortRange: string(0, ''),
  networkDiagnostics: one(0, ref<NetworkDiagnostics>(NetworkDiagnostics), ''),
  networkObservability: json(0, ''),
})

export interface NetworkStatus extends InferMessage<typeof NetworkStatus> {}
export const NetworkStatus = message(`${GROUP}.NetworkStatus`, '', {
  clusterNetwork: list(0, ref<ClusterNetworkEntry>(ClusterNetworkEntry), ''),
  serviceNetwork: list(0, STRING, ''),
  networkType: string(0, ''),
  clusterNetworkMTU: int64(0, ''),
  migration: one(0, ref<NetworkMigration>(NetworkMigration), ''),
  conditions: list(0, ref<Condition>(Condition), '', { listType: 'map', listKeys: ['type'] }),
})

const networkFields = {
  spec: one(0, ref<NetworkSpec>(NetworkSpec), '', { present: true }),
  status: one(0, ref<NetworkStatus>(NetworkStatus), ''),
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
  doc: '',
  fields: networkFields,
})
