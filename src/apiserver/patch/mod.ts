/**
 * What the patch verb and field tracking need, as pure functions over JSON objects. The verb reads a request once
 * (`readPatch`), applies it to the current object on each attempt (`applyPatch`), decodes and defaults the outcome, and
 * lets `trackUpdate` keep metadata.managedFields, unless the patch was an apply, which keeps them itself.
 */

import { StrategicMergeError } from '../../schema/merge/strategic/directives.ts'
import { applyStrategicMerge } from '../../schema/merge/strategic/patch.ts'
import type { MergeType } from '../../schema/merge-type.ts'
import { applyJsonPatch, JsonPatchError } from '../../wire/json-patch/patch.ts'
import { applyMergePatch } from '../../wire/merge-patch/patch.ts'
import type { JsonObject } from '../object.ts'
import { badRequest, StatusError } from '../status-error.ts'
import { serverSideApply } from './apply.ts'

export { readPatch } from './read.ts'
export { customTarget, kindTarget } from './target.ts'
export { keepTimesIfUnchanged, managerName, trackUpdate } from './track.ts'

/** The endpoint that is patched: see kindTarget and customTarget. */
export interface PatchTarget {
  /** As in apps/v1. */
  readonly apiVersion: string
  readonly kind: string
  /** Empty for the object itself; status, scale ... */
  readonly subresource: string
  readonly type: MergeType
  /** The type in other versions that managers may have written in; undefined for one that is no longer served. */
  readonly typeOf?: (apiVersion: string) => MergeType | undefined
  /** Of a CustomResourceDefinition: strategic merge is refused. */
  readonly custom: boolean
  /** Paths this endpoint does not let through, such as [['status']]: nobody comes to own them here. */
  readonly resetFields: readonly (readonly string[])[]
  /** What an object of the kind has before anybody has set anything. */
  readonly empty?: Readonly<Record<string, unknown>>
}

export type FieldValidation = 'Strict' | 'Warn' | 'Ignore'

export interface PatchRequest {
  readonly contentType: string
  readonly body: Uint8Array
  /** The query parameter; required for apply. */
  readonly fieldManager?: string
  readonly userAgent?: string
  /** The query parameter; only for apply. */
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
  /** What strict decoding objects to in the patch itself, such as `duplicate field "spec.a"`. Empty with Ignore. */
  readonly strictErrors: readonly string[]
}

export interface Patched {
  readonly object: JsonObject
  /** The managed fields are already right: `trackUpdate` must not be called. */
  readonly tracked: boolean
}

/**
 * `current` is the stored object in the endpoint's version; without one only apply makes an object (others are the
 * caller's 404). Never changes its arguments, and may share parts with them. Throws StatusError: 409 for conflicts of
 * apply, 422, 400, 500.
 */
export function applyPatch(patch: Patch, current: JsonObject | undefined, target: PatchTarget, nowMs: number): Patched {
  if (patch.type === 'apply') return { object: serverSideApply(patch, current, target, nowMs), tracked: true }
  const object = patched(patch, current ?? {}, target)
  if (typeof object !== 'object' || object === null || Array.isArray(object))
    throw unprocessable('the patch leaves no object')
  return { object: object as JsonObject, tracked: false }
}

function patched(patch: Patch, current: JsonObject, target: PatchTarget): unknown {
  try {
    switch (patch.type) {
      case 'json':
        return applyJsonPatch(current, patch.value as readonly JsonObject[])
      case 'strategic':
        return applyStrategicMerge(current, patch.value as JsonObject, target.type)
      default:
        return applyMergePatch(current, patch.value)
    }
  } catch (error) {
    throw refusal(error)
  }
}

function refusal(error: unknown): unknown {
  if (error instanceof JsonPatchError) return unprocessable(error.message)
  if (!(error instanceof StrategicMergeError)) return error
  if (error.code === 400) return badRequest(error.message)
  return error.code === 422 ? unprocessable(error.message) : new StatusError(500, '', error.message)
}

/** The message is the one clients know; what was wrong stands in the cause, which upstream keeps to itself. */
const unprocessable = (why: string): StatusError =>
  new StatusError(422, 'Invalid', 'the server rejected our request due to an error in our request', {
    causes: [{ reason: 'FieldValueInvalid', message: why, field: 'patch' }],
  })
