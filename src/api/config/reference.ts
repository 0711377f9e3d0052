import type { InferMessage } from '../../schema/field.ts'
import { message, string } from '../../schema/field.ts'

const GROUP = 'com.github.openshift.api.config.v1'

export interface ConfigMapNameReference extends InferMessage<typeof ConfigMapNameReference> {}
export const ConfigMapNameReference = message(`${GROUP}.ConfigMapNameReference`, 'A ConfigMap, by name.', {
  // Required there, but empty where there is none: as good as absent.
  name: string(0, 'Its name; empty: none.'),
})

export interface ConfigMapFileReference extends InferMessage<typeof ConfigMapFileReference> {}
export const ConfigMapFileReference = message(`${GROUP}.ConfigMapFileReference`, 'A key of a ConfigMap.', {
  name: string(0, 'The ConfigMap.', { required: true }),
  key: string(0, 'The key.'),
})

export interface SecretNameReference extends InferMessage<typeof SecretNameReference> {}
export const SecretNameReference = message(`${GROUP}.SecretNameReference`, 'A Secret, by name.', {
  name: string(0, 'Its name.', { required: true }),
})

export interface ObjectReference extends InferMessage<typeof ObjectReference> {}
export const ObjectReference = message(`${GROUP}.ObjectReference`, 'Another object.', {
  group: string(0, 'Its API group.', { required: true }),
  resource: string(0, 'Its resource.', { required: true }),
  namespace: string(0, 'Its namespace.'),
  name: string(0, 'Its name.', { required: true }),
})
