import type { InferMessage } from '../../../schema/field.ts'
import { int32, list, message, one, ref, STRING, string } from '../../../schema/field.ts'
import { LabelSelector } from '../../meta/selector.ts'

const GROUP = 'io.k8s.api.core.v1'

export interface NodeSelectorRequirement extends InferMessage<typeof NodeSelectorRequirement> {}
export const NodeSelectorRequirement = message(
  `${GROUP}.NodeSelectorRequirement`,
  "A demand on a node's label or field.",
  {
    key: string(1, 'The label or field.', { required: true }),
    operator: string(2, 'How key and values relate.', {
      required: true,
      enum: ['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt'],
    }),
    values: list(3, STRING, 'The values; none for Exists, one integer for Gt and Lt.'),
  },
)

export interface NodeSelectorTerm extends InferMessage<typeof NodeSelectorTerm> {}
export const NodeSelectorTerm = message(
  `${GROUP}.NodeSelectorTerm`,
  'Demands that must all hold.',
  {
    matchExpressions: list(1, ref<NodeSelectorRequirement>(NodeSelectorRequirement), 'On labels.'),
    matchFields: list(2, ref<NodeSelectorRequirement>(NodeSelectorRequirement), 'On fields.'),
  },
  { atomic: true },
)

export interface NodeSelector extends InferMessage<typeof NodeSelector> {}
export const NodeSelector = message(
  `${GROUP}.NodeSelector`,
  'Terms of which one must hold.',
  {
    nodeSelectorTerms: list(1, ref<NodeSelectorTerm>(NodeSelectorTerm), 'The terms.', { required: true }),
  },
  { atomic: true },
)

export interface PreferredSchedulingTerm extends InferMessage<typeof PreferredSchedulingTerm> {}
export const PreferredSchedulingTerm = message(`${GROUP}.PreferredSchedulingTerm`, 'A wish for a node.', {
  weight: int32(1, 'How much it counts, from 1 to 100.', { required: true }),
  preference: one(2, ref<NodeSelectorTerm>(NodeSelectorTerm), 'The wish.', { required: true }),
})

export interface NodeAffinity extends InferMessage<typeof NodeAffinity> {}
export const NodeAffinity = message(`${GROUP}.NodeAffinity`, 'Which nodes a pod goes to.', {
  requiredDuringSchedulingIgnoredDuringExecution: one(
    1,
    ref<NodeSelector>(NodeSelector),
    'What must hold when the pod is placed.',
  ),
  preferredDuringSchedulingIgnoredDuringExecution: list(
    2,
    ref<PreferredSchedulingTerm>(PreferredSchedulingTerm),
    'What should hold when the pod is placed.',
  ),
})

export interface PodAffinityTerm extends InferMessage<typeof PodAffinityTerm> {}
export const PodAffinityTerm = message(
  `${GROUP}.PodAffinityTerm`,
  'A set of pods, and the domain they are looked for in.',
  {
    labelSelector: one(1, ref<LabelSelector>(LabelSelector), 'The pods.'),
    namespaces: list(2, STRING, 'Their namespaces.'),
    topologyKey: string(3, 'Nodes with the same value of this label are one domain.', { required: true }),
    namespaceSelector: one(4, ref<LabelSelector>(LabelSelector), 'Their namespaces, by label.'),
    matchLabelKeys: list(5, STRING, 'Labels of the incoming pod whose values the pods must share.'),
    mismatchLabelKeys: list(6, STRING, 'Labels of the incoming pod whose values the pods must not share.'),
  },
)

export interface WeightedPodAffinityTerm extends InferMessage<typeof WeightedPodAffinityTerm> {}
export const WeightedPodAffinityTerm = message(`${GROUP}.WeightedPodAffinityTerm`, 'A wish about pods.', {
  weight: int32(1, 'How much it counts, from 1 to 100.', { required: true }),
  podAffinityTerm: one(2, ref<PodAffinityTerm>(PodAffinityTerm), 'The wish.', { required: true }),
})

export interface PodAffinity extends InferMessage<typeof PodAffinity> {}
export const PodAffinity = message(`${GROUP}.PodAffinity`, 'Near which pods a pod goes.', {
  requiredDuringSchedulingIgnoredDuringExecution: list(
    1,
    ref<PodAffinityTerm>(PodAffinityTerm),
    'What must hold when the pod is placed.',
  ),
  preferredDuringSchedulingIgnoredDuringExecution: list(
    2,
    ref<WeightedPodAffinityTerm>(WeightedPodAffinityTerm),
    'What should hold when the pod is placed.',
  ),
})

export interface PodAntiAffinity extends InferMessage<typeof PodAntiAffinity> {}
export const PodAntiAffinity = message(`${GROUP}.PodAntiAffinity`, 'Away from which pods a pod goes.', {
  requiredDuringSchedulingIgnoredDuringExecution: list(
    1,
    ref<PodAffinityTerm>(PodAffinityTerm),
    'What must hold when the pod is placed.',
  ),
  preferredDuringSchedulingIgnoredDuringExecution: list(
    2,
    ref<WeightedPodAffinityTerm>(WeightedPodAffinityTerm),
    'What should hold when the pod is placed.',
  ),
})

export interface Affinity extends InferMessage<typeof Affinity> {}
export const Affinity = message(`${GROUP}.Affinity`, 'Where a pod goes.', {
  nodeAffinity: one(1, ref<NodeAffinity>(NodeAffinity), 'Which nodes.'),
  podAffinity: one(2, ref<PodAffinity>(PodAffinity), 'Near which pods.'),
  podAntiAffinity: one(3, ref<PodAntiAffinity>(PodAntiAffinity), 'Away from which pods.'),
})
