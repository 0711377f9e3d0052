import type { ApiObject, Kind } from '../api/meta/meta.ts'
import type { Encoded, Store } from '../store/mod.ts'
import type { Obj } from './object.ts'
import type { Registry } from './resource/registry.ts'
import { keyOf, type Resource } from './resource/resource.ts'

/** The object of stored bytes, in the version of the resource; the caller may change it. */
export function decodeStored(resource: Resource, stored: { readonly value: Uint8Array }): Obj {
  const object = parseBytes(stored.value)
  object.apiVersion = resource.apiVersion
  if (resource.showsNamespaces) object.kind = resource.kind
  return object
}

/** Undefined also where the API has no such kind. */
export function storedObject<T extends ApiObject>(
  store: Store,
  registry: Registry,
  { group, version, plural }: Kind<T>,
  namespace: string | undefined,
  name: string,
): T | undefined {
  const resource = registry.find(group, version, plural)
  const stored = resource && store.get(keyOf(resource, namespace, name))
  return stored && (decodeStored(resource, stored) as unknown as T)
}

export const parseBytes = (bytes: Uint8Array): Obj => JSON.parse(textOf(bytes)) as Obj

const textOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')

/**
 * The stored form: JSON that begins with apiVersion, kind and metadata, in the storage version, with the revision in
 * it. Lists, gets and watches send these bytes as they are.
 */
export function encodeStored(resource: Resource, object: Obj, revision: number): Encoded {
  const { apiVersion: _, kind, metadata, ...rest } = object
  const stored = {
    apiVersion: resource.storageVersion,
    kind: resource.showsNamespaces ? 'Namespace' : kind,
    metadata: { ...metadata, resourceVersion: String(revision) },
    ...rest,
  }
  return { bytes: Buffer.from(JSON.stringify(stored)), object: stored }
}

/** The stored form of an object that has its revision, in a version. */
export function encodeIn(apiVersion: string, { apiVersion: _, kind, metadata, ...rest }: Obj): Buffer {
  return Buffer.from(JSON.stringify({ apiVersion, kind, metadata, ...rest }))
}

/** Bytes of a namespace, under the name of what shows it. */
function renamed({ apiVersion, kind }: Resource, value: Uint8Array): Uint8Array {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  return Buffer.concat([
    Buffer.from(JSON.stringify({ apiVersion, kind }).slice(0, -1)),
    bytes.subarray(bytes.indexOf(',"metadata"')),
  ])
}

const heads = new WeakMap<Resource, Buffer>()

/** Stored bytes as they are served: the same, unless they were stored in another version than is asked for. */
export function servedBytes(resource: Resource, value: Uint8Array): Uint8Array {
  if (resource.showsNamespaces) return renamed(resource, value)
  if (!resource.custom || isIn(resource, value)) return value
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  return Buffer.concat([headOf(resource), bytes.subarray(bytes.indexOf(',"kind"'))])
}

/** Whether stored bytes are in the version of the resource. */
export function isIn(resource: Resource, value: Uint8Array): boolean {
  const head = headOf(resource)
  return head.equals(Buffer.from(value.buffer, value.byteOffset, Math.min(head.length, value.length)))
}

function headOf(resource: Resource): Buffer {
  let head = heads.get(resource)
  if (!head) {
    head = Buffer.from(`{"apiVersion":${JSON.stringify(resource.apiVersion)}`)
    heads.set(resource, head)
  }
  return head
}
