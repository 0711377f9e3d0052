import type { InferMessage } from '../../schema/field.ts'
import { boolean, list, message, one, ref, string } from '../../schema/field.ts'
import { LabelSelectorRequirement } from '../meta/selector.ts'
import { FieldSelectorRequirement } from '../meta/selector-requirement.ts'

const GROUP = 'io.k8s.api.authorization.v1'

export interface FieldSelectorAttributes extends InferMessage<typeof FieldSelectorAttributes> {}
export const FieldSelectorAttributes = message(`${GROUP}.FieldSelectorAttributes`, '', {
  rawSelector: string(1, ''),
  requirements: list(2, ref<FieldSelectorRequirement>(FieldSelectorRequirement), ''),
})

export interface LabelSelectorAttributes extends InferMessage<typeof LabelSelectorAttributes> {}
export const LabelSelectorAttributes = message(`${GROUP}.LabelSelectorAttributes`, '', {
  rawSelector: string(1, ''),
  requirements: list(2, ref<LabelSelectorRequirement>(LabelSelectorRequirement), ''),
})

export interface ResourceAttributes extends InferMessage<typeof ResourceAttributes> {}
export const ResourceAttributes = message(`${GROUP}.ResourceAttributes`, '', {
  namespace: string(1, ''),
  verb: string(2, ''),
  group: string(3, ''),
  version: string(4, ''),
  resource: string(5, ''),
  subresource: string(6, ''),
  name: string(7, ''),
  fieldSelector: one(8, ref<FieldSelectorAttributes>(FieldSelectorAttributes), ''),
  labelSelector: one(9, ref<LabelSelectorAttributes>(LabelSelectorAttributes), ''),
})

export interface NonResourceAttributes extends InferMessage<typeof NonResourceAttributes> {}
export const NonResourceAttributes = message(`${GROUP}.NonResourceAttributes`, '', {
  path: string(1, ''),
  verb: string(2, ''),
})

export interface SubjectAccessReviewStatus extends InferMessage<typeof SubjectAccessReviewStatus> {}
export const SubjectAccessReviewStatus = message(`${GROUP}.SubjectAccessReviewStatus`, '', {
  allowed: boolean(1, '', { required: true }),
  denied: boolean(4, ''),
  reason: string(2, ''),
  evaluationError: string(3, ''),
})
