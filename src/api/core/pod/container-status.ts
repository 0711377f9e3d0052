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

const GROUP = 'io.k8s.api.core.v1'

export interface ContainerStateWaiting extends InferMessage<typeof ContainerStateWaiting> {}
export const ContainerStateWaiting = message(`${GROUP}.ContainerStateWaiting`, '', {
  reason: string(1, ''),
  message: string(2, ''),
})

export interface ContainerStateRunning extends InferMessage<typeof ContainerStateRunning> {}
export const ContainerStateRunning = message(`${GROUP}.ContainerStateRunning`, '', {
  startedAt: time(1, ''),
})

export interface ContainerStateTerminated extends InferMessage<typeof ContainerStateTerminated> {}
export const ContainerStateTerminated = message(`${GROUP}.ContainerStateTerminated`, '', {
  exitCode: int32(1, '', { required: true }),
  signal: int32(2, ''),
  reason: string(3, ''),
  message: string(4, ''),
  startedAt: time(5, ''),
  finishedAt: time(6, ''),
  containerID: string(7, ''),
})

export interface ContainerState extends InferMessage<typeof ContainerState> {}
export const ContainerState = message(`${GROUP}.ContainerState`, '', {
  waiting: one(1, ref<ContainerStateWaiting>(ContainerStateWaiting), ''),
  running: one(2, ref<ContainerStateRunning>(ContainerStateRunning), ''),
  terminated: one(3, ref<ContainerStateTerminated>(ContainerStateTerminated), ''),
})

export interface VolumeMountStatus extends InferMessage<typeof VolumeMountStatus> {}
export const VolumeMountStatus = message(`${GROUP}.VolumeMountStatus`, '', {
  name: string(1, '', { required: true }),
  mountPath: string(2, '', { required: true }),
  readOnly: boolean(3, ''),
  recursiveReadOnly: string(4, '', { explicit: true }),
})

export interface LinuxContainerUser extends InferMessage<typeof LinuxContainerUser> {}
export const LinuxContainerUser = message(`${GROUP}.LinuxContainerUser`, '', {
  uid: int64(1, '', { required: true }),
  gid: int64(2, '', { required: true }),
  supplementalGroups: list(3, INT64, ''),
})

export interface ContainerUser extends InferMessage<typeof ContainerUser> {}
export const ContainerUser = message(`${GROUP}.ContainerUser`, '', {
  linux: one(1, ref<LinuxContainerUser>(LinuxContainerUser), ''),
})

export interface ResourceHealth extends InferMessage<typeof ResourceHealth> {}
export const ResourceHealth = message(`${GROUP}.ResourceHealth`, '', {
  resourceID: string(1, '', { required: true }),
  health: string(2, ''),
})

export interface ResourceStatus extends InferMessage<typeof ResourceStatus> {}
export const ResourceStatus = message(`${GROUP}.ResourceStatus`, '', {
  name: string(1, '', { required: true }),
  resources: list(2, ref<ResourceHealth>(ResourceHealth), '', { listType: 'map', listKeys: ['resourceID'] }),
})

export interface ContainerStatus extends InferMessage<typeof ContainerStatus> {}
export const ContainerStatus = message(`${GROUP}.ContainerStatus`, '', {
  name: string(1, '', { required: true }),
  state: one(2, ref<ContainerState>(ContainerState), ''),
  lastState: one(3, ref<ContainerState>(ContainerState), ''),
  ready: boolean(4, '', { required: true }),
  restartCount: int32(5, '', { required: true }),
  image: string(6, '', { required: true }),
  imageID: string(7, '', { required: true }),
  containerID: string(8, ''),
  started: boolean(9, '', { explicit: true }),
  allocatedResources: map(10, QUANTITY, ''),
  resources: one(11, ref<ResourceRequirements>(ResourceRequirements), ''),
  volumeMounts: list(12, ref<VolumeMountStatus>(VolumeMountStatus), '', {
    listType: 'map',
    listKeys: ['mountPath'],
    patchKey: 'mountPath',
  }),
  user: one(13, ref<ContainerUser>(ContainerUser), ''),
  allocatedResourcesStatus: list(14, ref<ResourceStatus>(ResourceStatus), '', {
    listType: 'map',
    listKeys: ['name'],
    patchKey: 'name',
  }),
})
