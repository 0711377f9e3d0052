import type { Infer, InferMessage } from '../../schema/field.ts'
import { int32, int64, intOrString, list, map, message, one, ref, string, TIME } from '../../schema/field.ts'
import { Condition } from '../meta/condition.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { LabelSelector } from '../meta/selector.ts'

const GROUP = 'io.k8s.api.policy.v1'

export interface PodDisruptionBudgetSpec extends InferMessage<typeof PodDisruptionBudgetSpec> {}
export const PodDisruptionBudgetSpec = message(`${GROUP}.PodDisruptionBudgetSpec`, '', {
  minAvailable: intOrString(1, ''),
  selector: one(2, ref<LabelSelector>(LabelSelector), '', { patchStrategy: 'replace' }),
  maxUnavailable: intOrString(3, ''),
  unhealthyPodEvictionPolicy: string(4, '', { enum: ['IfHealthyBudget', 'AlwaysAllow'], explicit: true }),
})

export interface PodDisruptionBudgetStatus extends InferMessage<typeof PodDisruptionBudgetStatus> {}
export const PodDisruptionBudgetStatus = message(`${GROUP}.PodDisruptionBudgetStatus`, '', {
  observedGeneration: int64(1, ''),
  disruptedPods: map(2, TIME, ''),
  disruptionsAllowed: int32(3, '', { required: true }),
  currentHealthy: int32(4, '', { required: true }),
  desiredHealthy: int32(5, '', { required: true }),
  expectedPods: int32(6, '', { required: true }),
  conditions: list(7, ref<Condition>(Condition), '', { listType: 'map', listKeys: ['type'], patchKey: 'type' }),
})

const podDisruptionBudgetFields = {
  spec: one(2, ref<PodDisruptionBudgetSpec>(PodDisruptionBudgetSpec), '', { present: true }),
  status: one(3, ref<PodDisruptionBudgetStatus>(PodDisruptionBudgetStatus), ''),
}

export interface PodDisruptionBudget extends KubeObject, Infer<typeof podDisruptionBudgetFields> {}
export const PodDisruptionBudget = defineKind<PodDisruptionBudget>({
  group: 'policy',
  version: 'v1',
  kind: 'PodDisruptionBudget',
  plural: 'poddisruptionbudgets',
  shortNames: ['pdb'],
  subresources: { status: true },
  namespaced: true,
  definition: 'io.k8s.api.policy.v1.PodDisruptionBudget',
  doc: '',
  fields: podDisruptionBudgetFields,
})
