import type { InferMessage } from '../../schema/field.ts'
import {
  boolean,
  int32,
  int64,
  list,
  map,
  message,
  one,
  QUANTITY,
  ref,
  STRING,
  string,
  time,
} from '../../schema/field.ts'
import { NodeConfigSource } from './node-config.ts'

const GROUP = 'io.k8s.api.core.v1'

export interface NodeAddress extends InferMessage<typeof NodeAddress> {}
export const NodeAddress = message(`${GROUP}.NodeAddress`, '', {
  type: string(1, '', { required: true }),
  address: string(2, '', { required: true }),
})

export interface NodeCondition extends InferMessage<typeof NodeCondition> {}
export const NodeCondition = message(`${GROUP}.NodeCondition`, '', {
  type: string(1, '', { required: true }),
  status: string(2, '', { required: true }),
  lastHeartbeatTime: time(3, ''),
  lastTransitionTime: time(4, ''),
  reason: string(5, ''),
  message: string(6, ''),
})

export interface DaemonEndpoint extends InferMessage<typeof DaemonEndpoint> {}
export const DaemonEndpoint = message(`${GROUP}.DaemonEndpoint`, '', {
  Port: int32(1, '', { required: true }),
})

export interface NodeDaemonEndpoints extends InferMessage<typeof NodeDaemonEndpoints> {}
export const NodeDaemonEndpoints = message(`${GROUP}.NodeDaemonEndpoints`, '', {
  kubeletEndpoint: one(1, ref<DaemonEndpoint>(DaemonEndpoint), ''),
})

export interface NodeSystemInfo extends InferMessage<typeof NodeSystemInfo> {}
export const NodeSystemInfo = message(`${GROUP}.NodeSystemInfo`, '', {
  machineID: string(1, '', { required: true }),
  systemUUID: string(2, '', { required: true }),
  bootID: string(3, '', { required: true }),
  kernelVersion: string(4, '', { required: true }),
  osImage: string(5, '', { required: true }),
  containerRuntimeVersion: string(6, '', { required: true }),
  kubeletVersion: string(7, '', { required: true }),
  kubeProxyVersion: string(8, '', { required: true }),
  operatingSystem: string(9, '', { required: true }),
  architecture: string(10, '', { required: true }),
})

export interface ContainerImage extends InferMessage<typeof ContainerImage> {}
export const ContainerImage = message(`${GROUP}.ContainerImage`, '', {
  names: list(1, STRING, ''),
  sizeBytes: int64(2, ''),
})

export interface AttachedVolume extends InferMessage<typeof AttachedVolume> {}
export const AttachedVolume = message(`${GROUP}.AttachedVolume`, '', {
  name: string(1, '', { required: true }),
  devicePath: string(2, '', { required: true }),
})

export interface NodeConfigStatus extends InferMessage<typeof NodeConfigStatus> {}
export const NodeConfigStatus = message(`${GROUP}.NodeConfigStatus`, '', {
  assigned: one(1, ref<NodeConfigSource>(NodeConfigSource), ''),
  active: one(2, ref<NodeConfigSource>(NodeConfigSource), ''),
  lastKnownGood: one(3, ref<NodeConfigSource>(NodeConfigSource), ''),
  error: string(4, ''),
})

export interface NodeRuntimeHandlerFeatures extends InferMessage<typeof NodeRuntimeHandlerFeatures> {}
export const NodeRuntimeHandlerFeatures = message(`${GROUP}.NodeRuntimeHandlerFeatures`, '', {
  recursiveReadOnlyMounts: boolean(1, '', { explicit: true }),
  userNamespaces: boolean(2, '', { explicit: true }),
})

export interface NodeRuntimeHandler extends InferMessage<typeof NodeRuntimeHandler> {}
export const NodeRuntimeHandler = message(`${GROUP}.NodeRuntimeHandler`, '', {
  name: string(1, ''),
  features: one(2, ref<NodeRuntimeHandlerFeatures>(NodeRuntimeHandlerFeatures), ''),
})

export interface NodeFeatures extends InferMessage<typeof NodeFeatures> {}
export const NodeFeatures = message(`${GROUP}.NodeFeatures`, '', {
  supplementalGroupsPolicy: boolean(1, '', { explicit: true }),
})

export interface NodeStatus extends InferMessage<typeof NodeStatus> {}
export const NodeStatus = message(`${GROUP}.NodeStatus`, '', {
  capacity: map(1, QUANTITY, ''),
  allocatable: map(2, QUANTITY, ''),
  phase: string(3, ''),
  conditions: list(4, ref<NodeCondition>(NodeCondition), '', { listType: 'map', listKeys: ['type'], patchKey: 'type' }),
  addresses: list(5, ref<NodeAddress>(NodeAddress), '', { listType: 'map', listKeys: ['type'], patchKey: 'type' }),
  daemonEndpoints: one(6, ref<NodeDaemonEndpoints>(NodeDaemonEndpoints), ''),
  nodeInfo: one(7, ref<NodeSystemInfo>(NodeSystemInfo), ''),
  images: list(8, ref<ContainerImage>(ContainerImage), ''),
  volumesInUse: list(9, STRING, ''),
  volumesAttached: list(10, ref<AttachedVolume>(AttachedVolume), ''),
  config: one(11, ref<NodeConfigStatus>(NodeConfigStatus), ''),
  runtimeHandlers: list(12, ref<NodeRuntimeHandler>(NodeRuntimeHandler), ''),
  features: one(13, ref<NodeFeatures>(NodeFeatures), ''),
})
