import type { InferMessage } from '../../schema/field.ts'
import { list, message, STRING, string } from '../../schema/field.ts'

const GROUP = 'io.k8s.apimachinery.pkg.apis.meta.v1'

export interface FieldSelectorRequirement extends InferMessage<typeof FieldSelectorRequirement> {}
export const FieldSelectorRequirement = message(`${GROUP}.FieldSelectorRequirement`, '', {
  key: string(1, '', { required: true }),
  operator: string(2, '', { required: true }),
  values: list(3, STRING, ''),
})
