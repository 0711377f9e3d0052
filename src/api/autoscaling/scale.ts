import type { Infer, InferMessage } from '../../schema/field.ts'
import { int32, message, one, ref, string } from '../../schema/field.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'

const GROUP = 'io.k8s.api.autoscaling.v1'

export interface ScaleSpec extends InferMessage<typeof ScaleSpec> {}
export const ScaleSpec = message(`${GROUP}.ScaleSpec`, '', {
  replicas: int32(1, ''),
})

export interface ScaleStatus extends InferMessage<typeof ScaleStatus> {}
export const ScaleStatus = message(`${GROUP}.ScaleStatus`, '', {
  replicas: int32(1, '', { required: true }),
  selector: string(2, ''),
})

const scaleFields = {
  spec: one(2, ref<ScaleSpec>(ScaleSpec), '', { present: true }),
  status: one(3, ref<ScaleStatus>(ScaleStatus), ''),
}

export interface Scale extends KubeObject, Infer<typeof scaleFields> {}
export const Scale = defineKind<Scale>({
  group: 'autoscaling',
  version: 'v1',
  kind: 'Scale',
  plural: 'scales',
  namespaced: true,
  definition: 'io.k8s.api.autoscaling.v1.Scale',
  doc: '',
  fields: scaleFields,
})
