import type { Infer, InferMessage } from '../../schema/field.ts'
import { list, map, message, one, QUANTITY, ref, string } from '../../schema/field.ts'
import { CREATED_AT, NAME } from '../meta/columns.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { completeLimitRange, limitRangeErrors } from './limit-range-rules.ts'

const GROUP = 'io.k8s.api.core.v1'

export interface LimitRangeItem extends InferMessage<typeof LimitRangeItem> {}
export const LimitRangeItem = message(`${GROUP}.LimitRangeItem`, 'Limits for one sort of object.', {
  type: string(1, 'Pod, Container or PersistentVolumeClaim.', { required: true }),
  max: map(2, QUANTITY, 'No more than this.'),
  min: map(3, QUANTITY, 'No less than this.'),
  default: map(4, QUANTITY, 'Limits of containers that name none.'),
  defaultRequest: map(5, QUANTITY, 'Requests of containers that name none.'),
  maxLimitRequestRatio: map(6, QUANTITY, 'Limits may be so many times the request.'),
})

export interface LimitRangeSpec extends InferMessage<typeof LimitRangeSpec> {}
export const LimitRangeSpec = message(`${GROUP}.LimitRangeSpec`, 'What one object of a namespace may ask for.', {
  limits: list(1, ref<LimitRangeItem>(LimitRangeItem), 'One entry for each sort of object.', { required: true }),
})

const limitRangeFields = {
  spec: one(2, ref<LimitRangeSpec>(LimitRangeSpec), 'The limits.'),
}

export interface LimitRange extends KubeObject, Infer<typeof limitRangeFields> {}
export const LimitRange = defineKind<LimitRange>({
  group: '',
  version: 'v1',
  kind: 'LimitRange',
  plural: 'limitranges',
  shortNames: ['limits'],
  namespaced: true,
  definition: 'io.k8s.api.core.v1.LimitRange',
  doc: 'Limits what one pod, container or claim of a namespace may ask for, and fills in what it leaves out.',
  fields: limitRangeFields,
  complete: completeLimitRange,
  validate: limitRangeErrors,
  columns: [NAME, CREATED_AT],
})
