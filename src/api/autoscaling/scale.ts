import type { Infer, InferMessage } from '../../schema/field.ts'
import { int32, message, one, ref, string } from '../../schema/field.ts'
import { AGE, NAME } from '../meta/columns.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'

const GROUP = 'io.k8s.api.autoscaling.v1'

export interface ScaleSpec extends InferMessage<typeof ScaleSpec> {}
export const ScaleSpec = message(`${GROUP}.ScaleSpec`, 'What size is asked for.', {
  replicas: int32(1, 'How many.'),
})

export interface ScaleStatus extends InferMessage<typeof ScaleStatus> {}
export const ScaleStatus = message(`${GROUP}.ScaleStatus`, 'What size there is.', {
  replicas: int32(1, 'How many.', { required: true }),
  selector: string(2, 'The pods that count, as text.'),
})

const scaleFields = {
  spec: one(2, ref<ScaleSpec>(ScaleSpec), 'What it should be.', { present: true }),
  status: one(3, ref<ScaleStatus>(ScaleStatus), 'What it is at present; the system writes it.'),
}

export interface Scale extends KubeObject, Infer<typeof scaleFields> {}
export const Scale = defineKind<Scale>({
  group: 'autoscaling',
  version: 'v1',
  kind: 'Scale',
  plural: 'scales',
  namespaced: true,
  definition: 'io.k8s.api.autoscaling.v1.Scale',
  doc: 'The size of a workload.',
  fields: scaleFields,
  columns: [
    NAME,
    {
      name: 'Desired',
      type: 'integer',
      description: 'How many are asked for.',
      cell: ({ spec }) => spec?.replicas ?? 0,
    },
    {
      name: 'Available',
      type: 'integer',
      description: 'How many there are.',
      cell: ({ status }) => status?.replicas ?? 0,
    },
    AGE,
  ],
})
