import type { Infer, InferMessage } from '../../schema/field.ts'
import { int32, message, microTime, one, ref, string, time } from '../../schema/field.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { ObjectReference } from './reference.ts'

const GROUP = 'io.k8s.api.core.v1'

export interface EventSource extends InferMessage<typeof EventSource> {}
export const EventSource = message(`${GROUP}.EventSource`, 'Who reported an event.', {
  component: string(1, 'The component.'),
  host: string(2, 'Its node.'),
})

export interface EventSeries extends InferMessage<typeof EventSeries> {}
export const EventSeries = message(`${GROUP}.EventSeries`, 'An event that goes on.', {
  count: int32(1, 'How often it was seen.'),
  lastObservedTime: microTime(2, 'When it was last seen.'),
})

const eventFields = {
  involvedObject: one(2, ref<ObjectReference>(ObjectReference), 'The object.', { required: true }),
  reason: string(3, 'What happened, in a word.'),
  message: string(4, 'What happened, in a sentence.'),
  source: one(5, ref<EventSource>(EventSource), 'Who reported it.'),
  firstTimestamp: time(6, 'When it was first seen.'),
  lastTimestamp: time(7, 'When it was last seen.'),
  count: int32(8, 'How often it was seen.'),
  type: string(9, 'Normal or Warning.'),
  eventTime: microTime(10, 'When it was first seen, to the microsecond.'),
  series: one(11, ref<EventSeries>(EventSeries), 'Set when it goes on.'),
  action: string(12, 'What was done or failed.'),
  related: one(13, ref<ObjectReference>(ObjectReference), 'Another object it concerns.'),
  reportingComponent: string(14, 'The controller that reported it.'),
  reportingInstance: string(15, "The controller's instance."),
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
  doc: 'Something that happened to an object.',
  fields: eventFields,
})
