import type { InferMessage } from '../../../schema/field.ts'
import { boolean, int32, int64, list, map, message, one, QUANTITY, ref, STRING, string } from '../../../schema/field.ts'
import { LocalObjectReference } from '../reference.ts'
import { Affinity } from './affinity.ts'
import { Container, EphemeralContainer, ResourceRequirements } from './container.ts'
import {
  HostAlias,
  PodDNSConfig,
  PodOS,
  PodReadinessGate,
  PodResourceClaim,
  PodSchedulingGate,
  Toleration,
  TopologySpreadConstraint,
} from './parts.ts'
import { PodSecurityContext } from './security.ts'
import { Volume } from './volume.ts'

const GROUP = 'io.k8s.api.core.v1'

export interface PodSpec extends InferMessage<typeof PodSpec> {}
export const PodSpec = message(`${GROUP}.PodSpec`, '', {
  volumes: list(1, ref<Volume>(Volume), '', {
    listType: 'map',
    listKeys: ['name'],
    patchKey: 'name',
    patchStrategy: 'merge,retainKeys',
  }),
  initContainers: list(20, ref<Container>(Container), '', { listType: 'map', listKeys: ['name'], patchKey: 'name' }),
  containers: list(2, ref<Container>(Container), '', {
    required: true,
    listType: 'map',
    listKeys: ['name'],
    patchKey: 'name',
  }),
  ephemeralContainers: list(34, ref<EphemeralContainer>(EphemeralContainer), '', {
    listType: 'map',
    listKeys: ['name'],
    patchKey: 'name',
  }),
  restartPolicy: string(3, '', { enum: ['Always', 'OnFailure', 'Never'] }),
  terminationGracePeriodSeconds: int64(4, '', { explicit: true }),
  activeDeadlineSeconds: int64(5, '', { explicit: true }),
  dnsPolicy: string(6, '', { enum: ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'] }),
  nodeSelector: map(7, STRING, '', { atomic: true }),
  serviceAccountName: string(8, ''),
  serviceAccount: string(9, ''),
  automountServiceAccountToken: boolean(21, '', { explicit: true }),
  nodeName: string(10, ''),
  hostNetwork: boolean(11, ''),
  hostPID: boolean(12, ''),
  hostIPC: boolean(13, ''),
  shareProcessNamespace: boolean(27, '', { explicit: true }),
  securityContext: one(14, ref<PodSecurityContext>(PodSecurityContext), ''),
  imagePullSecrets: list(15, ref<LocalObjectReference>(LocalObjectReference), '', {
    listType: 'map',
    listKeys: ['name'],
    patchKey: 'name',
  }),
  hostname: string(16, ''),
  subdomain: string(17, ''),
  affinity: one(18, ref<Affinity>(Affinity), ''),
  schedulerName: string(19, ''),
  tolerations: list(22, ref<Toleration>(Toleration), ''),
  hostAliases: list(23, ref<HostAlias>(HostAlias), '', { listType: 'map', listKeys: ['ip'], patchKey: 'ip' }),
  priorityClassName: string(24, ''),
  priority: int32(25, '', { explicit: true }),
  dnsConfig: one(26, ref<PodDNSConfig>(PodDNSConfig), ''),
  readinessGates: list(28, ref<PodReadinessGate>(PodReadinessGate), ''),
  runtimeClassName: string(29, '', { explicit: true }),
  enableServiceLinks: boolean(30, '', { explicit: true }),
  preemptionPolicy: string(31, '', { enum: ['PreemptLowerPriority', 'Never'], explicit: true }),
  overhead: map(32, QUANTITY, ''),
  topologySpreadConstraints: list(33, ref<TopologySpreadConstraint>(TopologySpreadConstraint), '', {
    listType: 'map',
    listKeys: ['topologyKey', 'whenUnsatisfiable'],
    patchKey: 'topologyKey',
  }),
  setHostnameAsFQDN: boolean(35, '', { explicit: true }),
  os: one(36, ref<PodOS>(PodOS), ''),
  hostUsers: boolean(37, '', { explicit: true }),
  schedulingGates: list(38, ref<PodSchedulingGate>(PodSchedulingGate), '', {
    listType: 'map',
    listKeys: ['name'],
    patchKey: 'name',
  }),
  resourceClaims: list(39, ref<PodResourceClaim>(PodResourceClaim), '', {
    listType: 'map',
    listKeys: ['name'],
    patchKey: 'name',
    patchStrategy: 'merge,retainKeys',
  }),
  resources: one(40, ref<ResourceRequirements>(ResourceRequirements), ''),
})
