import type { InferMessage } from '../../../schema/field.ts'
import { list, message, ref, string, time } from '../../../schema/field.ts'
import { ContainerStatus } from './container-status.ts'

const GROUP = 'io.k8s.api.core.v1'

export interface PodCondition extends InferMessage<typeof PodCondition> {}
export const PodCondition = message(`${GROUP}.PodCondition`, '', {
  type: string(1, '', { required: true }),
  status: string(2, '', { required: true }),
  lastProbeTime: time(3, ''),
  lastTransitionTime: time(4, ''),
  reason: string(5, ''),
  message: string(6, ''),
})

export interface HostIP extends InferMessage<typeof HostIP> {}
export const HostIP = message(`${GROUP}.HostIP`, '', {
  ip: string(1, '', { required: true }),
})

export interface PodIP extends InferMessage<typeof PodIP> {}
export const PodIP = message(`${GROUP}.PodIP`, '', {
  ip: string(1, '', { required: true }),
})

export interface PodResourceClaimStatus extends InferMessage<typeof PodResourceClaimStatus> {}
export const PodResourceClaimStatus = message(`${GROUP}.PodResourceClaimStatus`, '', {
  name: string(1, '', { required: true }),
  resourceClaimName: string(2, '', { explicit: true }),
})

export interface PodStatus extends InferMessage<typeof PodStatus> {}
export const PodStatus = message(`${GROUP}.PodStatus`, '', {
  phase: string(1, '', { enum: ['Pending', 'Running', 'Succeeded', 'Failed', 'Unknown'] }),
  conditions: list(2, ref<PodCondition>(PodCondition), '', { listType: 'map', listKeys: ['type'], patchKey: 'type' }),
  message: string(3, ''),
  reason: string(4, ''),
  nominatedNodeName: string(11, ''),
  hostIP: string(5, ''),
  hostIPs: list(16, ref<HostIP>(HostIP), '', { patchKey: 'ip' }),
  podIP: string(6, ''),
  podIPs: list(12, ref<PodIP>(PodIP), '', { listType: 'map', listKeys: ['ip'], patchKey: 'ip' }),
  startTime: time(7, ''),
  initContainerStatuses: list(10, ref<ContainerStatus>(ContainerStatus), ''),
  containerStatuses: list(8, ref<ContainerStatus>(ContainerStatus), ''),
  qosClass: string(9, '', { enum: ['Guaranteed', 'Burstable', 'BestEffort'] }),
  ephemeralContainerStatuses: list(13, ref<ContainerStatus>(ContainerStatus), ''),
  resize: string(14, ''),
  resourceClaimStatuses: list(15, ref<PodResourceClaimStatus>(PodResourceClaimStatus), '', {
    listType: 'map',
    listKeys: ['name'],
    patchKey: 'name',
    patchStrategy: 'merge,retainKeys',
  }),
})
