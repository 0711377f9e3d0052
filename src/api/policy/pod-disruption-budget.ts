import type { Infer, InferMessage } from '../../schema/field.ts'
import { int32, int64, intOrString, list, map, message, one, ref, string, TIME } from '../../schema/field.ts'
import { AGE, NAME } from '../meta/columns.ts'
import { Condition } from '../meta/condition.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { LabelSelector } from '../meta/selector.ts'
import { budgetErrors } from './rules.ts'

const GROUP = 'io.k8s.api.policy.v1'

export interface PodDisruptionBudgetSpec extends InferMessage<typeof PodDisruptionBudgetSpec> {}
export const PodDisruptionBudgetSpec = message(`${GROUP}.PodDisruptionBudgetSpec`, 'How many pods must stay.', {
  minAvailable: intOrString(1, 'How many must be available, as a number or percentage.', { explicit: true }),
  selector: one(2, ref<LabelSelector>(LabelSelector), 'The pods it speaks of.', { patchStrategy: 'replace' }),
  maxUnavailable: intOrString(3, 'How many may be missing, as a number or percentage.', { explicit: true }),
  unhealthyPodEvictionPolicy: string(4, 'Whether pods that are not ready may always be evicted.', {
    enum: ['IfHealthyBudget', 'AlwaysAllow'],
    explicit: true,
  }),
})

export interface PodDisruptionBudgetStatus extends InferMessage<typeof PodDisruptionBudgetStatus> {}
export const PodDisruptionBudgetStatus = message(`${GROUP}.PodDisruptionBudgetStatus`, 'What may be disrupted now.', {
  observedGeneration: int64(1, 'The generation it speaks of.'),
  disruptedPods: map(2, TIME, 'Pods being evicted, and since when.'),
  disruptionsAllowed: int32(3, 'How many may be evicted now.', { required: true }),
  currentHealthy: int32(4, 'How many are healthy.', { required: true }),
  desiredHealthy: int32(5, 'How many must be.', { required: true }),
  expectedPods: int32(6, 'How many there are.', { required: true }),
  conditions: list(7, ref<Condition>(Condition), 'Aspects of its state.', {
    listType: 'map',
    listKeys: ['type'],
    patchKey: 'type',
  }),
})

const podDisruptionBudgetFields = {
  spec: one(2, ref<PodDisruptionBudgetSpec>(PodDisruptionBudgetSpec), 'What it should be.', { present: true }),
  status: one(
    3,
    ref<PodDisruptionBudgetStatus>(PodDisruptionBudgetStatus),
    'What it is at present; the system writes it.',
  ),
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
  doc: 'Limits how many pods may be evicted at a time.',
  fields: podDisruptionBudgetFields,
  validate: budgetErrors,
  columns: [
    NAME,
    {
      name: 'Min Available',
      type: 'string',
      description: 'How many pods must be available.',
      cell: object => String(object.spec?.minAvailable ?? 'N/A'),
    },
    {
      name: 'Max Unavailable',
      type: 'string',
      description: 'How many pods may be missing.',
      cell: object => String(object.spec?.maxUnavailable ?? 'N/A'),
    },
    {
      name: 'Allowed Disruptions',
      type: 'integer',
      description: 'How many pods may be evicted now.',
      cell: object => object.status?.disruptionsAllowed ?? 0,
    },
    AGE,
  ],
})
