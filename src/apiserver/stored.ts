import type { Encoded } from '../store/mod.ts'
import type { Obj } from './object.ts'
import type { Resource } from './resource/resource.ts'

/** The object of stored bytes, in the version of the resource; the caller may change it. */
export function decodeStored(resource: Resource, stored: { readonly value: Uint8Array }): Obj {
  const object = parseBytes(stored.value)
  object.apiVersion = resource.apiVersion
  return object
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
    kind,
    metadata: { ...metadata, resourceVersion: String(revision) },
    ...rest,
  }
  return { bytes: Buffer.from(JSON.stringify(stored)), object: stored }
}

const heads = new WeakMap<Resource, { readonly stored: Buffer; readonly served: Buffer }>()

/** The stored bytes as they are served: the same, unless another version than the stored one is asked for. */
export function servedBytes(resource: Resource, value: Uint8Array): Uint8Array {
  if (resource.apiVersion === resource.storageVersion) return value
  let head = heads.get(resource)
  if (!head) {
    head = { stored: headOf(resource.storageVersion), served: headOf(resource.apiVersion) }
    heads.set(resource, head)
  }
  return Buffer.concat([head.served, value.subarray(head.stored.length)])
}

const headOf = (apiVersion: string): Buffer => Buffer.from(`{"apiVersion":${JSON.stringify(apiVersion)}`)
