import type { InferMessage } from '../../../schema/field.ts'
import { int32, int64, list, message, one, ref, STRING, string } from '../../../schema/field.ts'
import { LabelSelector } from '../../meta/selector.ts'

const GROUP = 'io.k8s.api.core.v1'

export interface Toleration extends InferMessage<typeof Toleration> {}
export const Toleration = message(`${GROUP}.Toleration`, '', {
  key: string(1, ''),
  operator: string(2, '', { enum: ['Exists', 'Equal'] }),
  value: string(3, ''),
  effect: string(4, '', { enum: ['NoSchedule', 'PreferNoSchedule', 'NoExecute'] }),
  tolerationSeconds: int64(5, '', { explicit: true }),
})

export interface HostAlias extends InferMessage<typeof HostAlias> {}
export const HostAlias = message(`${GROUP}.HostAlias`, '', {
  ip: string(1, '', { required: true }),
  hostnames: list(2, STRING, ''),
})

export interface PodDNSConfigOption extends InferMessage<typeof PodDNSConfigOption> {}
export const PodDNSConfigOption = message(`${GROUP}.PodDNSConfigOption`, '', {
  name: string(1, ''),
  value: string(2, '', { explicit: true }),
})

export interface PodDNSConfig extends InferMessage<typeof PodDNSConfig> {}
export const PodDNSConfig = message(`${GROUP}.PodDNSConfig`, '', {
  nameservers: list(1, STRING, ''),
  searches: list(2, STRING, ''),
  options: list(3, ref<PodDNSConfigOption>(PodDNSConfigOption), ''),
})

export interface PodReadinessGate extends InferMessage<typeof PodReadinessGate> {}
export const PodReadinessGate = message(`${GROUP}.PodReadinessGate`, '', {
  conditionType: string(1, '', { required: true }),
})

export interface TopologySpreadConstraint extends InferMessage<typeof TopologySpreadConstraint> {}
export const TopologySpreadConstraint = message(`${GROUP}.TopologySpreadConstraint`, '', {
  maxSkew: int32(1, '', { required: true }),
  topologyKey: string(2, '', { required: true }),
  whenUnsatisfiable: string(3, '', { required: true, enum: ['DoNotSchedule', 'ScheduleAnyway'] }),
  labelSelector: one(4, ref<LabelSelector>(LabelSelector), ''),
  minDomains: int32(5, '', { explicit: true }),
  nodeAffinityPolicy: string(6, '', { enum: ['Ignore', 'Honor'], explicit: true }),
  nodeTaintsPolicy: string(7, '', { enum: ['Ignore', 'Honor'], explicit: true }),
  matchLabelKeys: list(8, STRING, ''),
})

export interface PodOS extends InferMessage<typeof PodOS> {}
export const PodOS = message(`${GROUP}.PodOS`, '', {
  name: string(1, '', { required: true }),
})

export interface PodSchedulingGate extends InferMessage<typeof PodSchedulingGate> {}
export const PodSchedulingGate = message(`${GROUP}.PodSchedulingGate`, '', {
  name: string(1, '', { required: true }),
})

export interface PodResourceClaim extends InferMessage<typeof PodResourceClaim> {}
export const PodResourceClaim = message(`${GROUP}.PodResourceClaim`, '', {
  name: string(1, '', { required: true }),
  resourceClaimName: string(3, '', { explicit: true }),
  resourceClaimTemplateName: string(4, '', { explicit: true }),
})
