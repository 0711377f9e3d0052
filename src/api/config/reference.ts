import type { InferMessage } from '../../schema/field.ts'
import { message, string } from '../../schema/field.ts'

const GROUP = 'com.github.openshift.api.config.v1'

export interface ConfigMapNameReference extends InferMessage<typeof ConfigMapNameReference> {}
export const ConfigMapNameReference = message(`${GROUP}.ConfigMapNameReference`, '', {
  name: string(0, '', { required: true }),
})

export interface ConfigMapFileReference extends InferMessage<typeof ConfigMapFileReference> {}
export const ConfigMapFileReference = message(`${GROUP}.ConfigMapFileReference`, '', {
  name: string(0, '', { required: true }),
  key: string(0, ''),
})

export interface SecretNameReference extends InferMessage<typeof SecretNameReference> {}
export const SecretNameReference = message(`${GROUP}.SecretNameReference`, '', {
  name: string(0, '', { required: true }),
})

export interface ObjectReference extends InferMessage<typeof ObjectReference> {}
export const ObjectReference = message(`${GROUP}.ObjectReference`, '', {
  group: string(0, '', { required: true }),
  resource: string(0, '', { required: true }),
  namespace: string(0, ''),
  name: string(0, '', { required: true }),
})
