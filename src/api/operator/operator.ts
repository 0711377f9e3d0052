import type { InferMessage } from '../../schema/field.ts'
import { int32, int64, json, list, message, ref, string, time } from '../../schema/field.ts'

const GROUP = 'com.github.openshift.api.operator.v1'

export interface OperatorCondition extends InferMessage<typeof OperatorCondition> {}
export const OperatorCondition = message(`${GROUP}.OperatorCondition`, "One aspect of an operator's state.", {
  type: string(1, 'Which aspect.', { required: true }),
  status: string(0, 'True, False or Unknown.', { required: true, enum: ['True', 'False', 'Unknown'] }),
  lastTransitionTime: time(0, 'When the status last changed.', { required: true }),
  reason: string(0, 'Why, in a word.'),
  message: string(0, 'Why, in a sentence.'),
})

export interface GenerationStatus extends InferMessage<typeof GenerationStatus> {}
export const GenerationStatus = message(`${GROUP}.GenerationStatus`, 'Which generation of an object was seen.', {
  group: string(0, "The object's API group.", { required: true }),
  resource: string(0, 'Its resource.', { required: true }),
  namespace: string(0, 'Its namespace.', { required: true }),
  name: string(0, 'Its name.', { required: true }),
  lastGeneration: int64(0, 'The generation.', { required: true }),
  hash: string(0, 'A hash of its content.', { required: true }),
})

export interface OperatorSpec extends InferMessage<typeof OperatorSpec> {}
export const OperatorSpec = message(`${GROUP}.OperatorSpec`, 'Settings of an operator.', {
  managementState: string(0, 'Managed, Unmanaged, Removed or Force.', { required: true }),
  logLevel: string(0, 'How much is logged by what it runs.', {
    enum: ['Normal', 'Debug', 'Trace', 'TraceAll'],
    default: 'Normal',
  }),
  operatorLogLevel: string(0, 'How much is logged by the operator.', {
    enum: ['Normal', 'Debug', 'Trace', 'TraceAll'],
    default: 'Normal',
  }),
  unsupportedConfigOverrides: json(0, 'Settings without support.'),
  observedConfig: json(0, 'Settings it found.'),
})

export interface OperatorStatus extends InferMessage<typeof OperatorStatus> {}
export const OperatorStatus = message(`${GROUP}.OperatorStatus`, 'What an operator is at present.', {
  observedGeneration: int64(0, 'The generation it speaks of.'),
  conditions: list(0, ref<OperatorCondition>(OperatorCondition), 'Aspects of its state.', {
    listType: 'map',
    listKeys: ['type'],
  }),
  version: string(0, 'The version it works with.'),
  readyReplicas: int32(0, 'How many pods are ready.'),
  latestAvailableRevision: int32(0, 'The newest revision.'),
  generations: list(0, ref<GenerationStatus>(GenerationStatus), 'Which generations of objects were seen.', {
    listType: 'map',
    listKeys: ['group', 'resource', 'namespace', 'name'],
  }),
})
