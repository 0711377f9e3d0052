import type { InferMessage } from '../../../schema/field.ts'
import { boolean, INT64, int64, list, message, one, ref, STRING, string } from '../../../schema/field.ts'

const GROUP = 'io.k8s.api.core.v1'

export interface Capabilities extends InferMessage<typeof Capabilities> {}
export const Capabilities = message(`${GROUP}.Capabilities`, "Changes to a container's Linux capabilities.", {
  add: list(1, STRING, 'Capabilities to add.'),
  drop: list(2, STRING, 'Capabilities to remove; ALL removes all.'),
})

export interface SELinuxOptions extends InferMessage<typeof SELinuxOptions> {}
export const SELinuxOptions = message(`${GROUP}.SELinuxOptions`, 'The SELinux label of a container.', {
  user: string(1, "The label's user."),
  role: string(2, "The label's role."),
  type: string(3, "The label's type."),
  level: string(4, "The label's level."),
})

export interface WindowsSecurityContextOptions extends InferMessage<typeof WindowsSecurityContextOptions> {}
export const WindowsSecurityContextOptions = message(
  `${GROUP}.WindowsSecurityContextOptions`,
  'Settings for Windows containers.',
  {
    gmsaCredentialSpecName: string(1, 'The name of a GMSA credential specification.', { explicit: true }),
    gmsaCredentialSpec: string(2, 'The specification itself.', { explicit: true }),
    runAsUserName: string(3, 'The Windows user to run as.', { explicit: true }),
    hostProcess: boolean(4, 'Run as a host process container.', { explicit: true }),
  },
)

export interface SeccompProfile extends InferMessage<typeof SeccompProfile> {}
export const SeccompProfile = message(`${GROUP}.SeccompProfile`, 'The system call filter.', {
  type: string(1, 'RuntimeDefault, Unconfined, or Localhost for a file of the node.', {
    required: true,
    enum: ['Localhost', 'RuntimeDefault', 'Unconfined'],
  }),
  localhostProfile: string(2, 'The file, for Localhost.', { explicit: true }),
})

export interface AppArmorProfile extends InferMessage<typeof AppArmorProfile> {}
export const AppArmorProfile = message(`${GROUP}.AppArmorProfile`, 'The AppArmor profile.', {
  type: string(1, 'RuntimeDefault, Unconfined, or Localhost for a profile of the node.', {
    required: true,
    enum: ['Localhost', 'RuntimeDefault', 'Unconfined'],
  }),
  localhostProfile: string(2, 'The profile, for Localhost.', { explicit: true }),
})

export interface SecurityContext extends InferMessage<typeof SecurityContext> {}
export const SecurityContext = message(
  `${GROUP}.SecurityContext`,
  "A container's privileges; they override the pod's.",
  {
    capabilities: one(1, ref<Capabilities>(Capabilities), 'Capabilities to add or drop.'),
    privileged: boolean(2, 'Root in the container is root on the node.', { explicit: true }),
    seLinuxOptions: one(3, ref<SELinuxOptions>(SELinuxOptions), 'The SELinux label.'),
    windowsOptions: one(10, ref<WindowsSecurityContextOptions>(WindowsSecurityContextOptions), 'Settings for Windows.'),
    runAsUser: int64(4, 'The user id of the first process.', { explicit: true }),
    runAsGroup: int64(8, 'The group id of the first process.', { explicit: true }),
    runAsNonRoot: boolean(5, 'Refuse to start as user 0.', { explicit: true }),
    readOnlyRootFilesystem: boolean(6, 'The root file system is read-only.', { explicit: true }),
    allowPrivilegeEscalation: boolean(7, 'A process may gain more privileges than its parent has.', { explicit: true }),
    procMount: string(9, 'How /proc is mounted.', { enum: ['Default', 'Unmasked'], explicit: true }),
    seccompProfile: one(11, ref<SeccompProfile>(SeccompProfile), 'The system call filter.'),
    appArmorProfile: one(12, ref<AppArmorProfile>(AppArmorProfile), 'The AppArmor profile.'),
  },
)

export interface Sysctl extends InferMessage<typeof Sysctl> {}
export const Sysctl = message(`${GROUP}.Sysctl`, 'One kernel parameter.', {
  name: string(1, "The parameter's name.", { required: true }),
  value: string(2, 'Its value.', { present: true, explicit: true }),
})

export interface PodSecurityContext extends InferMessage<typeof PodSecurityContext> {}
export const PodSecurityContext = message(`${GROUP}.PodSecurityContext`, 'Privileges of all containers of a pod.', {
  seLinuxOptions: one(1, ref<SELinuxOptions>(SELinuxOptions), 'The SELinux label.'),
  windowsOptions: one(8, ref<WindowsSecurityContextOptions>(WindowsSecurityContextOptions), 'Settings for Windows.'),
  runAsUser: int64(2, 'The user id of first processes.', { explicit: true }),
  runAsGroup: int64(6, 'The group id of first processes.', { explicit: true }),
  runAsNonRoot: boolean(3, 'Refuse to start as user 0.', { explicit: true }),
  supplementalGroups: list(4, INT64, 'Further group ids.'),
  supplementalGroupsPolicy: string(12, 'Whether groups of the image are merged in.', {
    enum: ['Merge', 'Strict'],
    explicit: true,
  }),
  fsGroup: int64(5, 'A further group id that owns the volumes.', { explicit: true }),
  sysctls: list(7, ref<Sysctl>(Sysctl), "Kernel parameters of the pod's namespaces."),
  fsGroupChangePolicy: string(9, 'When ownership of volumes is changed.', {
    enum: ['Always', 'OnRootMismatch'],
    explicit: true,
  }),
  seccompProfile: one(10, ref<SeccompProfile>(SeccompProfile), 'The system call filter.'),
  appArmorProfile: one(11, ref<AppArmorProfile>(AppArmorProfile), 'The AppArmor profile.'),
  seLinuxChangePolicy: string(13, 'How labels are put on volumes.', { explicit: true }),
})
