import { Binding } from '../../api/core/binding.ts'
import { rfc3339 } from '../../lib/clock.ts'
import type { Context, Reply } from '../context.ts'
import { conflict } from '../errors.ts'
import type { JsonObject, Obj } from '../object.ts'
import { textAt } from '../object.ts'
import { builtinResource } from '../resource/resource.ts'
import { badRequest } from '../status-error.ts'
import { readObject } from '../write/body.ts'
import type { WriteOptions } from '../write/options.ts'
import { parseWriteOptions } from '../write/options.ts'
import { updateObject } from '../write/update.ts'
import type { Subresource } from './mod.ts'

const BINDING = builtinResource(Binding)

/** POST pods/{name}/binding: says once and for all which node a pod runs on. */
async function bind(context: Context): Promise<Reply> {
  const options = parseWriteOptions(context.request, 'CreateOptions')
  return assign(context, await readObject(context, BINDING, options.fieldValidation), options)
}

/** POST bindings: the same of the pod that the binding is named after. */
export async function bindPod(context: Context): Promise<Reply> {
  const { kernel, info, request } = context
  const options = parseWriteOptions(request, 'CreateOptions')
  const binding = await readObject(context, BINDING, options.fieldValidation)
  const { name } = binding.metadata
  if (!name) throw badRequest('name must be provided')
  const pods = kernel.registry.find('', 'v1', 'pods')!
  return assign(
    { ...context, resource: pods, info: { ...info, plural: 'pods', name, subresource: 'binding' } },
    binding,
    options,
  )
}

async function assign(context: Context, binding: Obj, options: WriteOptions): Promise<Reply> {
  const { kernel, resource, info } = context
  const node = textAt(binding, 'target', 'name')
  if (node === '') throw badRequest('target.name: Required value')
  await updateObject(
    context,
    current => {
      const refuse = (why: string) => conflict(resource, info.name!, why)
      if (current.metadata.deletionTimestamp)
        throw refuse(`pod ${info.name} is being deleted, cannot be assigned to a host`)
      const before = textAt(current, 'spec', 'nodeName')
      if (before !== '') throw refuse(`pod ${info.name} is already assigned to node ${JSON.stringify(before)}`)
      return { object: bound(current, binding, node, rfc3339(kernel.clock.now())), tracked: false }
    },
    options,
  )
  return {
    is: 'status',
    code: 201,
    status: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 },
  }
}

function bound(pod: Obj, binding: Obj, nodeName: string, now: string): Obj {
  const status = (pod.status ?? {}) as JsonObject
  const others = ((status.conditions ?? []) as JsonObject[]).filter(({ type }) => type !== 'PodScheduled')
  const scheduled = { type: 'PodScheduled', status: 'True', lastProbeTime: null, lastTransitionTime: now }
  const annotations = { ...pod.metadata.annotations, ...binding.metadata.annotations }
  return {
    ...pod,
    metadata: { ...pod.metadata, ...(Object.keys(annotations).length > 0 ? { annotations } : {}) },
    spec: { ...(pod.spec as object), nodeName },
    status: { ...status, conditions: [...others, scheduled] },
  }
}

export const podBinding: Subresource = {
  name: 'binding',
  responseKind: { group: '', version: 'v1', kind: 'Binding' },
  verbs: { create: bind },
}
