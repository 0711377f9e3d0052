import type { Stored } from '../../store/mod.ts'
import { WriteConflict } from '../../store/mod.ts'
import { jsonEqual } from '../../wire/json/value.ts'
import type { Attributes } from '../admission/mod.ts'
import type { Context, Reply } from '../context.ts'
import { forStorage, oneStoredIn } from '../converted.ts'
import { conflict, invalid, MODIFIED, notFound } from '../errors.ts'
import type { Obj } from '../object.ts'
import { keepTimesIfUnchanged } from '../patch/mod.ts'
import { preparationOf } from '../prepare/mod.ts'
import { complete, validateObject } from '../resource/codec.ts'
import { keyOf } from '../resource/resource.ts'
import { decodeStored, encodeStored } from '../stored.ts'
import { refuse } from './create.ts'
import { keepSystemMetadata, metadataUpdateErrors } from './metadata.ts'
import type { WriteOptions } from './options.ts'
import { track } from './track.ts'

export interface Changed {
  readonly object: Obj
  /** managedFields are right already. */
  readonly tracked: boolean
}

/** What becomes of the current object, which it may change. Called again when another write came in between. */
export type Change = (current: Obj) => Promise<Changed> | Changed

/** How often a write that lost against another is tried again; as many may want to change one object at once. */
const ATTEMPTS = 200

/** Changes a stored object, or removes it when its deletion only waited for this. Throws StatusError. */
export async function updateObject(context: Context, change: Change, options: WriteOptions): Promise<Reply> {
  const { kernel, resource, info } = context
  const key = keyOf(resource, info.namespace, info.name!)
  for (let attempt = 1; ; attempt++) {
    const stored = kernel.store.head(key)
    if (!stored) throw notFound(resource, info.name!)
    try {
      return await updateOnce(context, stored, change, options)
    } catch (error) {
      if (!(error instanceof WriteConflict)) throw error
      if (attempt >= ATTEMPTS) throw conflict(resource, info.name!, MODIFIED)
    }
  }
}

async function updateOnce(context: Context, stored: Stored, change: Change, options: WriteOptions): Promise<Reply> {
  const { kernel, resource, info, user } = context
  const own = resource.conversion ? await oneStoredIn(resource, stored) : stored
  const current = decodeStored(resource, own)
  const { object: asked, tracked } = await change(decodeStored(resource, own))
  checkPreconditions(context, current, asked)
  keepSystemMetadata(current.metadata, asked.metadata)
  const defaulted = complete(resource, asked, current)
  const object = tracked ? defaulted : track(context, current, defaulted, options.manager)
  object.metadata = { ...object.metadata }
  if (info.subresource === undefined) preparationOf(resource.group, resource.plural).update?.(object, current, kernel)
  const attributes: Attributes = {
    operation: 'UPDATE',
    resource,
    subresource: info.subresource ?? '',
    namespace: info.namespace,
    name: info.name!,
    object,
    old: current,
    user,
    dryRun: options.dryRun,
    warn: text => context.warnings.push(text),
  }
  await kernel.admission.admit(attributes)
  let written = false
  try {
    bumpGeneration(context, current, object)
    refuse(context, object, [
      ...metadataUpdateErrors(current.metadata, object.metadata),
      ...validateObject(resource, object, current),
    ])
    await kernel.admission.validate(attributes)
    const next = keepTimesIfUnchanged(current, object) as Obj
    next.metadata.resourceVersion = current.metadata.resourceVersion!
    if (options.dryRun) return { is: 'object', code: 200, object: next }
    if (jsonEqual(current, next)) return { is: 'stored', code: 200, stored }
    const form = resource.conversion ? await forStorage(resource, next) : next
    const after = await kernel.store.write({
      op: deletionIsDue(next) ? 'delete' : 'update',
      key: stored.key,
      expect: stored.revision,
      encode: revision => encodeStored(resource, form, revision),
    })
    written = true
    return { is: 'stored', code: 200, stored: after }
  } finally {
    kernel.admission.settled(attributes, written)
  }
}

/** Throws StatusError 409 and 422. */
function checkPreconditions({ resource, info }: Context, current: Obj, asked: Obj): void {
  const { uid, resourceVersion } = asked.metadata
  if (uid && uid !== current.metadata.uid)
    throw conflict(
      resource,
      info.name!,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${current.metadata.uid}`,
    )
  if (!resourceVersion) {
    if (resource.behaviour.unconditionalUpdate) return
    throw invalid(resource, info.name!, [
      { type: 'Invalid', field: 'metadata.resourceVersion', value: 0n, detail: 'must be specified for an update' },
    ])
  }
  if (resourceVersion !== current.metadata.resourceVersion) throw conflict(resource, info.name!, MODIFIED)
}

function bumpGeneration({ resource, info }: Context, current: Obj, next: Obj): void {
  if (!resource.behaviour.generation || info.subresource === 'status') return
  if (!jsonEqual(desired(current), desired(next))) next.metadata.generation = (current.metadata.generation ?? 0) + 1
}

/** All of an object that its owner decides. */
function desired({ apiVersion: _, kind: __, metadata: ___, status: ____, ...rest }: Obj): object {
  return rest
}

/** The last finalizer of an object that is being deleted is gone, and nothing else must be waited for. */
export function deletionIsDue(object: Obj): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds, finalizers } = object.metadata
  if (!deletionTimestamp || (deletionGracePeriodSeconds ?? 0) > 0 || (finalizers?.length ?? 0) > 0) return false
  return object.kind !== 'Namespace' || namespaceFinalizers(object).length === 0
}

export function namespaceFinalizers(object: Obj): readonly unknown[] {
  const spec = object.spec as { readonly finalizers?: readonly unknown[] } | undefined
  return spec?.finalizers ?? []
}
