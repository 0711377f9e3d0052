import type { InferMessage } from '../../schema/field.ts'
import { boolean, list, message, one, ref, string } from '../../schema/field.ts'
import { LabelSelectorRequirement } from '../meta/selector.ts'
import { FieldSelectorRequirement } from '../meta/selector-requirement.ts'

const GROUP = 'io.k8s.api.authorization.v1'

export interface FieldSelectorAttributes extends InferMessage<typeof FieldSelectorAttributes> {}
export const FieldSelectorAttributes = message(`${GROUP}.FieldSelectorAttributes`, 'The field selector of a request.', {
  rawSelector: string(1, 'As text.'),
  requirements: list(2, ref<FieldSelectorRequirement>(FieldSelectorRequirement), 'As demands.'),
})

export interface LabelSelectorAttributes extends InferMessage<typeof LabelSelectorAttributes> {}
export const LabelSelectorAttributes = message(`${GROUP}.LabelSelectorAttributes`, 'The label selector of a request.', {
  rawSelector: string(1, 'As text.'),
  requirements: list(2, ref<LabelSelectorRequirement>(LabelSelectorRequirement), 'As demands.'),
})

export interface ResourceAttributes extends InferMessage<typeof ResourceAttributes> {}
export const ResourceAttributes = message(`${GROUP}.ResourceAttributes`, 'A request for a resource.', {
  namespace: string(1, 'The namespace; empty for all, or none.'),
  verb: string(2, 'The verb; * for all.'),
  group: string(3, 'The API group; * for all.'),
  version: string(4, 'The API version; * for all.'),
  resource: string(5, 'The resource; * for all.'),
  subresource: string(6, 'The subresource.'),
  name: string(7, 'The object; empty for all.'),
  fieldSelector: one(8, ref<FieldSelectorAttributes>(FieldSelectorAttributes), 'The field selector.'),
  labelSelector: one(9, ref<LabelSelectorAttributes>(LabelSelectorAttributes), 'The label selector.'),
})

export interface NonResourceAttributes extends InferMessage<typeof NonResourceAttributes> {}
export const NonResourceAttributes = message(`${GROUP}.NonResourceAttributes`, 'A request for a path.', {
  path: string(1, 'The path.'),
  verb: string(2, 'The verb.'),
})

export interface SubjectAccessReviewStatus extends InferMessage<typeof SubjectAccessReviewStatus> {}
export const SubjectAccessReviewStatus = message(`${GROUP}.SubjectAccessReviewStatus`, 'The answer.', {
  allowed: boolean(1, 'It may be done.', { required: true }),
  denied: boolean(4, 'It must not be done, whatever others say.'),
  reason: string(2, 'Why.'),
  evaluationError: string(3, 'What went wrong in deciding.'),
})
