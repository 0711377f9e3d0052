import type { InferMessage } from '../../../schema/field.ts'
import { boolean, inline, message, one, ref, string } from '../../../schema/field.ts'
import { LocalObjectReference } from '../reference.ts'
import { ConfigMapKeySelector, ObjectFieldSelector, ResourceFieldSelector, SecretKeySelector } from './key-selector.ts'

const GROUP = 'io.k8s.api.core.v1'

export interface EnvVarSource extends InferMessage<typeof EnvVarSource> {}
export const EnvVarSource = message(`${GROUP}.EnvVarSource`, "Where a variable's value comes from.", {
  fieldRef: one(1, ref<ObjectFieldSelector>(ObjectFieldSelector), 'A field of the pod.'),
  resourceFieldRef: one(2, ref<ResourceFieldSelector>(ResourceFieldSelector), 'A request or limit of a container.'),
  configMapKeyRef: one(3, ref<ConfigMapKeySelector>(ConfigMapKeySelector), 'A key of a ConfigMap.'),
  secretKeyRef: one(4, ref<SecretKeySelector>(SecretKeySelector), 'A key of a Secret.'),
})

export interface EnvVar extends InferMessage<typeof EnvVar> {}
export const EnvVar = message(`${GROUP}.EnvVar`, 'One environment variable.', {
  name: string(1, "The variable's name.", { required: true }),
  value: string(2, 'Its value; $(NAME) is replaced by variables defined before.'),
  valueFrom: one(3, ref<EnvVarSource>(EnvVarSource), 'Where its value comes from; not together with value.'),
})

export interface ConfigMapEnvSource extends InferMessage<typeof ConfigMapEnvSource>, LocalObjectReference {}
export const ConfigMapEnvSource = message(`${GROUP}.ConfigMapEnvSource`, 'All keys of a ConfigMap as variables.', {
  localObjectReference: inline(1, LocalObjectReference),
  optional: boolean(2, 'Its absence is no error.', { explicit: true }),
})

export interface SecretEnvSource extends InferMessage<typeof SecretEnvSource>, LocalObjectReference {}
export const SecretEnvSource = message(`${GROUP}.SecretEnvSource`, 'All keys of a Secret as variables.', {
  localObjectReference: inline(1, LocalObjectReference),
  optional: boolean(2, 'Its absence is no error.', { explicit: true }),
})

export interface EnvFromSource extends InferMessage<typeof EnvFromSource> {}
export const EnvFromSource = message(`${GROUP}.EnvFromSource`, 'Variables from all keys of a ConfigMap or Secret.', {
  prefix: string(1, 'Put before each key.'),
  configMapRef: one(2, ref<ConfigMapEnvSource>(ConfigMapEnvSource), 'The ConfigMap.'),
  secretRef: one(3, ref<SecretEnvSource>(SecretEnvSource), 'The Secret.'),
})
