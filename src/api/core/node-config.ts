import type { InferMessage } from '../../schema/field.ts'
import { message, one, ref, string } from '../../schema/field.ts'

const GROUP = 'io.k8s.api.core.v1'

export interface ConfigMapNodeConfigSource extends InferMessage<typeof ConfigMapNodeConfigSource> {}
export const ConfigMapNodeConfigSource = message(`${GROUP}.ConfigMapNodeConfigSource`, '', {
  namespace: string(1, '', { required: true }),
  name: string(2, '', { required: true }),
  uid: string(3, ''),
  resourceVersion: string(4, ''),
  kubeletConfigKey: string(5, '', { required: true }),
})

export interface NodeConfigSource extends InferMessage<typeof NodeConfigSource> {}
export const NodeConfigSource = message(`${GROUP}.NodeConfigSource`, '', {
  configMap: one(2, ref<ConfigMapNodeConfigSource>(ConfigMapNodeConfigSource), ''),
})
