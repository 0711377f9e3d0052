import type { InferMessage } from '../../schema/field.ts'
import { message, one, ref, string } from '../../schema/field.ts'

const GROUP = 'io.k8s.api.core.v1'

export interface ConfigMapNodeConfigSource extends InferMessage<typeof ConfigMapNodeConfigSource> {}
export const ConfigMapNodeConfigSource = message(
  `${GROUP}.ConfigMapNodeConfigSource`,
  'Kubelet configuration in a ConfigMap; no longer used.',
  {
    namespace: string(1, "The ConfigMap's namespace.", { required: true }),
    name: string(2, "The ConfigMap's name.", { required: true }),
    uid: string(3, "The ConfigMap's UID."),
    resourceVersion: string(4, "The ConfigMap's version."),
    kubeletConfigKey: string(5, 'The key that holds the configuration.', { required: true }),
  },
)

export interface NodeConfigSource extends InferMessage<typeof NodeConfigSource> {}
export const NodeConfigSource = message(
  `${GROUP}.NodeConfigSource`,
  "Where a node's configuration comes from; no longer used.",
  {
    configMap: one(2, ref<ConfigMapNodeConfigSource>(ConfigMapNodeConfigSource), 'The ConfigMap that holds it.'),
  },
)
