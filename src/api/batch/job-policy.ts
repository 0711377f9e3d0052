import type { InferMessage } from '../../schema/field.ts'
import { INT32, int32, list, message, one, ref, string } from '../../schema/field.ts'

const GROUP = 'io.k8s.api.batch.v1'

export interface PodFailurePolicyOnExitCodesRequirement
  extends InferMessage<typeof PodFailurePolicyOnExitCodesRequirement> {}
export const PodFailurePolicyOnExitCodesRequirement = message(
  `${GROUP}.PodFailurePolicyOnExitCodesRequirement`,
  'Exit codes that a rule speaks of.',
  {
    containerName: string(1, 'The container; any where absent.', { explicit: true }),
    operator: string(2, 'In or NotIn.', { required: true, enum: ['In', 'NotIn'] }),
    values: list(3, INT32, 'The codes.', { required: true, listType: 'set' }),
  },
)

export interface PodFailurePolicyOnPodConditionsPattern
  extends InferMessage<typeof PodFailurePolicyOnPodConditionsPattern> {}
export const PodFailurePolicyOnPodConditionsPattern = message(
  `${GROUP}.PodFailurePolicyOnPodConditionsPattern`,
  'A condition that a rule speaks of.',
  {
    type: string(1, 'Which condition.', { required: true }),
    status: string(2, 'True, False or Unknown.', { required: true, default: 'True' }),
  },
)

export interface PodFailurePolicyRule extends InferMessage<typeof PodFailurePolicyRule> {}
export const PodFailurePolicyRule = message(`${GROUP}.PodFailurePolicyRule`, 'What follows from a way of failing.', {
  action: string(1, 'FailJob, FailIndex, Ignore or Count.', {
    required: true,
    enum: ['Count', 'FailIndex', 'FailJob', 'Ignore'],
  }),
  onExitCodes: one(
    2,
    ref<PodFailurePolicyOnExitCodesRequirement>(PodFailurePolicyOnExitCodesRequirement),
    'By the exit code.',
  ),
  onPodConditions: list(
    3,
    ref<PodFailurePolicyOnPodConditionsPattern>(PodFailurePolicyOnPodConditionsPattern),
    'By a condition of the pod.',
  ),
})

export interface PodFailurePolicy extends InferMessage<typeof PodFailurePolicy> {}
export const PodFailurePolicy = message(`${GROUP}.PodFailurePolicy`, 'What follows when a pod fails.', {
  rules: list(1, ref<PodFailurePolicyRule>(PodFailurePolicyRule), 'The first that fits counts.', { required: true }),
})

export interface SuccessPolicyRule extends InferMessage<typeof SuccessPolicyRule> {}
export const SuccessPolicyRule = message(`${GROUP}.SuccessPolicyRule`, 'What is enough.', {
  succeededIndexes: string(1, 'Indexes that must succeed, as in 1,3-5.', { explicit: true }),
  succeededCount: int32(2, 'How many of them; all where absent.', { explicit: true }),
})

export interface SuccessPolicy extends InferMessage<typeof SuccessPolicy> {}
export const SuccessPolicy = message(`${GROUP}.SuccessPolicy`, 'When an indexed Job has done enough.', {
  rules: list(1, ref<SuccessPolicyRule>(SuccessPolicyRule), 'One that holds is enough.', { required: true }),
})
