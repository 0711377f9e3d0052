import type { FieldError } from '../../schema/kind.ts'
import type { Stored } from '../../store/mod.ts'
import { WriteConflict } from '../../store/mod.ts'
import { cloneJson } from '../../wire/json/clone.ts'
import type { Attributes } from '../admission/mod.ts'
import type { Context, Reply } from '../context.ts'
import { forStorage } from '../converted.ts'
import { alreadyExists, generateNameConflict, invalid } from '../errors.ts'
import type { JsonObject, Obj } from '../object.ts'
import { preparationOf } from '../prepare/mod.ts'
import { complete, validateObject } from '../resource/codec.ts'
import type { Resource } from '../resource/resource.ts'
import { keyOf } from '../resource/resource.ts'
import { encodeStored } from '../stored.ts'
import { fillNewMetadata } from './metadata.ts'
import { nameErrors } from './names.ts'
import type { WriteOptions } from './options.ts'
import { track } from './track.ts'

/** How often a generated name that is taken is replaced by another. */
const NAME_ATTEMPTS = 8

/** Stores a new object whose body is decoded and whose namespace is checked. Throws StatusError. */
export async function createObject(
  context: Context,
  object: Obj,
  options: WriteOptions,
  tracked = false,
): Promise<Reply> {
  const generated = !object.metadata.name && object.metadata.generateName !== undefined
  for (let attempt = 1; ; attempt++) {
    const candidate = generated && attempt < NAME_ATTEMPTS ? cloneJson(object) : object
    try {
      return await createOnce(context, candidate, options, tracked)
    } catch (error) {
      if (!(error instanceof WriteConflict)) throw error
      const name = candidate.metadata.name!
      if (!generated) throw alreadyExists(context.resource, name)
      if (attempt >= NAME_ATTEMPTS) throw generateNameConflict(context.resource, name)
    }
  }
}

async function createOnce(context: Context, draft: Obj, options: WriteOptions, tracked: boolean): Promise<Reply> {
  const { kernel, resource, info, user } = context
  // Owned is what the client sent and what follows from it by default, not what the server makes of it below.
  const defaulted = complete(resource, draft)
  const object = tracked ? defaulted : track(context, undefined, defaulted, options.manager)
  if (resource.subresources.status && !resource.behaviour.statusOnCreate) delete object.status
  object.metadata = { ...object.metadata }
  fillNewMetadata(resource, object, kernel.clock.now())
  preparationOf(resource.group, resource.plural).create?.(object, kernel, user)
  if (resource.subresources.status && !resource.behaviour.statusOnCreate) object.status ??= emptyStatus(resource)
  const attributes: Attributes = {
    operation: 'CREATE',
    resource,
    subresource: '',
    namespace: info.namespace,
    name: object.metadata.name ?? '',
    object,
    user,
    dryRun: options.dryRun,
    warn: text => context.warnings.push(text),
  }
  await kernel.admission.admit(attributes)
  let stored: Stored | undefined
  try {
    refuse(context, object, [...nameErrors(resource, object), ...validateObject(resource, object)])
    await kernel.admission.validate(attributes)
    if (options.dryRun) return dryReply(context, object)
    const form = resource.conversion ? await forStorage(resource, object) : object
    stored = await kernel.store.write({
      op: 'create',
      key: keyOf(resource, info.namespace, object.metadata.name!),
      encode: revision => encodeStored(resource, form, revision),
    })
    return { is: 'stored', code: 201, stored }
  } finally {
    kernel.admission.settled(attributes, stored !== undefined)
  }
}

/** Go never leaves a struct out: clients find an empty status where nobody has written one yet. */
function emptyStatus({ custom, group, plural }: Resource): JsonObject | undefined {
  if (custom || group.endsWith('.openshift.io')) return undefined
  return plural === 'services' || plural === 'ingresses' ? { loadBalancer: {} } : {}
}

/** As if it had been stored; a name that is taken is taken all the same. */
function dryReply({ kernel, resource, info }: Context, object: Obj): Reply {
  const key = keyOf(resource, info.namespace, object.metadata.name!)
  if (kernel.store.head(key)) throw new WriteConflict('exists', key)
  return { is: 'object', code: 201, object }
}

/** Throws StatusError 422 when there are errors. */
export function refuse({ resource }: Context, object: Obj, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalid(resource, object.metadata.name ?? '', errors)
}
