import type { InferMessage } from '../../../schema/field.ts'
import { message, one, ref } from '../../../schema/field.ts'
import { ObjectMeta } from '../../meta/meta.ts'
import { PodSpec } from './spec.ts'

const GROUP = 'io.k8s.api.core.v1'

export interface PodTemplateSpec extends InferMessage<typeof PodTemplateSpec> {}
export const PodTemplateSpec = message(`${GROUP}.PodTemplateSpec`, 'What pods are made from.', {
  metadata: one(1, ref<ObjectMeta>(ObjectMeta), 'Labels and annotations of the pods.'),
  spec: one(2, ref<PodSpec>(PodSpec), 'What the pods should be.'),
})
