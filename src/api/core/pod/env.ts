import type { InferMessage } from '../../../schema/field.ts'
import { boolean, inline, message, one, ref, string } from '../../../schema/field.ts'
import { LocalObjectReference } from '../reference.ts'
import { ConfigMapKeySelector, ObjectFieldSelector, ResourceFieldSelector, SecretKeySelector } from './key-selector.ts'

const GROUP = 'io.k8s.api.core.v1'

export interface EnvVarSource extends InferMessage<typeof EnvVarSource> {}
export const EnvVarSource = message(`${GROUP}.EnvVarSource`, '', {
  fieldRef: one(1, ref<ObjectFieldSelector>(ObjectFieldSelector), ''),
  resourceFieldRef: one(2, ref<ResourceFieldSelector>(ResourceFieldSelector), ''),
  configMapKeyRef: one(3, ref<ConfigMapKeySelector>(ConfigMapKeySelector), ''),
  secretKeyRef: one(4, ref<SecretKeySelector>(SecretKeySelector), ''),
})

export interface EnvVar extends InferMessage<typeof EnvVar> {}
export const EnvVar = message(`${GROUP}.EnvVar`, '', {
  name: string(1, '', { required: true }),
  value: string(2, ''),
  valueFrom: one(3, ref<EnvVarSource>(EnvVarSource), ''),
})

export interface ConfigMapEnvSource extends InferMessage<typeof ConfigMapEnvSource>, LocalObjectReference {}
export const ConfigMapEnvSource = message(`${GROUP}.ConfigMapEnvSource`, '', {
  localObjectReference: inline(1, LocalObjectReference),
  optional: boolean(2, '', { explicit: true }),
})

export interface SecretEnvSource extends InferMessage<typeof SecretEnvSource>, LocalObjectReference {}
export const SecretEnvSource = message(`${GROUP}.SecretEnvSource`, '', {
  localObjectReference: inline(1, LocalObjectReference),
  optional: boolean(2, '', { explicit: true }),
})

export interface EnvFromSource extends InferMessage<typeof EnvFromSource> {}
export const EnvFromSource = message(`${GROUP}.EnvFromSource`, '', {
  prefix: string(1, ''),
  configMapRef: one(2, ref<ConfigMapEnvSource>(ConfigMapEnvSource), ''),
  secretRef: one(3, ref<SecretEnvSource>(SecretEnvSource), ''),
})
