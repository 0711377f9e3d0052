/**
 * What the patch verb and field tracking need, as pure functions over JSON objects. The verb reads a request once
 * (`readPatch`), applies it to the current object on each attempt (`applyPatch`), decodes and defaults the outcome, and
 * lets `trackUpdate` keep metadata.managedFields, unless the patch was an apply, which keeps them itself.
 */
import type { MergeType } from '../../schema/merge-type.ts'

export type JsonObject = { [key: string]: unknown }

/** The endpoint that is patched. */
export interface PatchTarget {
  /** As in apps/v1. */
  readonly apiVersion: string
  readonly kind: string
  /** Empty for the object itself; status, scale ... */
  readonly subresource: string
  readonly type: MergeType
  /** Of a CustomResourceDefinition: strategic merge is refused. */
  readonly custom: boolean
  /** Paths this endpoint does not let through, such as [['status']]: nobody comes to own them here. */
  readonly resetFields: readonly (readonly string[])[]
}

export type FieldValidation = 'Strict' | 'Warn' | 'Ignore'

export interface PatchRequest {
  readonly contentType: string
  readonly body: Uint8Array
  /** The query parameter; required for apply. */
  readonly fieldManager?: string
  readonly userAgent?: string
  readonly force?: boolean
  readonly fieldValidation: FieldValidation
}

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply'

/** A request's patch, read and checked as far as that goes without the object. */
export interface Patch {
  readonly type: PatchType
  readonly value: unknown
  readonly manager: string
  readonly force: boolean
  /** What strict decoding objects to in the patch itself, such as `duplicate field "spec.a"`. */
  readonly strictErrors: readonly string[]
}

export interface Patched {
  readonly object: JsonObject
  /** The managed fields are already right: `trackUpdate` must not be called. */
  readonly tracked: boolean
}

/** Throws StatusError: 415 for the media type, 400 for syntax, 413 beyond 10,000 operations, 422 for options. */
export declare function readPatch(request: PatchRequest, target: PatchTarget): Promise<Patch>

/**
 * `current` is the stored object in the endpoint's version; without one only apply makes an object (others are the
 * caller's 404). Never changes its arguments. Throws StatusError: 409 for conflicts of apply, 422, 400, 500.
 */
export declare function applyPatch(
  patch: Patch,
  current: JsonObject | undefined,
  target: PatchTarget,
  nowMs: number,
): Patched

/** The managedFields of `next` after a create (no `current`) or an update by `manager`. Returns a new object. */
export declare function trackUpdate(
  current: JsonObject | undefined,
  next: JsonObject,
  manager: string,
  target: PatchTarget,
  nowMs: number,
): JsonObject

/** fieldManager if given, else the first part of the User-Agent (printable, 128 bytes at most). */
export declare function managerName(fieldManager: string | undefined, userAgent: string | undefined): string

/** `next`, with the timestamps of `current` where nothing else differs, so that a patch that changes nothing writes nothing. */
export declare function keepTimesIfUnchanged(current: JsonObject, next: JsonObject): JsonObject
