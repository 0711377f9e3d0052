import type { InferMessage } from '../../../schema/field.ts'
import { boolean, INT64, int64, list, message, one, ref, STRING, string } from '../../../schema/field.ts'

const GROUP = 'io.k8s.api.core.v1'

export interface Capabilities extends InferMessage<typeof Capabilities> {}
export const Capabilities = message(`${GROUP}.Capabilities`, '', {
  add: list(1, STRING, ''),
  drop: list(2, STRING, ''),
})

export interface SELinuxOptions extends InferMessage<typeof SELinuxOptions> {}
export const SELinuxOptions = message(`${GROUP}.SELinuxOptions`, '', {
  user: string(1, ''),
  role: string(2, ''),
  type: string(3, ''),
  level: string(4, ''),
})

export interface WindowsSecurityContextOptions extends InferMessage<typeof WindowsSecurityContextOptions> {}
export const WindowsSecurityContextOptions = message(`${GROUP}.WindowsSecurityContextOptions`, '', {
  gmsaCredentialSpecName: string(1, '', { explicit: true }),
  gmsaCredentialSpec: string(2, '', { explicit: true }),
  runAsUserName: string(3, '', { explicit: true }),
  hostProcess: boolean(4, '', { explicit: true }),
})

export interface SeccompProfile extends InferMessage<typeof SeccompProfile> {}
export const SeccompProfile = message(`${GROUP}.SeccompProfile`, '', {
  type: string(1, '', { required: true, enum: ['Unconfined', 'RuntimeDefault', 'Localhost'] }),
  localhostProfile: string(2, '', { explicit: true }),
})

export interface AppArmorProfile extends InferMessage<typeof AppArmorProfile> {}
export const AppArmorProfile = message(`${GROUP}.AppArmorProfile`, '', {
  type: string(1, '', { required: true, enum: ['Unconfined', 'RuntimeDefault', 'Localhost'] }),
  localhostProfile: string(2, '', { explicit: true }),
})

export interface SecurityContext extends InferMessage<typeof SecurityContext> {}
export const SecurityContext = message(`${GROUP}.SecurityContext`, '', {
  capabilities: one(1, ref<Capabilities>(Capabilities), ''),
  privileged: boolean(2, '', { explicit: true }),
  seLinuxOptions: one(3, ref<SELinuxOptions>(SELinuxOptions), ''),
  windowsOptions: one(10, ref<WindowsSecurityContextOptions>(WindowsSecurityContextOptions), ''),
  runAsUser: int64(4, '', { explicit: true }),
  runAsGroup: int64(8, '', { explicit: true }),
  runAsNonRoot: boolean(5, '', { explicit: true }),
  readOnlyRootFilesystem: boolean(6, '', { explicit: true }),
  allowPrivilegeEscalation: boolean(7, '', { explicit: true }),
  procMount: string(9, '', { enum: ['Default', 'Unmasked'], explicit: true }),
  seccompProfile: one(11, ref<SeccompProfile>(SeccompProfile), ''),
  appArmorProfile: one(12, ref<AppArmorProfile>(AppArmorProfile), ''),
})

export interface Sysctl extends InferMessage<typeof Sysctl> {}
export const Sysctl = message(`${GROUP}.Sysctl`, '', {
  name: string(1, '', { required: true }),
  value: string(2, '', { required: true }),
})

export interface PodSecurityContext extends InferMessage<typeof PodSecurityContext> {}
export const PodSecurityContext = message(`${GROUP}.PodSecurityContext`, '', {
  seLinuxOptions: one(1, ref<SELinuxOptions>(SELinuxOptions), ''),
  windowsOptions: one(8, ref<WindowsSecurityContextOptions>(WindowsSecurityContextOptions), ''),
  runAsUser: int64(2, '', { explicit: true }),
  runAsGroup: int64(6, '', { explicit: true }),
  runAsNonRoot: boolean(3, '', { explicit: true }),
  supplementalGroups: list(4, INT64, ''),
  supplementalGroupsPolicy: string(12, '', { enum: ['Merge', 'Strict'], explicit: true }),
  fsGroup: int64(5, '', { explicit: true }),
  sysctls: list(7, ref<Sysctl>(Sysctl), ''),
  fsGroupChangePolicy: string(9, '', { enum: ['OnRootMismatch', 'Always'], explicit: true }),
  seccompProfile: one(10, ref<SeccompProfile>(SeccompProfile), ''),
  appArmorProfile: one(11, ref<AppArmorProfile>(AppArmorProfile), ''),
  seLinuxChangePolicy: string(13, '', { explicit: true }),
})
