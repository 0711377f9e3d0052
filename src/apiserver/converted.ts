/** Stored states in the version in which they are asked for, where a definition's webhook makes it. */
import type { Stored, StoreEvent } from '../store/mod.ts'
import type { Obj } from './object.ts'
import type { Conversion, Resource } from './resource/resource.ts'
import { encodeIn, isIn, parseBytes } from './stored.ts'

/** What was made once, as long as somebody holds the bytes it was made of. */
const known = new WeakMap<Resource, WeakMap<Uint8Array, Uint8Array>>()

/** The same states in the version of the resource. Throws StatusError 500. */
export async function storedIn(resource: Resource, items: readonly Stored[]): Promise<readonly Stored[]> {
  const { conversion } = resource
  if (!conversion) return items
  let made = known.get(resource)
  if (!made) {
    made = new WeakMap()
    known.set(resource, made)
  }
  // Lists read a value each time they are asked for it.
  const read = items.map(({ key, createRevision, revision, value }) => ({ key, createRevision, revision, value }))
  await convertMissing(resource, conversion, read, made)
  return read.map(item => {
    const value = made.get(item.value)
    return value ? { ...item, value } : item
  })
}

async function convertMissing(
  resource: Resource,
  conversion: Conversion,
  items: readonly Stored[],
  made: WeakMap<Uint8Array, Uint8Array>,
): Promise<void> {
  const missing = items.filter(({ value }) => !made.has(value) && !isIn(resource, value))
  const objects = await conversion(
    missing.map(({ value }) => parseBytes(value)),
    resource.apiVersion,
  )
  for (const [index, { value }] of missing.entries()) made.set(value, encodeIn(resource.apiVersion, objects[index]!))
}

export async function oneStoredIn(resource: Resource, stored: Stored): Promise<Stored> {
  if (!resource.conversion) return stored
  return (await storedIn(resource, [stored]))[0]!
}

/** As it will be stored. Throws StatusError 500. */
export async function forStorage(resource: Resource, object: Obj): Promise<Obj> {
  const { conversion, storageVersion } = resource
  return conversion && storageVersion !== resource.apiVersion
    ? (await conversion([object], storageVersion))[0]!
    : object
}

/** Objects of one version of the type in another. Throws StatusError 500. */
export async function objectIn(resource: Resource, object: Obj): Promise<Obj> {
  const { conversion, apiVersion } = resource
  if (object.apiVersion === apiVersion) return object
  return conversion ? (await conversion([object], apiVersion))[0]! : { ...object, apiVersion }
}

type Events = readonly StoreEvent[]

const knownEvents = new WeakMap<Resource, WeakMap<Events, Promise<Events>>>()

/** Watches of one version are given the same array, as those of the store are. Rejects with StatusError 500. */
export function eventsIn(resource: Resource, events: Events): Promise<Events> {
  let made = knownEvents.get(resource)
  if (!made) {
    made = new WeakMap()
    knownEvents.set(resource, made)
  }
  let converted = made.get(events)
  if (!converted) {
    converted = convertEvents(resource, events)
    made.set(events, converted)
  }
  return converted
}

async function convertEvents(resource: Resource, events: Events): Promise<Events> {
  const states = await storedIn(
    resource,
    events.flatMap(event => [asStored(event), ...(event.previous ? [event.previous] : [])]),
  )
  let next = 0
  return events.map(({ object: _, previous, ...event }) => ({
    ...event,
    value: states[next++]!.value,
    ...(previous ? { previous: states[next++]! } : {}),
  }))
}

const asStored = ({ key, value, revision }: StoreEvent): Stored => ({ key, value, revision, createRevision: revision })
