import type { StoreEvent } from '../../store/mod.ts'
import type { RenderOptions } from '../negotiate/render.ts'
import { renderObject, renderStored } from '../negotiate/render.ts'
import type { Obj } from '../object.ts'
import type { Resource } from '../resource/resource.ts'
import { decodeStored, servedBytes } from '../stored.ts'

export type EventType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'

const HEADS: Readonly<Record<EventType, Buffer>> = {
  ADDED: Buffer.from('{"type":"ADDED","object":'),
  MODIFIED: Buffer.from('{"type":"MODIFIED","object":'),
  DELETED: Buffer.from('{"type":"DELETED","object":'),
  BOOKMARK: Buffer.from('{"type":"BOOKMARK","object":'),
  ERROR: Buffer.from('{"type":"ERROR","object":'),
}
const TAIL = Buffer.from('}\n')

/** One line of a watch: a frame around JSON bytes. */
export const frame = (type: EventType, json: Uint8Array): Buffer => Buffer.concat([HEADS[type], json, TAIL])

/** How the objects of one watch are written. Watches that write alike have the same `key` and share frames. */
export interface FrameFormat {
  readonly key: string
  readonly resource: Resource
  readonly options: RenderOptions
}

export const formatOf = (resource: Resource, options: RenderOptions): FrameFormat => ({
  key: `${resource.apiVersion} ${options.output.as ?? ''} ${options.output.version ?? ''} ${options.includeObject}`,
  resource,
  options,
})

const objects = new WeakMap<StoreEvent, Obj>()

/** The event's object; decoded once, however many watches look at it. Never to be changed. */
export function objectOf(resource: Resource, event: StoreEvent): Obj {
  let object = objects.get(event)
  if (!object) {
    object = (event.object as Obj | undefined) ?? decodeStored(resource, event)
    objects.set(event, object)
  }
  return object
}

const previousObjects = new WeakMap<StoreEvent, Obj>()

/** The state before; the event must have one. */
export function previousOf(resource: Resource, event: StoreEvent): Obj {
  let object = previousObjects.get(event)
  if (!object) {
    object = decodeStored(resource, event.previous!)
    previousObjects.set(event, object)
  }
  return object
}

/** The frames of several events as one chunk. */
export function eventFrames(
  format: FrameFormat,
  events: readonly StoreEvent[],
  typeOf: (event: StoreEvent) => EventType,
): Buffer {
  const parts: Uint8Array[] = []
  for (const event of events) parts.push(HEADS[typeOf(event)], eventBytes(format, event), TAIL)
  return Buffer.concat(parts)
}

const frames = new WeakMap<StoreEvent, Map<string, Buffer>>()

/** The event's frame, made once per type and format. */
export function eventFrame(format: FrameFormat, type: EventType, event: StoreEvent): Buffer {
  const key = `${type} ${format.key}`
  let made = frames.get(event)
  if (!made) {
    made = new Map()
    frames.set(event, made)
  }
  let bytes = made.get(key)
  if (!bytes) {
    bytes = frame(type, eventBytes(format, event))
    made.set(key, bytes)
  }
  return bytes
}

const eventBytes = (format: FrameFormat, event: StoreEvent): Uint8Array =>
  plain(format) ? servedBytes(format.resource, event.value) : objectBytes(format, objectOf(format.resource, event))

const plain = ({ options }: FrameFormat): boolean => options.output.as === undefined

/** A frame for an object as it stands in the store. */
export function storedFrame(format: FrameFormat, stored: Parameters<typeof renderStored>[1]): Buffer {
  const rendered = renderStored(format.resource, stored, format.options)
  return frame('ADDED', 'json' in rendered ? rendered.json : Buffer.from(JSON.stringify(rendered.tree)))
}

/** An object that left the selection is sent as it was, with the revision of what changed it. */
export function leftFrame(format: FrameFormat, event: StoreEvent): Buffer {
  const before = previousOf(format.resource, event)
  const object = { ...before, metadata: { ...before.metadata, resourceVersion: String(event.revision) } }
  return frame('DELETED', objectBytes(format, object))
}

function objectBytes({ resource, options }: FrameFormat, object: Obj): Buffer {
  const { apiVersion, kind } = resource
  const served = object.apiVersion === apiVersion ? object : { ...object, apiVersion, kind }
  const rendered = renderObject(resource, served, options)
  return Buffer.from(JSON.stringify('tree' in rendered ? rendered.tree : served))
}

export const INITIAL_EVENTS_END = 'k8s.io/initial-events-end'

export function bookmarkFrame(format: FrameFormat, revision: number, endOfInitial = false): Buffer {
  const { resource, options } = format
  const metadata = {
    resourceVersion: String(revision),
    creationTimestamp: null,
    ...(endOfInitial ? { annotations: { [INITIAL_EVENTS_END]: 'true' } } : {}),
  }
  const { as, version } = options.output
  if (as === 'Table')
    return frame(
      'BOOKMARK',
      json({ kind: as, apiVersion: `meta.k8s.io/${version}`, metadata, columnDefinitions: [], rows: [] }),
    )
  if (as !== undefined) return frame('BOOKMARK', json({ kind: as, apiVersion: `meta.k8s.io/${version}`, metadata }))
  return frame('BOOKMARK', json({ kind: resource.kind, apiVersion: resource.apiVersion, metadata }))
}

const json = (value: object): Buffer => Buffer.from(JSON.stringify(value))
