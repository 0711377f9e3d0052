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
export const PodSpec = message(`${GROUP}.PodSpec`, 'What a pod should be.', {
  volumes: list(1, ref<Volume>(Volume), 'Directories that containers may mount.', {
    listType: 'map',
    listKeys: ['name'],
    patchKey: 'name',
    patchStrategy: 'merge,retainKeys',
  }),
  initContainers: list(20, ref<Container>(Container), 'Containers that run first, one after another.', {
    listType: 'map',
    listKeys: ['name'],
    patchKey: 'name',
  }),
  containers: list(2, ref<Container>(Container), 'The containers; at least one.', {
    required: true,
    listType: 'map',
    listKeys: ['name'],
    patchKey: 'name',
  }),
  ephemeralContainers: list(
    34,
    ref<EphemeralContainer>(EphemeralContainer),
    'Containers added later, to look at the pod.',
    { listType: 'map', listKeys: ['name'], patchKey: 'name' },
  ),
  restartPolicy: string(3, 'When ended containers start again.', {
    enum: ['Always', 'OnFailure', 'Never'],
    default: 'Always',
  }),
  terminationGracePeriodSeconds: int64(4, 'Seconds between the request to end and the kill.', {
    explicit: true,
    default: 30,
  }),
  activeDeadlineSeconds: int64(5, 'Seconds after which the pod fails.', { explicit: true }),
  dnsPolicy: string(6, 'What resolv.conf says.', {
    enum: ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'],
    default: 'ClusterFirst',
  }),
  nodeSelector: map(7, STRING, 'Labels the node must have.', { atomic: true }),
  serviceAccountName: string(8, 'The account the pod acts as.'),
  serviceAccount: string(9, 'The older name of serviceAccountName.'),
  automountServiceAccountToken: boolean(21, 'Whether a token is mounted.', { explicit: true }),
  nodeName: string(10, 'The node the pod runs on.'),
  hostNetwork: boolean(11, "It uses the node's network."),
  hostPID: boolean(12, "It sees the node's processes."),
  hostIPC: boolean(13, "It uses the node's IPC."),
  shareProcessNamespace: boolean(27, "Its containers see each other's processes.", { explicit: true }),
  securityContext: one(14, ref<PodSecurityContext>(PodSecurityContext), 'Privileges of all containers.', {
    default: {},
  }),
  imagePullSecrets: list(15, ref<LocalObjectReference>(LocalObjectReference), 'Credentials for images.', {
    listType: 'map',
    listKeys: ['name'],
    patchKey: 'name',
  }),
  hostname: string(16, "Its host name; the pod's name where absent."),
  subdomain: string(17, 'The headless Service under which DNS knows its host name.'),
  affinity: one(18, ref<Affinity>(Affinity), 'Where it goes.'),
  schedulerName: string(19, 'Who places it.', { default: 'default-scheduler' }),
  tolerations: list(22, ref<Toleration>(Toleration), 'Taints it tolerates.'),
  hostAliases: list(23, ref<HostAlias>(HostAlias), 'Lines for /etc/hosts.', {
    listType: 'map',
    listKeys: ['ip'],
    patchKey: 'ip',
  }),
  priorityClassName: string(24, 'Its priority class.'),
  priority: int32(25, 'Its priority; higher goes first.', { explicit: true }),
  dnsConfig: one(26, ref<PodDNSConfig>(PodDNSConfig), 'Additions to resolv.conf.'),
  readinessGates: list(28, ref<PodReadinessGate>(PodReadinessGate), 'Conditions that must be true for it to be ready.'),
  runtimeClassName: string(29, 'The class of runtime.', { explicit: true }),
  enableServiceLinks: boolean(30, 'Whether it gets variables for each Service.', { explicit: true }),
  preemptionPolicy: string(31, 'Whether it may displace pods of lower priority.', {
    enum: ['PreemptLowerPriority', 'Never'],
    explicit: true,
  }),
  overhead: map(32, QUANTITY, 'What it needs beyond its containers.'),
  topologySpreadConstraints: list(
    33,
    ref<TopologySpreadConstraint>(TopologySpreadConstraint),
    'How pods spread over domains.',
    { listType: 'map', listKeys: ['topologyKey', 'whenUnsatisfiable'], patchKey: 'topologyKey' },
  ),
  setHostnameAsFQDN: boolean(35, 'Its host name is the whole domain name.', { explicit: true }),
  os: one(36, ref<PodOS>(PodOS), 'The operating system it needs.'),
  hostUsers: boolean(37, "Whether it uses the node's user namespace.", { explicit: true }),
  schedulingGates: list(38, ref<PodSchedulingGate>(PodSchedulingGate), 'It is not placed while any of these stands.', {
    listType: 'map',
    listKeys: ['name'],
    patchKey: 'name',
  }),
  resourceClaims: list(39, ref<PodResourceClaim>(PodResourceClaim), 'Device claims its containers may use.', {
    listType: 'map',
    listKeys: ['name'],
    patchKey: 'name',
    patchStrategy: 'merge,retainKeys',
  }),
  resources: one(40, ref<ResourceRequirements>(ResourceRequirements), 'What all containers together need and may use.'),
})
