import { age } from '../../lib/human-duration.ts'
import type { Infer, InferMessage } from '../../schema/field.ts'
import { int32, message, microTime, one, ref, string, time } from '../../schema/field.ts'
import { NAME } from '../meta/columns.ts'
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
  columns: [
    {
      name: 'Last Seen',
      type: 'string',
      description: 'How long ago it was last seen.',
      cell: (event, nowMs) => age(lastSeen(event), nowMs),
    },
    { name: 'Type', type: 'string', description: 'Normal or Warning.', cell: event => event.type ?? '' },
    { name: 'Reason', type: 'string', description: 'What happened, in a word.', cell: event => event.reason ?? '' },
    {
      name: 'Object',
      type: 'string',
      description: 'What it happened to.',
      cell: event => objectText(event.involvedObject),
    },
    {
      name: 'Subobject',
      type: 'string',
      description: 'The part it happened to.',
      priority: 1,
      cell: event => event.involvedObject.fieldPath ?? '',
    },
    { name: 'Source', type: 'string', description: 'Who reported it.', priority: 1, cell: event => sourceText(event) },
    {
      name: 'Message',
      type: 'string',
      description: 'What happened, in a sentence.',
      cell: event => event.message?.trim() ?? '',
    },
    {
      name: 'First Seen',
      type: 'string',
      description: 'How long ago it was first seen.',
      priority: 1,
      cell: (event, nowMs) => age(firstSeen(event), nowMs),
    },
    {
      name: 'Count',
      type: 'string',
      description: 'How often it was seen.',
      priority: 1,
      cell: event => event.series?.count ?? (event.count || 1),
    },
    { ...NAME, priority: 1 },
  ],
  selectable: {
    'involvedObject.kind': event => event.involvedObject.kind ?? '',
    'involvedObject.namespace': event => event.involvedObject.namespace ?? '',
    'involvedObject.name': event => event.involvedObject.name ?? '',
    'involvedObject.uid': event => event.involvedObject.uid ?? '',
    'involvedObject.apiVersion': event => event.involvedObject.apiVersion ?? '',
    'involvedObject.resourceVersion': event => event.involvedObject.resourceVersion ?? '',
    'involvedObject.fieldPath': event => event.involvedObject.fieldPath ?? '',
    reason: event => event.reason ?? '',
    reportingComponent: event => event.reportingComponent ?? '',
    source: event => event.source?.component || event.reportingComponent || '',
    type: event => event.type ?? '',
  },
})

const firstSeen = (event: Event): string | undefined => event.firstTimestamp ?? event.eventTime

const lastSeen = (event: Event): string | undefined =>
  event.series?.lastObservedTime ?? event.lastTimestamp ?? firstSeen(event)

const objectText = ({ kind = '', name = '' }: ObjectReference): string =>
  name === '' ? kind.toLowerCase() : `${kind.toLowerCase()}/${name}`

function sourceText({ source, reportingComponent, reportingInstance }: Event): string {
  const component = source?.component || reportingComponent || ''
  const host = source?.host || reportingInstance || ''
  return host === '' ? component : `${component}, ${host}`
}
