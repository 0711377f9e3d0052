import type { InferMessage } from '../../schema/field.ts'
import { list, map, message, ref, STRING, string } from '../../schema/field.ts'

const GROUP = 'io.k8s.apimachinery.pkg.apis.meta.v1'

export interface LabelSelectorRequirement extends InferMessage<typeof LabelSelectorRequirement> {}
export const LabelSelectorRequirement = message(`${GROUP}.LabelSelectorRequirement`, 'A demand on a label.', {
  key: string(1, 'The label.', { required: true }),
  operator: string(2, 'In, NotIn, Exists or DoesNotExist.', { required: true }),
  values: list(3, STRING, 'The values; none for Exists and DoesNotExist.'),
})

export interface LabelSelector extends InferMessage<typeof LabelSelector> {}
export const LabelSelector = message(
  `${GROUP}.LabelSelector`,
  'Selects objects by label. Empty selects all, absent none.',
  {
    matchLabels: map(1, STRING, 'Labels with exactly these values.'),
    matchExpressions: list(
      2,
      ref<LabelSelectorRequirement>(LabelSelectorRequirement),
      'Further demands; all must hold.',
    ),
  },
  { atomic: true },
)
