import type { Infer, InferMessage } from '../../schema/field.ts'
import { int32, message, microTime, one, ref, string, time } from '../../schema/field.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { ObjectReference } from './reference.ts'

const GROUP = 'io.k8s.api.core.v1'

export interface EventSource extends InferMessage<typeof EventSource> {}
export const EventSource = message(`${GROUP}.EventSource`, '', {
  component: string(1, ''),
  host: string(2, ''),
})

export interface EventSeries extends InferMessage<typeof EventSeries> {}
export const EventSeries = message(`${GROUP}.EventSeries`, '', {
  count: int32(1, ''),
  lastObservedTime: microTime(2, ''),
})

const eventFields = {
  involvedObject: one(2, ref<ObjectReference>(ObjectReference), '', { required: true }),
  reason: string(3, ''),
  message: string(4, ''),
  source: one(5, ref<EventSource>(EventSource), ''),
  firstTimestamp: time(6, ''),
  lastTimestamp: time(7, ''),
  count: int32(8, ''),
  type: string(9, ''),
  eventTime: microTime(10, ''),
  series: one(11, ref<EventSeries>(EventSeries), ''),
  action: string(12, ''),
  related: one(13, ref<ObjectReference>(ObjectReference), ''),
  reportingComponent: string(14, ''),
  reportingInstance: string(15, ''),
}

export interface Event extends KubeObject, Infer<typeof eventFields> {}
export const Event = defineKind<Event>({
  group: '',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  shortNames: ['ev'],
  namespaced: true,
  definition: 'io.k8s.api.core.v1.Event',
  doc: '',
  fields: eventFields,
})
