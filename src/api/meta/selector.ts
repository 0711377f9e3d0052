import type { InferMessage } from '../../schema/field.ts'
import { list, map, message, ref, STRING, string } from '../../schema/field.ts'

const GROUP = 'io.k8s.apimachinery.pkg.apis.meta.v1'

export interface LabelSelectorRequirement extends InferMessage<typeof LabelSelectorRequirement> {}
export const LabelSelectorRequirement = message(`${GROUP}.LabelSelectorRequirement`, '', {
  key: string(1, '', { required: true }),
  operator: string(2, '', { required: true, enum: ['In', 'NotIn', 'Exists', 'DoesNotExist'] }),
  values: list(3, STRING, ''),
})

export interface LabelSelector extends InferMessage<typeof LabelSelector> {}
export const LabelSelector = message(
  `${GROUP}.LabelSelector`,
  '',
  {
    matchLabels: map(1, STRING, ''),
    matchExpressions: list(2, ref<LabelSelectorRequirement>(LabelSelectorRequirement), ''),
  },
  { atomic: true },
)
