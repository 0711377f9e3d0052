import type { InferMessage } from '../../../schema/field.ts'
import { int32, int64, list, message, one, ref, STRING, string } from '../../../schema/field.ts'
import { LabelSelector } from '../../meta/selector.ts'

const GROUP = 'io.k8s.api.core.v1'

export interface Toleration extends InferMessage<typeof Toleration> {}
export const Toleration = message(`${GROUP}.Toleration`, 'A taint that a pod tolerates.', {
  key: string(1, "The taint's key; all where absent, with Exists."),
  operator: string(2, 'Equal, which is the default, or Exists.', { enum: ['Equal', 'Exists'] }),
  value: string(3, "The taint's value."),
  effect: string(4, "The taint's effect; all where absent.", { enum: ['NoSchedule', 'PreferNoSchedule', 'NoExecute'] }),
  tolerationSeconds: int64(5, 'How long a NoExecute taint is tolerated.', { explicit: true }),
})

export interface HostAlias extends InferMessage<typeof HostAlias> {}
export const HostAlias = message(`${GROUP}.HostAlias`, 'A line of /etc/hosts.', {
  ip: string(1, 'The address.', { required: true }),
  hostnames: list(2, STRING, 'Its names.'),
})

export interface PodDNSConfigOption extends InferMessage<typeof PodDNSConfigOption> {}
export const PodDNSConfigOption = message(`${GROUP}.PodDNSConfigOption`, 'An option of resolv.conf.', {
  name: string(1, "The option's name."),
  value: string(2, 'Its value.', { explicit: true }),
})

export interface PodDNSConfig extends InferMessage<typeof PodDNSConfig> {}
export const PodDNSConfig = message(`${GROUP}.PodDNSConfig`, 'Additions to resolv.conf.', {
  nameservers: list(1, STRING, 'Servers to add.'),
  searches: list(2, STRING, 'Search domains to add.'),
  options: list(3, ref<PodDNSConfigOption>(PodDNSConfigOption), 'Options to add.'),
})

export interface PodReadinessGate extends InferMessage<typeof PodReadinessGate> {}
export const PodReadinessGate = message(
  `${GROUP}.PodReadinessGate`,
  'A condition that must be true for a pod to be ready.',
  {
    conditionType: string(1, "The condition's type.", { required: true }),
  },
)

export interface TopologySpreadConstraint extends InferMessage<typeof TopologySpreadConstraint> {}
export const TopologySpreadConstraint = message(
  `${GROUP}.TopologySpreadConstraint`,
  'How far pods may be spread unevenly.',
  {
    maxSkew: int32(1, 'The most by which domains may differ.', { required: true }),
    topologyKey: string(2, 'Nodes with the same value of this label are one domain.', { required: true }),
    whenUnsatisfiable: string(3, 'Whether the constraint is a demand or a wish.', {
      required: true,
      enum: ['DoNotSchedule', 'ScheduleAnyway'],
    }),
    labelSelector: one(4, ref<LabelSelector>(LabelSelector), 'The pods that count.'),
    minDomains: int32(5, 'The least number of domains.', { explicit: true }),
    nodeAffinityPolicy: string(6, 'Whether nodes the pod may not go to count.', {
      enum: ['Ignore', 'Honor'],
      explicit: true,
    }),
    nodeTaintsPolicy: string(7, 'Whether tainted nodes count.', { enum: ['Ignore', 'Honor'], explicit: true }),
    matchLabelKeys: list(8, STRING, 'Labels of the incoming pod whose values counted pods must share.'),
  },
)

export interface PodOS extends InferMessage<typeof PodOS> {}
export const PodOS = message(`${GROUP}.PodOS`, 'The operating system of a pod.', {
  name: string(1, 'linux or windows.', { required: true }),
})

export interface PodSchedulingGate extends InferMessage<typeof PodSchedulingGate> {}
export const PodSchedulingGate = message(
  `${GROUP}.PodSchedulingGate`,
  'Something that keeps a pod from being placed.',
  {
    name: string(1, "The gate's name.", { required: true }),
  },
)

export interface PodResourceClaim extends InferMessage<typeof PodResourceClaim> {}
export const PodResourceClaim = message(`${GROUP}.PodResourceClaim`, 'A device claim of a pod.', {
  name: string(1, 'The name containers use.', { required: true }),
  resourceClaimName: string(3, 'An existing claim.', { explicit: true }),
  resourceClaimTemplateName: string(4, 'The template of a claim to make.', { explicit: true }),
})
