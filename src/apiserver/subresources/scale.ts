import { Scale } from '../../api/autoscaling/scale.ts'
import { cloneJson } from '../../wire/json/clone.ts'
import type { Context, Reply } from '../context.ts'
import { oneStoredIn } from '../converted.ts'
import { conflict, MODIFIED, notFound } from '../errors.ts'
import type { JsonObject, Obj } from '../object.ts'
import { at } from '../object.ts'
import { applyPatch, readPatch } from '../patch/mod.ts'
import { decodeTree } from '../resource/codec.ts'
import type { Resource } from '../resource/resource.ts'
import { builtinResource, keyOf } from '../resource/resource.ts'
import { badRequest } from '../status-error.ts'
import { decodeStored, parseBytes } from '../stored.ts'
import { patchRequest } from '../verbs/patch.ts'
import { readObject, report } from '../write/body.ts'
import { checkName } from '../write/metadata.ts'
import type { WriteOptions } from '../write/options.ts'
import { parseWriteOptions } from '../write/options.ts'
import { updateObject } from '../write/update.ts'
import type { Subresource } from './mod.ts'
import { selectorText } from './selector-text.ts'

const SCALE = builtinResource(Scale)

/** GET, PUT and PATCH of {name}/scale: autoscaling/v1 Scale, a view of the replicas of any type that has them. */
async function getScale({ kernel, resource, info }: Context): Promise<Reply> {
  const stored = kernel.store.get(keyOf(resource, info.namespace, info.name!))
  if (!stored) throw notFound(resource, info.name!)
  const own = await oneStoredIn(resource, stored)
  return { is: 'object', code: 200, object: scaleOf(resource, decodeStored(resource, own)), resource: SCALE }
}

async function updateScale(context: Context): Promise<Reply> {
  const options = parseWriteOptions(context.request, 'UpdateOptions')
  const asked = await readObject(context, SCALE, options.fieldValidation)
  checkName(context, asked)
  return setReplicas(context, () => asked, options)
}

async function patchScale(context: Context): Promise<Reply> {
  const options = parseWriteOptions(context.request, 'PatchOptions')
  const target = SCALE.patchTarget('scale')
  const change = await readPatch(patchRequest(context, options), target)
  report(context, SCALE, change.strictErrors, options.fieldValidation)
  const nowMs = context.kernel.clock.now()
  return setReplicas(
    context,
    scale => decodeTree(SCALE, applyPatch(change, scale, target, nowMs).object).object as Obj,
    options,
  )
}

async function setReplicas(context: Context, next: (scale: Obj) => Obj, options: WriteOptions): Promise<Reply> {
  const { resource, info } = context
  const reply = await updateObject(
    context,
    current => {
      const before = scaleOf(resource, current)
      const asked = next(cloneJson(before))
      const version = asked.metadata.resourceVersion
      if (version && version !== current.metadata.resourceVersion) throw conflict(resource, info.name!, MODIFIED)
      const replicas = at(asked, 'spec', 'replicas') ?? 0
      if (typeof replicas !== 'number' || replicas < 0)
        throw badRequest('Scale.autoscaling is invalid: spec.replicas: must be greater than or equal to 0')
      set(current, resource.subresources.scale!.replicas, replicas)
      return { object: current, tracked: false }
    },
    options,
  )
  const object =
    reply.is === 'stored' ? parseBytes(reply.stored.value) : reply.is === 'object' ? reply.object : undefined
  return object ? { is: 'object', code: 200, object: scaleOf(resource, object), resource: SCALE } : reply
}

function scaleOf(resource: Resource, object: Obj): Obj {
  const { replicas, statusReplicas, selector } = resource.subresources.scale!
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata
  const chosen = selector === '' ? undefined : read(object, selector)
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: {
      name: name!,
      ...(namespace === undefined ? {} : { namespace }),
      uid: uid!,
      resourceVersion: resourceVersion!,
      creationTimestamp: creationTimestamp!,
    },
    spec: { replicas: (read(object, replicas) as number | undefined) ?? 0 },
    status: {
      replicas: (read(object, statusReplicas) as number | undefined) ?? 0,
      ...(chosen === undefined ? {} : { selector: typeof chosen === 'string' ? chosen : selectorText(chosen) }),
    },
  }
}

/** As in .spec.replicas */
const steps = (path: string): readonly string[] => path.split('.').filter(step => step !== '')
const read = (object: Obj, path: string): unknown => at(object, ...steps(path))

function set(object: Obj, path: string, value: unknown): void {
  const all = steps(path)
  let parent = object as JsonObject
  for (const step of all.slice(0, -1)) {
    parent[step] = { ...(parent[step] as object | undefined) }
    parent = parent[step] as JsonObject
  }
  parent[all.at(-1)!] = value
}

export const scale: Subresource = {
  name: 'scale',
  responseKind: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
  verbs: { get: getScale, patch: patchScale, update: updateScale },
}
