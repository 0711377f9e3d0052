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
export const NodeAddress = message(`${GROUP}.NodeAddress`, 'One address of a node.', {
  type: string(1, 'Hostname, InternalIP, ExternalIP, InternalDNS or ExternalDNS.', { required: true }),
  address: string(2, 'The address itself.', { required: true }),
})

export interface NodeCondition extends InferMessage<typeof NodeCondition> {}
export const NodeCondition = message(`${GROUP}.NodeCondition`, "One aspect of a node's health.", {
  type: string(1, 'Which aspect.', { required: true }),
  status: string(2, 'True, False or Unknown.', { required: true }),
  lastHeartbeatTime: time(3, 'When the node last reported the condition.'),
  lastTransitionTime: time(4, 'When the status last changed.'),
  reason: string(5, 'Why, in a word.'),
  message: string(6, 'Why, in a sentence.'),
})

export interface DaemonEndpoint extends InferMessage<typeof DaemonEndpoint> {}
export const DaemonEndpoint = message(`${GROUP}.DaemonEndpoint`, 'The port of a daemon on the node.', {
  Port: int32(1, 'The port number.', { required: true }),
})

export interface NodeDaemonEndpoints extends InferMessage<typeof NodeDaemonEndpoints> {}
export const NodeDaemonEndpoints = message(`${GROUP}.NodeDaemonEndpoints`, "The ports of the node's daemons.", {
  kubeletEndpoint: one(1, ref<DaemonEndpoint>(DaemonEndpoint), 'Where the kubelet listens.'),
})

export interface NodeSystemInfo extends InferMessage<typeof NodeSystemInfo> {}
export const NodeSystemInfo = message(`${GROUP}.NodeSystemInfo`, 'What the node is made of.', {
  machineID: string(1, "The machine's identity in the cluster.", { required: true }),
  systemUUID: string(2, 'The identity the hardware reports.', { required: true }),
  bootID: string(3, 'Changes with every boot.', { required: true }),
  kernelVersion: string(4, 'As uname -r says.', { required: true }),
  osImage: string(5, 'The operating system, as /etc/os-release says.', { required: true }),
  containerRuntimeVersion: string(6, 'The runtime and its version.', { required: true }),
  kubeletVersion: string(7, "The node agent's version.", { required: true }),
  kubeProxyVersion: string(8, 'No longer used.', { required: true }),
  operatingSystem: string(9, 'The operating system, such as linux.', { required: true }),
  architecture: string(10, 'The processor architecture, such as amd64.', { required: true }),
})

export interface ContainerImage extends InferMessage<typeof ContainerImage> {}
export const ContainerImage = message(`${GROUP}.ContainerImage`, 'An image that the node has.', {
  names: list(1, STRING, 'The names by which the image is known.'),
  sizeBytes: int64(2, 'The size of the image in bytes.'),
})

export interface AttachedVolume extends InferMessage<typeof AttachedVolume> {}
export const AttachedVolume = message(`${GROUP}.AttachedVolume`, 'A volume attached to the node.', {
  name: string(1, 'The name of the volume.', { required: true }),
  devicePath: string(2, 'The device it appears as.', { required: true }),
})

export interface NodeConfigStatus extends InferMessage<typeof NodeConfigStatus> {}
export const NodeConfigStatus = message(
  `${GROUP}.NodeConfigStatus`,
  'The state of a configuration from a ConfigMap; no longer used.',
  {
    assigned: one(1, ref<NodeConfigSource>(NodeConfigSource), 'What the node should use.'),
    active: one(2, ref<NodeConfigSource>(NodeConfigSource), 'What the node uses.'),
    lastKnownGood: one(3, ref<NodeConfigSource>(NodeConfigSource), 'What the node falls back to.'),
    error: string(4, 'Why the assigned configuration is not in use.'),
  },
)

export interface NodeRuntimeHandlerFeatures extends InferMessage<typeof NodeRuntimeHandlerFeatures> {}
export const NodeRuntimeHandlerFeatures = message(
  `${GROUP}.NodeRuntimeHandlerFeatures`,
  'What a runtime handler can do.',
  {
    recursiveReadOnlyMounts: boolean(1, 'It mounts read-only recursively.', { explicit: true }),
    userNamespaces: boolean(2, 'It runs pods in user namespaces.', { explicit: true }),
  },
)

export interface NodeRuntimeHandler extends InferMessage<typeof NodeRuntimeHandler> {}
export const NodeRuntimeHandler = message(`${GROUP}.NodeRuntimeHandler`, 'One way the node can run containers.', {
  name: string(1, "The handler's name; empty for the default one."),
  features: one(2, ref<NodeRuntimeHandlerFeatures>(NodeRuntimeHandlerFeatures), 'What the handler can do.'),
})

export interface NodeFeatures extends InferMessage<typeof NodeFeatures> {}
export const NodeFeatures = message(
  `${GROUP}.NodeFeatures`,
  'What the container runtime can do, whichever handler runs.',
  {
    supplementalGroupsPolicy: boolean(1, 'It honours supplementalGroupsPolicy.', { explicit: true }),
  },
)

export interface NodeStatus extends InferMessage<typeof NodeStatus> {}
export const NodeStatus = message(`${GROUP}.NodeStatus`, 'What a node is at present.', {
  capacity: map(1, QUANTITY, 'All that the node has.'),
  allocatable: map(2, QUANTITY, 'What of it pods may use.'),
  phase: string(3, 'No longer used.'),
  conditions: list(4, ref<NodeCondition>(NodeCondition), 'The health of the node.', {
    listType: 'map',
    listKeys: ['type'],
    patchKey: 'type',
  }),
  addresses: list(5, ref<NodeAddress>(NodeAddress), 'Where the node can be reached.', {
    listType: 'map',
    listKeys: ['type'],
    patchKey: 'type',
  }),
  daemonEndpoints: one(6, ref<NodeDaemonEndpoints>(NodeDaemonEndpoints), 'The ports of its daemons.'),
  nodeInfo: one(7, ref<NodeSystemInfo>(NodeSystemInfo), 'What the node is made of.'),
  images: list(8, ref<ContainerImage>(ContainerImage), 'The images it has.'),
  volumesInUse: list(9, STRING, 'Volumes that must not be detached.'),
  volumesAttached: list(10, ref<AttachedVolume>(AttachedVolume), 'Volumes attached to the node.'),
  config: one(11, ref<NodeConfigStatus>(NodeConfigStatus), 'No longer used.'),
  runtimeHandlers: list(12, ref<NodeRuntimeHandler>(NodeRuntimeHandler), 'How it can run containers.'),
  features: one(13, ref<NodeFeatures>(NodeFeatures), 'What the runtime can do.'),
})
