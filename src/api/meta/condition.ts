import type { InferMessage } from '../../schema/field.ts'
import { int64, message, string, time } from '../../schema/field.ts'

const GROUP = 'io.k8s.apimachinery.pkg.apis.meta.v1'

export interface Condition extends InferMessage<typeof Condition> {}
export const Condition = message(`${GROUP}.Condition`, "One aspect of an object's state.", {
  type: string(1, 'Which aspect.', { required: true }),
  status: string(2, 'True, False or Unknown.', { required: true }),
  observedGeneration: int64(3, 'The generation it speaks of.', { minimum: 0 }),
  lastTransitionTime: time(4, 'When the status last changed.', { required: true }),
  reason: string(5, 'Why, in a word.', { required: true }),
  message: string(6, 'Why, in a sentence.', { required: true }),
})
