import type { InferMessage } from '../../../schema/field.ts'
import { int32, message, one, ref, string } from '../../../schema/field.ts'
import { ObjectFieldSelector, ResourceFieldSelector } from './key-selector.ts'

const GROUP = 'io.k8s.api.core.v1'

export interface KeyToPath extends InferMessage<typeof KeyToPath> {}
export const KeyToPath = message(`${GROUP}.KeyToPath`, '', {
  key: string(1, '', { required: true }),
  path: string(2, '', { required: true }),
  mode: int32(3, '', { explicit: true }),
})

export interface DownwardAPIVolumeFile extends InferMessage<typeof DownwardAPIVolumeFile> {}
export const DownwardAPIVolumeFile = message(`${GROUP}.DownwardAPIVolumeFile`, '', {
  path: string(1, '', { required: true }),
  fieldRef: one(2, ref<ObjectFieldSelector>(ObjectFieldSelector), ''),
  resourceFieldRef: one(3, ref<ResourceFieldSelector>(ResourceFieldSelector), ''),
  mode: int32(4, '', { explicit: true }),
})
