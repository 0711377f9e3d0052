import type { Context, Reply } from '../context.ts'
import { methodNotAllowed } from '../errors.ts'
import { readObject } from '../write/body.ts'
import { createObject } from '../write/create.ts'
import { checkNamespace } from '../write/metadata.ts'
import { parseWriteOptions } from '../write/options.ts'

/** POST to a collection. */
export async function create(context: Context): Promise<Reply> {
  const { resource, request } = context
  if (resource.terminating)
    throw methodNotAllowed(resource, 'create not allowed while custom resource definition is terminating: create')
  const options = parseWriteOptions(request, 'CreateOptions')
  const object = await readObject(context, resource, options.fieldValidation)
  checkNamespace(context, object)
  return createObject(context, object, options)
}
