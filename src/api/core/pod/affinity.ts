import type { InferMessage } from '../../../schema/field.ts'
import { int32, list, message, one, ref, STRING, string } from '../../../schema/field.ts'
import { LabelSelector } from '../../meta/selector.ts'

const GROUP = 'io.k8s.api.core.v1'

export interface NodeSelectorRequirement extends InferMessage<typeof NodeSelectorRequirement> {}
export const NodeSelectorRequirement = message(`${GROUP}.NodeSelectorRequirement`, '', {
  key: string(1, '', { required: true }),
  operator: string(2, '', { required: true, enum: ['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt'] }),
  values: list(3, STRING, ''),
})

export interface NodeSelectorTerm extends InferMessage<typeof NodeSelectorTerm> {}
export const NodeSelectorTerm = message(
  `${GROUP}.NodeSelectorTerm`,
  '',
  {
    matchExpressions: list(1, ref<NodeSelectorRequirement>(NodeSelectorRequirement), ''),
    matchFields: list(2, ref<NodeSelectorRequirement>(NodeSelectorRequirement), ''),
  },
  { atomic: true },
)

export interface NodeSelector extends InferMessage<typeof NodeSelector> {}
export const NodeSelector = message(
  `${GROUP}.NodeSelector`,
  '',
  {
    nodeSelectorTerms: list(1, ref<NodeSelectorTerm>(NodeSelectorTerm), '', { required: true }),
  },
  { atomic: true },
)

export interface PreferredSchedulingTerm extends InferMessage<typeof PreferredSchedulingTerm> {}
export const PreferredSchedulingTerm = message(`${GROUP}.PreferredSchedulingTerm`, '', {
  weight: int32(1, '', { required: true }),
  preference: one(2, ref<NodeSelectorTerm>(NodeSelectorTerm), '', { required: true }),
})

export interface NodeAffinity extends InferMessage<typeof NodeAffinity> {}
export const NodeAffinity = message(`${GROUP}.NodeAffinity`, '', {
  requiredDuringSchedulingIgnoredDuringExecution: one(1, ref<NodeSelector>(NodeSelector), ''),
  preferredDuringSchedulingIgnoredDuringExecution: list(2, ref<PreferredSchedulingTerm>(PreferredSchedulingTerm), ''),
})

export interface PodAffinityTerm extends InferMessage<typeof PodAffinityTerm> {}
export const PodAffinityTerm = message(`${GROUP}.PodAffinityTerm`, '', {
  labelSelector: one(1, ref<LabelSelector>(LabelSelector), ''),
  namespaces: list(2, STRING, ''),
  topologyKey: string(3, '', { required: true }),
  namespaceSelector: one(4, ref<LabelSelector>(LabelSelector), ''),
  matchLabelKeys: list(5, STRING, ''),
  mismatchLabelKeys: list(6, STRING, ''),
})

export interface WeightedPodAffinityTerm extends InferMessage<typeof WeightedPodAffinityTerm> {}
export const WeightedPodAffinityTerm = message(`${GROUP}.WeightedPodAffinityTerm`, '', {
  weight: int32(1, '', { required: true }),
  podAffinityTerm: one(2, ref<PodAffinityTerm>(PodAffinityTerm), '', { required: true }),
})

export interface PodAffinity extends InferMessage<typeof PodAffinity> {}
export const PodAffinity = message(`${GROUP}.PodAffinity`, '', {
  requiredDuringSchedulingIgnoredDuringExecution: list(1, ref<PodAffinityTerm>(PodAffinityTerm), ''),
  preferredDuringSchedulingIgnoredDuringExecution: list(2, ref<WeightedPodAffinityTerm>(WeightedPodAffinityTerm), ''),
})

export interface PodAntiAffinity extends InferMessage<typeof PodAntiAffinity> {}
export const PodAntiAffinity = message(`${GROUP}.PodAntiAffinity`, '', {
  requiredDuringSchedulingIgnoredDuringExecution: list(1, ref<PodAffinityTerm>(PodAffinityTerm), ''),
  preferredDuringSchedulingIgnoredDuringExecution: list(2, ref<WeightedPodAffinityTerm>(WeightedPodAffinityTerm), ''),
})

export interface Affinity extends InferMessage<typeof Affinity> {}
export const Affinity = message(`${GROUP}.Affinity`, '', {
  nodeAffinity: one(1, ref<NodeAffinity>(NodeAffinity), ''),
  podAffinity: one(2, ref<PodAffinity>(PodAffinity), ''),
  podAntiAffinity: one(3, ref<PodAntiAffinity>(PodAntiAffinity), ''),
})
