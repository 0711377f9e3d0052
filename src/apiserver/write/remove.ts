import { rfc3339 } from '../../lib/clock.ts'
import type { Stored } from '../../store/mod.ts'
import { WriteConflict } from '../../store/mod.ts'
import type { Attributes } from '../admission/mod.ts'
import type { Context, Reply } from '../context.ts'
import { forStorage, oneStoredIn } from '../converted.ts'
import { conflict, MODIFIED, notFound } from '../errors.ts'
import type { Obj } from '../object.ts'
import { textAt } from '../object.ts'
import { keyOf } from '../resource/resource.ts'
import { decodeStored, encodeStored } from '../stored.ts'
import type { RemoveOptions } from './delete-options.ts'
import { deletionIsDue, namespaceFinalizers } from './update.ts'

const ATTEMPTS = 6
const FOREGROUND = 'foregroundDeletion'
const ORPHAN = 'orphan'

/** Deletes one object, or marks it as being deleted where somebody must agree or finish first. Throws StatusError. */
export async function removeObject(context: Context, name: string, options: RemoveOptions): Promise<Reply> {
  const { kernel, resource, info } = context
  const key = keyOf(resource, info.namespace, name)
  for (let attempt = 1; ; attempt++) {
    const stored = kernel.store.head(key)
    if (!stored) throw notFound(resource, name)
    try {
      return await removeOnce(context, stored, name, options)
    } catch (error) {
      if (!(error instanceof WriteConflict)) throw error
      if (attempt >= ATTEMPTS) throw conflict(resource, name, MODIFIED)
    }
  }
}

async function removeOnce(context: Context, stored: Stored, name: string, options: RemoveOptions): Promise<Reply> {
  const { kernel, resource, info, user } = context
  const own = resource.conversion ? await oneStoredIn(resource, stored) : stored
  const old = decodeStored(resource, own)
  checkPreconditions(context, old, options)
  const attributes: Attributes = {
    operation: 'DELETE',
    resource,
    subresource: '',
    namespace: info.namespace,
    name,
    old,
    user,
    dryRun: options.dryRun,
    warn: text => context.warnings.push(text),
  }
  await kernel.admission.admit(attributes)
  await kernel.admission.validate(attributes)
  const marked = mark(context, decodeStored(resource, own), options)
  const due = deletionIsDue(marked)
  if (options.dryRun) return due ? success(context, old) : { is: 'object', code: 200, object: marked }
  if (!due && !changed(old, marked)) return { is: 'stored', code: 200, stored }
  const form = resource.conversion ? await forStorage(resource, marked) : marked
  const after = await kernel.store.write({
    op: due ? 'delete' : 'update',
    key: stored.key,
    expect: stored.revision,
    encode: revision => encodeStored(resource, form, revision),
  })
  return due && !resource.behaviour.returnsDeleted ? success(context, old) : { is: 'stored', code: 200, stored: after }
}

/** Throws StatusError 409. */
function checkPreconditions({ resource }: Context, { metadata }: Obj, { preconditions }: RemoveOptions): void {
  const { uid, resourceVersion } = preconditions
  const failed = (what: string, wanted: string, found: string | undefined) =>
    conflict(
      resource,
      metadata.name!,
      `Precondition failed: ${what} in precondition: ${wanted}, ${what} in object meta: ${found}`,
    )
  if (uid && uid !== metadata.uid) throw failed('UID', uid, metadata.uid)
  if (resourceVersion && resourceVersion !== metadata.resourceVersion)
    throw failed('ResourceVersion', resourceVersion, metadata.resourceVersion)
}

/** The object as being deleted: with a time, and the finalizers that the propagation policy asks for. */
function mark({ kernel, resource }: Context, object: Obj, options: RemoveOptions): Obj {
  const { metadata } = object
  const nowMs = kernel.clock.now()
  const grace = graceSeconds(object, options)
  propagate(object, options)
  if (!metadata.deletionTimestamp) {
    metadata.deletionTimestamp = rfc3339(nowMs + grace * 1000)
    metadata.deletionGracePeriodSeconds = grace
    if (metadata.generation) metadata.generation++
  } else if (grace < (metadata.deletionGracePeriodSeconds ?? 0)) {
    // A deletion can be hurried, never put off.
    const startMs = Date.parse(metadata.deletionTimestamp) - (metadata.deletionGracePeriodSeconds ?? 0) * 1000
    metadata.deletionTimestamp = rfc3339(startMs + grace * 1000)
    metadata.deletionGracePeriodSeconds = grace
  }
  if (resource.group === '' && resource.plural === 'namespaces' && namespaceFinalizers(object).length > 0)
    object.status = { ...(object.status as object | undefined), phase: 'Terminating' }
  return object
}

const DEFAULT_GRACE_SECONDS = 30

/** Only pods that run somewhere need time to end. */
function graceSeconds(object: Obj, { gracePeriodSeconds }: RemoveOptions): number {
  if (object.kind !== 'Pod' || object.apiVersion !== 'v1') return 0
  const phase = textAt(object, 'status', 'phase')
  if (textAt(object, 'spec', 'nodeName') === '' || phase === 'Succeeded' || phase === 'Failed') return 0
  const { terminationGracePeriodSeconds } = object.spec as { readonly terminationGracePeriodSeconds?: number }
  return gracePeriodSeconds ?? terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS
}

/** Orphan and Foreground are carried out by the garbage collector, which takes its finalizer away when it is done. */
function propagate({ metadata }: Obj, { propagation }: RemoveOptions): void {
  if (!propagation) return
  const others = (metadata.finalizers ?? []).filter(name => name !== FOREGROUND && name !== ORPHAN)
  const wanted = propagation === 'Foreground' ? [FOREGROUND] : propagation === 'Orphan' ? [ORPHAN] : []
  const finalizers = [...others, ...wanted]
  if (finalizers.length > 0) metadata.finalizers = finalizers
  else delete metadata.finalizers
}

const changed = (old: Obj, marked: Obj): boolean => JSON.stringify(old) !== JSON.stringify(marked)

const success = ({ resource }: Context, { metadata }: Obj): Reply => ({
  is: 'status',
  code: 200,
  status: {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: {
      name: metadata.name,
      ...(resource.group === '' ? {} : { group: resource.group }),
      kind: resource.plural,
      uid: metadata.uid,
    },
  },
})
