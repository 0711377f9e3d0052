import type { InferMessage } from '../../schema/field.ts'
import { int64, message, string, time } from '../../schema/field.ts'

const GROUP = 'io.k8s.apimachinery.pkg.apis.meta.v1'

export interface Condition extends InferMessage<typeof Condition> {}
export const Condition = message(`${GROUP}.Condition`, '', {
  type: string(1, '', { required: true }),
  status: string(2, '', { required: true, enum: ['True', 'False', 'Unknown'] }),
  observedGeneration: int64(3, '', { minimum: 0 }),
  lastTransitionTime: time(4, '', { required: true }),
  reason: string(5, '', { required: true }),
  message: string(6, '', { required: true }),
})
