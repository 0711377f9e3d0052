import type { InferMessage } from '../../../schema/field.ts'
import { list, message, ref, string, time } from '../../../schema/field.ts'
import { ContainerStatus } from './container-status.ts'

const GROUP = 'io.k8s.api.core.v1'

export interface PodCondition extends InferMessage<typeof PodCondition> {}
export const PodCondition = message(`${GROUP}.PodCondition`, "One aspect of a pod's state.", {
  type: string(1, 'Which aspect.', { required: true }),
  status: string(2, 'True, False or Unknown.', { required: true }),
  lastProbeTime: time(3, 'When the condition was last looked at.'),
  lastTransitionTime: time(4, 'When the status last changed.'),
  reason: string(5, 'Why, in a word.'),
  message: string(6, 'Why, in a sentence.'),
})

export interface HostIP extends InferMessage<typeof HostIP> {}
export const HostIP = message(`${GROUP}.HostIP`, "An address of the pod's node.", {
  ip: string(1, 'The address.', { required: true }),
})

export interface PodIP extends InferMessage<typeof PodIP> {}
export const PodIP = message(`${GROUP}.PodIP`, 'An address of the pod.', {
  ip: string(1, 'The address.', { required: true }),
})

export interface PodResourceClaimStatus extends InferMessage<typeof PodResourceClaimStatus> {}
export const PodResourceClaimStatus = message(`${GROUP}.PodResourceClaimStatus`, 'The claim made for a pod.', {
  name: string(1, 'The name in the pod.', { required: true }),
  resourceClaimName: string(2, 'The claim that was made.', { explicit: true }),
})

export interface PodStatus extends InferMessage<typeof PodStatus> {}
export const PodStatus = message(`${GROUP}.PodStatus`, 'What a pod is at present.', {
  phase: string(1, 'Pending, Running, Succeeded, Failed or Unknown.', {
    enum: ['Pending', 'Running', 'Succeeded', 'Failed', 'Unknown'],
  }),
  conditions: list(2, ref<PodCondition>(PodCondition), 'Aspects of its state.', {
    listType: 'map',
    listKeys: ['type'],
    patchKey: 'type',
  }),
  message: string(3, 'Why it is in this state, in a sentence.'),
  reason: string(4, 'Why it is in this state, in a word.'),
  nominatedNodeName: string(11, 'The node where room is being made for it.'),
  hostIP: string(5, "Its node's address."),
  hostIPs: list(16, ref<HostIP>(HostIP), "Its node's addresses, one for each family.", { patchKey: 'ip' }),
  podIP: string(6, 'Its address.'),
  podIPs: list(12, ref<PodIP>(PodIP), 'Its addresses, one for each family; the first equals podIP.', {
    listType: 'map',
    listKeys: ['ip'],
    patchKey: 'ip',
  }),
  startTime: time(7, 'When the node took it on.'),
  initContainerStatuses: list(10, ref<ContainerStatus>(ContainerStatus), 'What its init containers are.'),
  containerStatuses: list(8, ref<ContainerStatus>(ContainerStatus), 'What its containers are.'),
  qosClass: string(9, 'Guaranteed, Burstable or BestEffort.', { enum: ['Guaranteed', 'Burstable', 'BestEffort'] }),
  ephemeralContainerStatuses: list(13, ref<ContainerStatus>(ContainerStatus), 'What its ephemeral containers are.'),
  resize: string(14, 'How far a resize has come.'),
  resourceClaimStatuses: list(
    15,
    ref<PodResourceClaimStatus>(PodResourceClaimStatus),
    'What claims were made for it.',
    { listType: 'map', listKeys: ['name'], patchKey: 'name', patchStrategy: 'merge,retainKeys' },
  ),
})
