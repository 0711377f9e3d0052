import type { InferMessage } from '../../../schema/field.ts'
import { int32, message, one, ref, string } from '../../../schema/field.ts'
import { ObjectFieldSelector, ResourceFieldSelector } from './key-selector.ts'

const GROUP = 'io.k8s.api.core.v1'

export interface KeyToPath extends InferMessage<typeof KeyToPath> {}
export const KeyToPath = message(`${GROUP}.KeyToPath`, 'A key, and the file it becomes.', {
  key: string(1, 'The key.', { required: true }),
  path: string(2, "The file's path.", { required: true }),
  mode: int32(3, "The file's mode.", { explicit: true }),
})

export interface DownwardAPIVolumeFile extends InferMessage<typeof DownwardAPIVolumeFile> {}
export const DownwardAPIVolumeFile = message(
  `${GROUP}.DownwardAPIVolumeFile`,
  'A field of the pod, and the file it becomes.',
  {
    path: string(1, "The file's path.", { required: true }),
    fieldRef: one(2, ref<ObjectFieldSelector>(ObjectFieldSelector), 'A field of the pod.'),
    resourceFieldRef: one(3, ref<ResourceFieldSelector>(ResourceFieldSelector), 'A request or limit of a container.'),
    mode: int32(4, "The file's mode.", { explicit: true }),
  },
)
