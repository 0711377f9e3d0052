import { Eviction } from '../../api/policy/eviction.ts'
import type { Context, Reply } from '../context.ts'
import { notFound } from '../errors.ts'
import { builtinResource, keyOf } from '../resource/resource.ts'
import { badRequest } from '../status-error.ts'
import { decodeStored } from '../stored.ts'
import { readObject } from '../write/body.ts'
import { readDeleteOptions } from '../write/delete-options.ts'
import { parseWriteOptions } from '../write/options.ts'
import { removeObject } from '../write/remove.ts'
import { spendBudget } from './budget.ts'
import type { Subresource } from './mod.ts'

const EVICTION = builtinResource(Eviction)

/** POST pods/{name}/eviction: a delete that asks first whether the pod's application can do without it. */
async function evict(context: Context): Promise<Reply> {
  const { info, request } = context
  const { fieldValidation, dryRun } = parseWriteOptions(request, 'CreateOptions')
  const eviction = await readObject(context, EVICTION, fieldValidation)
  if (eviction.metadata.name && eviction.metadata.name !== info.name)
    throw badRequest('name in URL does not match name in Eviction object')
  const options = readDeleteOptions((eviction.deleteOptions ?? {}) as object, request.query)
  const stored = context.kernel.store.head(keyOf(context.resource, info.namespace, info.name!))
  if (!stored) throw notFound(context.resource, info.name!)
  const isDry = dryRun || options.dryRun
  await spendBudget(context, decodeStored(context.resource, stored), isDry)
  await removeObject(context, info.name!, { ...options, dryRun: isDry })
  return {
    is: 'status',
    code: 201,
    status: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 },
  }
}

export const podEviction: Subresource = {
  name: 'eviction',
  responseKind: { group: 'policy', version: 'v1', kind: 'Eviction' },
  verbs: { create: evict },
}
