import { cloneJson } from '../../wire/json/clone.ts'
import type { Context, Reply } from '../context.ts'
import { keyOf } from '../resource/resource.ts'
import { readObject } from '../write/body.ts'
import { createObject } from '../write/create.ts'
import { checkName, checkNamespace } from '../write/metadata.ts'
import { parseWriteOptions } from '../write/options.ts'
import { separateStatus } from '../write/status.ts'
import { updateObject } from '../write/update.ts'

/** PUT of an object or its status. */
export async function update(context: Context): Promise<Reply> {
  const { kernel, resource, info, request } = context
  const options = parseWriteOptions(request, 'UpdateOptions')
  const object = await readObject(context, resource, options.fieldValidation)
  checkNamespace(context, object)
  checkName(context, object)
  const absent = info.subresource === undefined && !kernel.store.head(keyOf(resource, info.namespace, info.name!))
  if (absent && resource.behaviour.createOnUpdate) return createObject(context, object, options)
  return updateObject(
    context,
    current => ({ object: separateStatus(context, current, cloneJson(object)), tracked: false }),
    options,
  )
}
