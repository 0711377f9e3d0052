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
export const ContainerPort = message(
  `${GROUP}.ContainerPort`,
  'A port the container listens on; it informs, and does not open anything.',
  {
    name: string(1, 'A name that Services may use; unique in the pod.'),
    hostPort: int32(2, 'The same port on the node.'),
    containerPort: int32(3, 'The port number.', { required: true }),
    protocol: string(4, 'TCP, UDP or SCTP.', { enum: ['SCTP', 'TCP', 'UDP'], default: 'TCP' }),
    hostIP: string(5, "The node's address for hostPort."),
  },
)

export interface ContainerResizePolicy extends InferMessage<typeof ContainerResizePolicy> {}
export const ContainerResizePolicy = message(
  `${GROUP}.ContainerResizePolicy`,
  'Whether a container restarts when a resource is resized.',
  {
    resourceName: string(1, 'cpu or memory.', { required: true }),
    restartPolicy: string(2, 'NotRequired or RestartContainer.', { required: true }),
  },
)

export interface ResourceClaim extends InferMessage<typeof ResourceClaim> {}
export const ResourceClaim = message(`${GROUP}.ResourceClaim`, 'A device claim of the pod that the container uses.', {
  name: string(1, "The name in the pod's resourceClaims.", { required: true }),
  request: string(2, 'One request of the claim; all where absent.'),
})

export interface ResourceRequirements extends InferMessage<typeof ResourceRequirements> {}
export const ResourceRequirements = message(`${GROUP}.ResourceRequirements`, 'What a container needs and may use.', {
  limits: map(1, QUANTITY, 'The most it may use.'),
  requests: map(2, QUANTITY, 'What is set aside for it; equals the limit where only that is given.'),
  claims: list(3, ref<ResourceClaim>(ResourceClaim), 'Device claims it uses.', { listType: 'map', listKeys: ['name'] }),
})

export interface VolumeMount extends InferMessage<typeof VolumeMount> {}
export const VolumeMount = message(`${GROUP}.VolumeMount`, 'Where a volume appears in a container.', {
  name: string(1, "The volume's name.", { required: true }),
  readOnly: boolean(2, 'It cannot be written to.'),
  recursiveReadOnly: string(7, 'Whether mounts below are read-only too.', { explicit: true }),
  mountPath: string(3, 'The path in the container.', { required: true }),
  subPath: string(4, 'The part of the volume to mount.'),
  mountPropagation: string(5, 'Whether later mounts pass between node and container.', {
    enum: ['Bidirectional', 'HostToContainer', 'None'],
    explicit: true,
  }),
  subPathExpr: string(6, 'As subPath, with $(NAME) replaced by variables.'),
})

export interface VolumeDevice extends InferMessage<typeof VolumeDevice> {}
export const VolumeDevice = message(`${GROUP}.VolumeDevice`, 'A raw block device in a container.', {
  name: string(1, 'The name of the claim.', { required: true }),
  devicePath: string(2, 'The path in the container.', { required: true }),
})

export interface Container extends InferMessage<typeof Container> {}
export const Container = message(`${GROUP}.Container`, 'One container of a pod.', {
  name: string(1, 'Unique in the pod.', { required: true }),
  image: string(2, 'The image to run.'),
  command: list(3, STRING, "Replaces the image's entry point."),
  args: list(4, STRING, "Replaces the image's arguments."),
  workingDir: string(5, 'The directory it starts in.'),
  ports: list(6, ref<ContainerPort>(ContainerPort), 'Ports it listens on.', {
    listType: 'map',
    listKeys: ['containerPort', 'protocol'],
    patchKey: 'containerPort',
  }),
  envFrom: list(19, ref<EnvFromSource>(EnvFromSource), 'Sources of variables.'),
  env: list(7, ref<EnvVar>(EnvVar), 'Variables.', { listType: 'map', listKeys: ['name'], patchKey: 'name' }),
  resources: one(8, ref<ResourceRequirements>(ResourceRequirements), 'What it needs and may use.', { default: {} }),
  resizePolicy: list(23, ref<ContainerResizePolicy>(ContainerResizePolicy), 'Whether it restarts when resized.'),
  restartPolicy: string(24, 'Always, on an init container, makes a sidecar of it.', { explicit: true }),
  volumeMounts: list(9, ref<VolumeMount>(VolumeMount), 'Where volumes appear.', {
    listType: 'map',
    listKeys: ['mountPath'],
    patchKey: 'mountPath',
  }),
  volumeDevices: list(21, ref<VolumeDevice>(VolumeDevice), 'Where raw devices appear.', {
    listType: 'map',
    listKeys: ['devicePath'],
    patchKey: 'devicePath',
  }),
  livenessProbe: one(10, ref<Probe>(Probe), 'It is restarted when this fails.'),
  readinessProbe: one(11, ref<Probe>(Probe), 'It gets no traffic from Services while this fails.'),
  startupProbe: one(22, ref<Probe>(Probe), 'The other probes wait until this has succeeded once.'),
  lifecycle: one(12, ref<Lifecycle>(Lifecycle), 'What to do after start and before stop.'),
  terminationMessagePath: string(13, 'The file whose text becomes the termination message.', {
    default: '/dev/termination-log',
  }),
  terminationMessagePolicy: string(20, 'Whether the log stands in for an empty file.', {
    enum: ['File', 'FallbackToLogsOnError'],
    default: 'File',
  }),
  imagePullPolicy: string(14, 'When the image is pulled; Always for the tag latest, else IfNotPresent.', {
    enum: ['Always', 'IfNotPresent', 'Never'],
  }),
  securityContext: one(15, ref<SecurityContext>(SecurityContext), 'Its privileges.'),
  stdin: boolean(16, 'Standard input stays open.'),
  stdinOnce: boolean(17, 'Standard input closes after the first client.'),
  tty: boolean(18, 'It has a terminal.'),
})

export interface EphemeralContainerCommon extends InferMessage<typeof EphemeralContainerCommon> {}
export const EphemeralContainerCommon = message(
  `${GROUP}.EphemeralContainerCommon`,
  'What an ephemeral container shares with others.',
  Container.fields,
)

export interface EphemeralContainer extends InferMessage<typeof EphemeralContainer>, EphemeralContainerCommon {}
export const EphemeralContainer = message(
  `${GROUP}.EphemeralContainer`,
  'A container added to a running pod, to look at it.',
  {
    ephemeralContainerCommon: inline(1, EphemeralContainerCommon),
    targetContainerName: string(2, 'The container whose process namespace it enters.'),
  },
)
