import type { InferMessage } from '../../schema/field.ts'
import { int32, int64, json, list, message, ref, string, time } from '../../schema/field.ts'

const GROUP = 'com.github.openshift.api.operator.v1'

export interface OperatorCondition extends InferMessage<typeof OperatorCondition> {}
export const OperatorCondition = message(`${GROUP}.OperatorCondition`, '', {
  type: string(1, '', { required: true }),
  status: string(0, '', { required: true, enum: ['True', 'False', 'Unknown'] }),
  lastTransitionTime: time(0, '', { required: true }),
  reason: string(0, ''),
  message: string(0, ''),
})

export interface GenerationStatus extends InferMessage<typeof GenerationStatus> {}
export const GenerationStatus = message(`${GROUP}.GenerationStatus`, '', {
  group: string(0, '', { required: true }),
  resource: string(0, '', { required: true }),
  namespace: string(0, '', { required: true }),
  name: string(0, '', { required: true }),
  lastGeneration: int64(0, '', { required: true }),
  hash: string(0, '', { required: true }),
})

export interface OperatorSpec extends InferMessage<typeof OperatorSpec> {}
export const OperatorSpec = message(`${GROUP}.OperatorSpec`, '', {
  managementState: string(0, '', { required: true }),
  logLevel: string(0, '', { enum: ['Normal', 'Debug', 'Trace', 'TraceAll'], default: 'Normal' }),
  operatorLogLevel: string(0, '', { enum: ['Normal', 'Debug', 'Trace', 'TraceAll'], default: 'Normal' }),
  unsupportedConfigOverrides: json(0, ''),
  observedConfig: json(0, ''),
})

export interface OperatorStatus extends InferMessage<typeof OperatorStatus> {}
export const OperatorStatus = message(`${GROUP}.OperatorStatus`, '', {
  observedGeneration: int64(0, ''),
  conditions: list(0, ref<OperatorCondition>(OperatorCondition), '', { listType: 'map', listKeys: ['type'] }),
  version: string(0, ''),
  readyReplicas: int32(0, ''),
  latestAvailableRevision: int32(0, ''),
  generations: list(0, ref<GenerationStatus>(GenerationStatus), '', {
    listType: 'map',
    listKeys: ['group', 'resource', 'namespace', 'name'],
  }),
})
