import type { InferMessage } from '../../schema/field.ts'
import { list, message, STRING, string } from '../../schema/field.ts'

const GROUP = 'io.k8s.apimachinery.pkg.apis.meta.v1'

export interface FieldSelectorRequirement extends InferMessage<typeof FieldSelectorRequirement> {}
export const FieldSelectorRequirement = message(`${GROUP}.FieldSelectorRequirement`, 'A demand on a field or label.', {
  key: string(1, 'The field or label.', { required: true }),
  operator: string(2, 'In, NotIn, Exists or DoesNotExist.', { required: true }),
  values: list(3, STRING, 'The values.'),
})
