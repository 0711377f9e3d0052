import type { InferMessage } from '../../../schema/field.ts'
import {
  boolean,
  inline,
  int32,
  list,
  map,
  message,
  one,
  QUANTITY,
  ref,
  STRING,
  string,
} from '../../../schema/field.ts'
import { EnvFromSource, EnvVar } from './env.ts'
import { Lifecycle, Probe } from './probe.ts'
import { SecurityContext } from './security.ts'

const GROUP = 'io.k8s.api.core.v1'

export interface ContainerPort extends InferMessage<typeof ContainerPort> {}
export const ContainerPort = message(`${GROUP}.ContainerPort`, '', {
  name: string(1, ''),
  hostPort: int32(2, ''),
  containerPort: int32(3, '', { required: true }),
  protocol: string(4, '', { enum: ['TCP', 'UDP', 'SCTP'], default: 'TCP' }),
  hostIP: string(5, ''),
})

export interface ContainerResizePolicy extends InferMessage<typeof ContainerResizePolicy> {}
export const ContainerResizePolicy = message(`${GROUP}.ContainerResizePolicy`, '', {
  resourceName: string(1, '', { required: true }),
  restartPolicy: string(2, '', { required: true }),
})

export interface ResourceClaim extends InferMessage<typeof ResourceClaim> {}
export const ResourceClaim = message(`${GROUP}.ResourceClaim`, '', {
  name: string(1, '', { required: true }),
  request: string(2, ''),
})

export interface ResourceRequirements extends InferMessage<typeof ResourceRequirements> {}
export const ResourceRequirements = message(`${GROUP}.ResourceRequirements`, '', {
  limits: map(1, QUANTITY, ''),
  requests: map(2, QUANTITY, ''),
  claims: list(3, ref<ResourceClaim>(ResourceClaim), '', { listType: 'map', listKeys: ['name'] }),
})

export interface VolumeMount extends InferMessage<typeof VolumeMount> {}
export const VolumeMount = message(`${GROUP}.VolumeMount`, '', {
  name: string(1, '', { required: true }),
  readOnly: boolean(2, ''),
  recursiveReadOnly: string(7, '', { explicit: true }),
  mountPath: string(3, '', { required: true }),
  subPath: string(4, ''),
  mountPropagation: string(5, '', { enum: ['None', 'HostToContainer', 'Bidirectional'], explicit: true }),
  subPathExpr: string(6, ''),
})

export interface VolumeDevice extends InferMessage<typeof VolumeDevice> {}
export const VolumeDevice = message(`${GROUP}.VolumeDevice`, '', {
  name: string(1, '', { required: true }),
  devicePath: string(2, '', { required: true }),
})

export interface Container extends InferMessage<typeof Container> {}
export const Container = message(`${GROUP}.Container`, '', {
  name: string(1, '', { required: true }),
  image: string(2, ''),
  command: list(3, STRING, ''),
  args: list(4, STRING, ''),
  workingDir: string(5, ''),
  ports: list(6, ref<ContainerPort>(ContainerPort), '', {
    listType: 'map',
    listKeys: ['containerPort', 'protocol'],
    patchKey: 'containerPort',
  }),
  envFrom: list(19, ref<EnvFromSource>(EnvFromSource), ''),
  env: list(7, ref<EnvVar>(EnvVar), '', { listType: 'map', listKeys: ['name'], patchKey: 'name' }),
  resources: one(8, ref<ResourceRequirements>(ResourceRequirements), ''),
  resizePolicy: list(23, ref<ContainerResizePolicy>(ContainerResizePolicy), ''),
  restartPolicy: string(24, '', { explicit: true }),
  volumeMounts: list(9, ref<VolumeMount>(VolumeMount), '', {
    listType: 'map',
    listKeys: ['mountPath'],
    patchKey: 'mountPath',
  }),
  volumeDevices: list(21, ref<VolumeDevice>(VolumeDevice), '', {
    listType: 'map',
    listKeys: ['devicePath'],
    patchKey: 'devicePath',
  }),
  livenessProbe: one(10, ref<Probe>(Probe), ''),
  readinessProbe: one(11, ref<Probe>(Probe), ''),
  startupProbe: one(22, ref<Probe>(Probe), ''),
  lifecycle: one(12, ref<Lifecycle>(Lifecycle), ''),
  terminationMessagePath: string(13, ''),
  terminationMessagePolicy: string(20, '', { enum: ['File', 'FallbackToLogsOnError'] }),
  imagePullPolicy: string(14, '', { enum: ['Always', 'Never', 'IfNotPresent'] }),
  securityContext: one(15, ref<SecurityContext>(SecurityContext), ''),
  stdin: boolean(16, ''),
  stdinOnce: boolean(17, ''),
  tty: boolean(18, ''),
})

export interface EphemeralContainerCommon extends InferMessage<typeof EphemeralContainerCommon> {}
export const EphemeralContainerCommon = message(`${GROUP}.EphemeralContainerCommon`, '', {
  name: string(1, '', { required: true }),
  image: string(2, ''),
  command: list(3, STRING, ''),
  args: list(4, STRING, ''),
  workingDir: string(5, ''),
  ports: list(6, ref<ContainerPort>(ContainerPort), '', {
    listType: 'map',
    listKeys: ['containerPort', 'protocol'],
    patchKey: 'containerPort',
  }),
  envFrom: list(19, ref<EnvFromSource>(EnvFromSource), ''),
  env: list(7, ref<EnvVar>(EnvVar), '', { listType: 'map', listKeys: ['name'], patchKey: 'name' }),
  resources: one(8, ref<ResourceRequirements>(ResourceRequirements), ''),
  resizePolicy: list(23, ref<ContainerResizePolicy>(ContainerResizePolicy), ''),
  restartPolicy: string(24, '', { explicit: true }),
  volumeMounts: list(9, ref<VolumeMount>(VolumeMount), '', {
    listType: 'map',
    listKeys: ['mountPath'],
    patchKey: 'mountPath',
  }),
  volumeDevices: list(21, ref<VolumeDevice>(VolumeDevice), '', {
    listType: 'map',
    listKeys: ['devicePath'],
    patchKey: 'devicePath',
  }),
  livenessProbe: one(10, ref<Probe>(Probe), ''),
  readinessProbe: one(11, ref<Probe>(Probe), ''),
  startupProbe: one(22, ref<Probe>(Probe), ''),
  lifecycle: one(12, ref<Lifecycle>(Lifecycle), ''),
  terminationMessagePath: string(13, ''),
  terminationMessagePolicy: string(20, '', { enum: ['File', 'FallbackToLogsOnError'] }),
  imagePullPolicy: string(14, '', { enum: ['Always', 'Never', 'IfNotPresent'] }),
  securityContext: one(15, ref<SecurityContext>(SecurityContext), ''),
  stdin: boolean(16, ''),
  stdinOnce: boolean(17, ''),
  tty: boolean(18, ''),
})

export interface EphemeralContainer extends InferMessage<typeof EphemeralContainer>, EphemeralContainerCommon {}
export const EphemeralContainer = message(`${GROUP}.EphemeralContainer`, '', {
  ephemeralContainerCommon: inline(1, EphemeralContainerCommon),
  targetContainerName: string(2, ''),
})
