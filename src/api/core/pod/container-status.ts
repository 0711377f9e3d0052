import type { InferMessage } from '../../../schema/field.ts'
import {
  boolean,
  INT64,
  int32,
  int64,
  list,
  map,
  message,
  one,
  QUANTITY,
  ref,
  string,
  time,
} from '../../../schema/field.ts'
import { ResourceRequirements } from './container.ts'
import { STOP_SIGNALS } from './probe.ts'

const GROUP = 'io.k8s.api.core.v1'

export interface ContainerStateWaiting extends InferMessage<typeof ContainerStateWaiting> {}
export const ContainerStateWaiting = message(`${GROUP}.ContainerStateWaiting`, 'The container does not run yet.', {
  reason: string(1, 'One word why, such as ContainerCreating.'),
  message: string(2, 'Why, in a sentence.'),
})

export interface ContainerStateRunning extends InferMessage<typeof ContainerStateRunning> {}
export const ContainerStateRunning = message(`${GROUP}.ContainerStateRunning`, 'The container runs.', {
  startedAt: time(1, 'Since when.'),
})

export interface ContainerStateTerminated extends InferMessage<typeof ContainerStateTerminated> {}
export const ContainerStateTerminated = message(`${GROUP}.ContainerStateTerminated`, 'The container has ended.', {
  exitCode: int32(1, 'The exit code of its first process.', { required: true }),
  signal: int32(2, 'The signal that ended it.'),
  reason: string(3, 'One word why, such as Completed or Error.'),
  message: string(4, 'Why, in a sentence.'),
  startedAt: time(5, 'When it started.'),
  finishedAt: time(6, 'When it ended.'),
  containerID: string(7, 'Its id in the runtime.'),
})

export interface ContainerState extends InferMessage<typeof ContainerState> {}
export const ContainerState = message(`${GROUP}.ContainerState`, 'One of the three states.', {
  waiting: one(1, ref<ContainerStateWaiting>(ContainerStateWaiting), 'It does not run yet.'),
  running: one(2, ref<ContainerStateRunning>(ContainerStateRunning), 'It runs.'),
  terminated: one(3, ref<ContainerStateTerminated>(ContainerStateTerminated), 'It has ended.'),
})

export interface VolumeMountStatus extends InferMessage<typeof VolumeMountStatus> {}
export const VolumeMountStatus = message(`${GROUP}.VolumeMountStatus`, 'How a volume was mounted.', {
  name: string(1, "The volume's name.", { required: true }),
  mountPath: string(2, 'The path in the container.', { required: true }),
  readOnly: boolean(3, 'It cannot be written to.'),
  recursiveReadOnly: string(4, 'Whether mounts below are read-only too.', { explicit: true }),
})

export interface LinuxContainerUser extends InferMessage<typeof LinuxContainerUser> {}
export const LinuxContainerUser = message(`${GROUP}.LinuxContainerUser`, "The user of a container's first process.", {
  uid: int64(1, 'The user id.', { required: true }),
  gid: int64(2, 'The group id.', { required: true }),
  supplementalGroups: list(3, INT64, 'Further group ids.'),
})

export interface ContainerUser extends InferMessage<typeof ContainerUser> {}
export const ContainerUser = message(`${GROUP}.ContainerUser`, "The user of a container's first process.", {
  linux: one(1, ref<LinuxContainerUser>(LinuxContainerUser), 'On Linux.'),
})

export interface ResourceHealth extends InferMessage<typeof ResourceHealth> {}
export const ResourceHealth = message(`${GROUP}.ResourceHealth`, 'The health of one device.', {
  resourceID: string(1, 'The device.', { required: true }),
  health: string(2, 'Healthy, Unhealthy or Unknown.'),
})

export interface ResourceStatus extends InferMessage<typeof ResourceStatus> {}
export const ResourceStatus = message(`${GROUP}.ResourceStatus`, 'The health of devices.', {
  name: string(1, 'The resource.', { required: true }),
  resources: list(2, ref<ResourceHealth>(ResourceHealth), 'Its devices.', {
    listType: 'map',
    listKeys: ['resourceID'],
  }),
})

export interface ContainerStatus extends InferMessage<typeof ContainerStatus> {}
export const ContainerStatus = message(`${GROUP}.ContainerStatus`, 'What a container is at present.', {
  name: string(1, "The container's name.", { required: true }),
  state: one(2, ref<ContainerState>(ContainerState), 'Its state.'),
  lastState: one(3, ref<ContainerState>(ContainerState), 'Its state before the last restart.'),
  ready: boolean(4, 'It passed its readiness check.', { required: true }),
  restartCount: int32(5, 'How often it was restarted.', { required: true }),
  image: string(6, 'The image it runs.', { required: true }),
  imageID: string(7, "The image's id.", { required: true }),
  containerID: string(8, 'Its id in the runtime.'),
  started: boolean(9, 'It passed its startup check.', { explicit: true }),
  allocatedResources: map(10, QUANTITY, 'What is set aside for it.'),
  resources: one(11, ref<ResourceRequirements>(ResourceRequirements), 'What it needs and may use, as applied.'),
  volumeMounts: list(12, ref<VolumeMountStatus>(VolumeMountStatus), 'How volumes were mounted.', {
    listType: 'map',
    listKeys: ['mountPath'],
    patchKey: 'mountPath',
  }),
  user: one(13, ref<ContainerUser>(ContainerUser), 'The user of its first process.'),
  allocatedResourcesStatus: list(14, ref<ResourceStatus>(ResourceStatus), 'The health of its devices.', {
    listType: 'map',
    listKeys: ['name'],
    patchKey: 'name',
  }),
  stopSignal: string(15, 'The signal that ends it.', { explicit: true, enum: STOP_SIGNALS }),
})
