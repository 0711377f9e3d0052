/** The newer form of events: the same objects as those of the core group, under other names. */
import type { Infer, InferMessage } from '../../schema/field.ts'
import { int32, message, microTime, one, ref, string, time } from '../../schema/field.ts'
import { invalid, required } from '../../schema/field-error.ts'
import type { FieldError } from '../../schema/kind.ts'
import { EventSource, Event as Stored } from '../core/event.ts'
import { ObjectReference } from '../core/reference.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'

const GROUP = 'io.k8s.api.events.v1'

export interface EventSeries extends InferMessage<typeof EventSeries> {}
export const EventSeries = message(`${GROUP}.EventSeries`, 'An event that goes on.', {
  count: int32(1, 'How often it was seen.', { required: true }),
  lastObservedTime: microTime(2, 'When it was last seen.', { required: true }),
})

const eventFields = {
  eventTime: microTime(2, 'When it was first seen.', { required: true }),
  series: one(3, ref<EventSeries>(EventSeries), 'Set when it goes on.'),
  reportingController: string(4, 'The controller that reported it.'),
  reportingInstance: string(5, "The controller's instance."),
  action: string(6, 'What was done or failed.'),
  reason: string(7, 'Why, in a word.'),
  regarding: one(8, ref<ObjectReference>(ObjectReference), 'The object.'),
  related: one(9, ref<ObjectReference>(ObjectReference), 'Another object it concerns.'),
  note: string(10, 'What happened, in a sentence.'),
  type: string(11, 'Normal or Warning.'),
  deprecatedSource: one(12, ref<EventSource>(EventSource), 'Of the older form: who reported it.'),
  deprecatedFirstTimestamp: time(13, 'Of the older form: when it was first seen.'),
  deprecatedLastTimestamp: time(14, 'Of the older form: when it was last seen.'),
  deprecatedCount: int32(15, 'Of the older form: how often it was seen.'),
}

export interface Event extends KubeObject, Infer<typeof eventFields> {}

/** What the two forms call differently. */
const NAMES = [
  ['regarding', 'involvedObject'],
  ['note', 'message'],
  ['reportingController', 'reportingComponent'],
  ['deprecatedSource', 'source'],
  ['deprecatedFirstTimestamp', 'firstTimestamp'],
  ['deprecatedLastTimestamp', 'lastTimestamp'],
  ['deprecatedCount', 'count'],
] as const

type Fields = Readonly<Record<string, unknown>>

function renamed(object: Fields, names: ReadonlyMap<string, string>): Fields {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [names.get(name) ?? name, value]))
}

const NEWER = new Map<string, string>(NAMES.map(([newer, older]) => [older, newer]))
const OLDER = new Map<string, string>(NAMES)

/** The same event in the form of an apiVersion: v1 or events.k8s.io/v1. */
export function eventIn<T extends object>(event: T, apiVersion: string): T {
  const wasOlder = (event as { readonly apiVersion?: string }).apiVersion === 'v1'
  const isOlder = apiVersion === 'v1'
  const fields = wasOlder === isOlder ? (event as Fields) : renamed(event as Fields, isOlder ? OLDER : NEWER)
  return { ...fields, apiVersion, ...(isOlder && !fields.involvedObject ? { involvedObject: {} } : {}) } as unknown as T
}

const older = (event: Event): Stored => eventIn(event, 'v1') as unknown as Stored

const REGARDING = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'] as const

const MAX_NAME = 128
const MAX_NOTE = 1024

/** Source: k8s.io/kubernetes/pkg/apis/core/validation/events.go. */
function eventErrors(event: Event, old?: Event): readonly FieldError[] {
  if (old) return []
  const { metadata, regarding = {}, type = '', note = '', series } = event
  const home = regarding.namespace ?? ''
  const isAtHome =
    home === '' ? ['default', 'kube-system'].includes(metadata.namespace ?? '') : home === metadata.namespace
  const unset = (field: string, value: unknown): readonly FieldError[] =>
    value ? [invalid(field, '', 'needs to be unset')] : []
  const { deprecatedSource: source } = event
  return [
    ...(isAtHome ? [] : [invalid('involvedObject.namespace', home, 'does not match event.namespace')]),
    ...limited('reportingController', event.reportingController),
    ...limited('reportingInstance', event.reportingInstance),
    ...limited('action', event.action),
    ...limited('reason', event.reason),
    ...(note.length > MAX_NOTE ? [invalid('message', '', `can have at most ${MAX_NOTE} characters`)] : []),
    ...(series && series.count < 2 ? [invalid('series.count', '', 'should be at least 2')] : []),
    ...(type === 'Normal' || type === 'Warning' ? [] : [invalid('type', '', `has invalid value: ${type}`)]),
    ...unset('firstTimestamp', event.deprecatedFirstTimestamp),
    ...unset('lastTimestamp', event.deprecatedLastTimestamp),
    ...unset('count', event.deprecatedCount),
    ...unset('source', source?.component || source?.host),
  ]
}

function limited(field: string, value = ''): readonly FieldError[] {
  if (value === '') return [required(field)]
  return value.length > MAX_NAME ? [invalid(field, '', `can have at most ${MAX_NAME} characters`)] : []
}

export const Event = defineKind<Event>({
  group: 'events.k8s.io',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  shortNames: ['ev'],
  namespaced: true,
  definition: `${GROUP}.Event`,
  doc: 'Something that happened to an object.',
  fields: eventFields,
  validate: eventErrors,
  columns: Stored.columns.map(column => ({ ...column, cell: (event, nowMs) => column.cell(older(event), nowMs) })),
  selectable: {
    ...Object.fromEntries(
      REGARDING.map(field => [`regarding.${field}`, (event: Event) => event.regarding?.[field] ?? '']),
    ),
    reason: event => event.reason ?? '',
    reportingController: event => event.reportingController ?? '',
    type: event => event.type ?? '',
  },
})
